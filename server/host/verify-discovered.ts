import { basename } from 'node:path';

import { type Reason, reason } from '../../verifier/reasons.ts';
import { type ImageVerdict, refuse, refuseUnopened } from '../../verifier/verify-image.ts';
import { hostArchitecture } from '../os/architecture.ts';
import type { DiscoveredImage } from './discover.ts';
import type { GateInput } from './gate-input.ts';
import { verifyFile } from './verify-file.ts';

/**
 * The verdict on an image as this host would merge it: what `verify` says of the file, and what only the host can know.
 *
 * @throws CouldNotDecide if the image cannot be read.
 */
export async function verifyDiscovered(
  { policy, now, full }: Pick<GateInput, 'policy' | 'now' | 'full'>,
  discovered: DiscoveredImage,
): Promise<ImageVerdict> {
  const name = { class: discovered.class, name: discovered.name };
  if (discovered.kind !== 'file')
    return refuseUnopened(name, reason('unsupported', describeKind(discovered)));
  const verdict = await verifyFile(discovered.target, name, { policy, now, full });
  return refuse(verdict, [...checkNames(discovered), ...checkArchitecture(verdict)]);
}

function describeKind({ kind }: DiscoveredImage): string {
  return kind === 'block-device'
    ? 'It is a block device; only image files are handled.'
    : 'It is a directory, which nobody can sign; only image files (.raw) are handled.';
}

// systemd before 256 merges NAME.raw and NAME.sysext.raw side by side, newer ones only the first: which of the two is
// meant must not depend on the version.
function checkNames({ entry, hiddenBy, name }: DiscoveredImage): Reason[] {
  // A directory that hides an image masks it, or is refused itself.
  if (hiddenBy?.endsWith('.raw') !== true || basename(hiddenBy) === basename(entry)) return [];
  return [
    reason(
      'name-mismatch',
      `${basename(hiddenBy)} and ${basename(entry)} are both named ${name}; keep one of them.`,
    ),
  ];
}

function checkArchitecture({ image }: ImageVerdict): Reason[] {
  const host = hostArchitecture();
  if (image === null || image.architecture === host) return [];
  return [reason('wrong-architecture', `The image is for ${image.architecture}, this host is ${host}.`)];
}
