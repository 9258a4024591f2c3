import { type ImageVerdict, refuse } from '../../verifier/image-verdict.ts';
import { listsDigests } from '../../verifier/policy/admits-by-digest.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { type Reason, reason } from '../../verifier/reasons.ts';
import type { DiscoveredImage } from './discover.ts';
import type { GateInput } from './gate-input.ts';
import { verifyPath } from './verify-path.ts';

/**
 * The verdict on an image as this host would merge it: what `verify` says of the file, and what only the host can know.
 *
 * @throws CouldNotDecide if the image cannot be read.
 */
export async function verifyDiscovered(
  { root, policy, now, full, knowledge }: Pick<GateInput, 'root' | 'policy' | 'now' | 'full' | 'knowledge'>,
  discovered: DiscoveredImage,
): Promise<ImageVerdict> {
  const { entry, target } = discovered;
  const name = { class: discovered.class, name: discovered.name };
  const verdict = await verifyPath({ root, entry, target }, name, {
    ...{ policy, now, full, ...knowledge, undigested: hopeless(policy) },
  });
  return refuse(verdict, [
    ...checkConflict(discovered),
    ...checkArchitecture(verdict, knowledge.host?.release.architecture ?? null),
  ]);
}

/**
 * Who can put a file or a directory into a search directory must not have gigabytes read at every boot for nothing. In audit
 * mode it will be merged, and its digest is what the violation names.
 */
function hopeless(policy: Policy): ReadonlySet<'bare' | 'directory'> {
  const forms = ['bare', 'directory'] as const;
  return new Set(policy.mode === 'audit' ? [] : forms.filter((form) => !listsDigests(policy, form)));
}

/** Which of several is merged must not depend on systemd's version, nor on the order of a directory. */
function checkConflict({ conflict }: DiscoveredImage): Reason[] {
  return conflict === null ? [] : [reason('name-mismatch', conflict)];
}

function checkArchitecture({ content }: ImageVerdict, host: string | null): Reason[] {
  const architecture = content?.architecture ?? null;
  if (architecture === null || host === null || architecture === host) return [];
  return [reason('wrong-architecture', `The image is for ${architecture}, this host is ${host}.`)];
}
