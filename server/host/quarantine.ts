import { basename, join } from 'node:path';

import type { Reason } from '../../verifier/reasons.ts';
import { makePrivateDirectory, moveEntry, writeDurable } from '../os/durable-file.ts';
import { quarantineDirectory } from '../os/own-paths.ts';
import type { DiscoveredImage } from './discover.ts';

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
  // The time keeps a second image of the same name from taking the first one's place.
  const stamp = now.toISOString().replaceAll(/[-:.]/g, '');
  const moved = join(directory, `${stamp}-${basename(image.movable.entry)}`);
  const record = { from: image.movable.path, at: now.toISOString(), reasons };
  await writeDurable(`${moved}.reason.json`, Buffer.from(`${JSON.stringify(record, null, 2)}\n`), 0o600);
  await moveEntry(image.movable.entry, moved);
  return moved;
}
