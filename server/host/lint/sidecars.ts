import { basename, dirname, join } from 'node:path';

import { listDirectory } from '../../os/directory.ts';
import { readAttribute } from '../../os/extended-attributes.ts';
import { type AttributeHashes, lintSidecarNames, type NameFinding } from './sidecar-names.ts';
import type { Warning } from './warning.ts';

/**
 * Warns of what lies beside an image in vain, because of its name or for lack of what belongs to it.
 *
 * @param imagePath as systemd would open it: before about 260 by the name of a link, since then by what it leads to.
 * @throws CouldNotDecide if the directory cannot be read, or the image's extended attributes.
 */
export async function lintBeside(imagePath: string): Promise<Warning[]> {
  const directory = dirname(imagePath);
  const image = basename(imagePath);
  const findings = await lintSidecars(directory);
  return findings.filter((one) => one.image === image).map((one) => toWarning(one, directory));
}

/** What is wrong with the sidecars of all images in a directory. */
export async function lintSidecars(directory: string): Promise<NameFinding[]> {
  const names = (await listDirectory(directory)).sort();
  const suspects = lintSidecarNames(names);
  const attributes = new Map<string, AttributeHashes>();
  // Asked for only where it matters: it takes a process.
  const missing = suspects.filter(({ code }) => code === 'ignored-sidecar').map(({ image }) => image);
  for (const image of new Set(missing))
    if (image !== null && names.includes(image))
      attributes.set(image, await readHashes(join(directory, image)));
  return lintSidecarNames(names, (image) => attributes.get(image) ?? new Set());
}

export function toWarning({ code, name, message }: NameFinding, directory: string): Warning {
  return { code, message, path: join(directory, name) };
}

async function readHashes(path: string): Promise<AttributeHashes> {
  const found = new Set<'root' | 'usr'>();
  for (const kind of ['root', 'usr'] as const)
    if ((await readAttribute(path, `user.verity.${kind}hash`)) !== null) found.add(kind);
  return found;
}
