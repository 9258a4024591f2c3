import type { Hex } from '../bytes/hex.ts';
import type { ImageFacts } from './facts.ts';
import type { Policy } from './policy.ts';

/**
 * Whether any rule lists digests of what is of that form. Where none does no digest can make it accepted, and who can put a
 * large file into a search directory must not have it read at every boot.
 */
export function listsDigests({ rules }: Policy, form: 'bare' | 'directory'): boolean {
  return rules.some(({ admits }) => admits.kind === 'digest' && admits.form === form);
}

/**
 * Whether some rule lists the digest of something that nobody can sign. It is not the decision, which a rule further up may
 * take; it says that whoever wrote the policy knows this content.
 */
export function admitsByDigest(
  { rules }: Policy,
  { form, rootHash }: { readonly form: ImageFacts['form']; readonly rootHash: Hex | null },
): boolean {
  return (
    rootHash !== null &&
    rules.some(
      ({ admits }) => admits.kind === 'digest' && admits.form === form && admits.values.has(rootHash),
    )
  );
}
