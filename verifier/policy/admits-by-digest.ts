import type { Hex } from '../bytes/hex.ts';
import type { ImageFacts } from './facts.ts';
import type { Policy } from './policy.ts';

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
