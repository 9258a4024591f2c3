import { basename, join } from 'node:path';

import { digest } from '../../verifier/bytes/digest.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import type { Reason } from '../../verifier/reasons.ts';
import { entryExists } from '../os/directory.ts';
import { makePrivateDirectory, moveEntry, removeEntry, writeDurable } from '../os/durable-file.ts';
import { quarantineDirectory } from '../os/own-paths.ts';
import type { DiscoveredImage } from './discover.ts';

/** Ends the name of the file that says why an image was moved. */
export const reasonSuffix = '.reason.json';

/**
 * Moves a refused image out of systemd's sight and writes down why, in a file beside it. The quarantine is on the same
 * file system as the search directory, so that this is one rename(2): the image is either here or there. A symbolic
 * link is moved as a link; what it points to is not touched.
 *
 * @returns where the entry is now. To restore it, move it back to `from` in the reason file.
 * @throws CouldNotDecide if it cannot be moved, for example from a read-only file system.
 */
export async function quarantine(
  root: string,
  image: DiscoveredImage,
  reasons: readonly Reason[],
  now: Date,
): Promise<string> {
  const directory = await makePrivateDirectory(root, quarantineDirectory(image.class, image.searchDirectory));
  const moved = await freePlace(directory, now, basename(image.movable.entry));
  const record = { from: image.movable.path, at: now.toISOString(), reasons };
  const reasonFile = `${moved}${reasonSuffix}`;
  await writeDurable(reasonFile, Buffer.from(`${JSON.stringify(record, null, 2)}\n`), 0o600);
  try {
    await moveEntry(image.movable.entry, moved);
  } catch (error) {
    await removeEntry(reasonFile);
    throw error;
  }
  return moved;
}

/** Who puts a refused image back while the gate runs must not have it lie over the first one, nor over the reason for that. */
async function freePlace(directory: string, now: Date, fileName: string): Promise<string> {
  const stamp = now.toISOString().replaceAll(/[-:.]/g, '');
  for (let again = 0; ; again++) {
    const place = join(directory, `${stamp}${again === 0 ? '' : `.${again}`}-${shortName(fileName)}`);
    if (!(await entryExists(place)) && !(await entryExists(`${place}${reasonSuffix}`))) return place;
  }
}

/** A file name may have 255 bytes; one that leaves no room for the stamp and the suffix could not be moved away. */
function shortName(fileName: string): string {
  if (Buffer.byteLength(fileName) <= 200) return fileName;
  const start = Array.from(fileName).slice(0, 32).join('');
  return `${start}~${toHex(digest('sha256', fileName)).slice(0, 32)}`;
}
