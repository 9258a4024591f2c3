import { type ImageName, type ImageVerdict, refuse, refuseUnopened } from '../../verifier/image-verdict.ts';
import { listsDigests } from '../../verifier/policy/admits-by-digest.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { type Reason, reason } from '../../verifier/reasons.ts';
import type { DiscoveredImage } from './discover.ts';
import type { GateInput } from './gate-input.ts';
import { Untraceable } from '../os/chase.ts';
import type { FileIdentity } from '../os/file-identity.ts';
import { Hanging, within } from '../os/within.ts';
import { judgePath } from './verify-path.ts';

/** An image that was judged, and the file that it was. */
export interface JudgedImage {
  readonly verdict: ImageVerdict;
  /** Null if it was not opened. */
  readonly identity: FileIdentity | null;
}

/**
 * The verdict on an image as this host would merge it: what `verify` says of the file, and what only the host can know.
 *
 * @throws CouldNotDecide if the image cannot be read.
 */
export async function verifyDiscovered(
  { root, policy, now, full, knowledge }: Pick<GateInput, 'root' | 'policy' | 'now' | 'full' | 'knowledge'>,
  discovered: DiscoveredImage,
): Promise<JudgedImage> {
  const { entry, target, obstacle } = discovered;
  const name = { class: discovered.class, name: discovered.name };
  if (obstacle !== null)
    return { verdict: refuseUnopened(name, reason('unreadable', obstacle)), identity: null };
  const options = { policy, now, full, ...knowledge, undigested: hopeless(policy) };
  const judged = await orUnreadable(name, () =>
    judgePath({ root, entry, target }, name, options, async ({ identity, judge }) => ({
      ...{ identity, verdict: await judge(options) },
    })),
  );
  const verdict = refuse(judged.verdict, [
    ...checkConflict(discovered),
    ...checkArchitecture(judged.verdict, knowledge.host?.release.architecture ?? null),
  ]);
  return { ...judged, verdict };
}

/** For one image, gigabytes to read included; less than what systemd gives the units that ask us. */
const readMs = 10 * 60 * 1000;

/** What hangs, or lies beside links that lead nowhere, is refused by itself: it must keep no other from being judged. */
async function orUnreadable(name: ImageName, judge: () => Promise<JudgedImage>): Promise<JudgedImage> {
  const late = `It was not read within ${readMs / 60_000} minutes; it may be on a file system that hangs`;
  try {
    return await within(readMs, late, judge());
  } catch (error) {
    if (!(error instanceof Hanging || error instanceof Untraceable)) throw error;
    return { verdict: refuseUnopened(name, reason('unreadable', `${error.message}.`)), identity: null };
  }
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
