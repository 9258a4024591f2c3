import { basename, dirname, join } from 'node:path';

import { digest } from '../../verifier/bytes/digest.ts';
import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import type { Reason } from '../../verifier/reasons.ts';
import { chaseInRoot } from '../os/chase.ts';
import { entryExists, kindOf } from '../os/directory.ts';
import { makeDirectory, makePrivateDirectory, writeDurable } from '../os/durable-file.ts';
import { searchDirectories } from '../os/host-paths.ts';
import { quarantineDirectory } from '../os/own-paths.ts';
import type { DiscoveredImage } from './discover.ts';
import { reasonSuffix } from './quarantine.ts';

/**
 * Hides an image that cannot be moved, for example because its file system is read-only, as systemd itself has it: by an empty
 * directory of its name in a search directory of higher priority (systemd-sysext(8)). What it was called by earlier versions
 * of systemd is hidden, too. Why, is written down first; done again, it changes nothing.
 *
 * @returns the empty directory, on this system. `restoreQuarantined` removes it.
 * @throws CouldNotDecide if there is no such directory, or something else is in the way.
 */
export async function maskImage(
  root: string,
  image: DiscoveredImage,
  reasons: readonly Reason[],
  now: Date,
): Promise<string> {
  const failures: string[] = [];
  for (const place of placesAbove(image)) {
    try {
      return await maskIn(root, place, image, { from: image.movable.path, at: now.toISOString(), reasons });
    } catch (error) {
      if (!(error instanceof CouldNotDecide)) throw error;
      failures.push(error.message);
    }
  }
  throw new CouldNotDecide(
    `${image.movable.path} cannot be hidden from systemd: ${failures.join('; ') || 'nothing has a higher priority than its directory'}`,
  );
}

/** Search directories that hide what is in the image's own: what is configured, or ends with the boot. */
function placesAbove({ class: extensionClass, searchDirectory }: DiscoveredImage): string[] {
  const order = searchDirectories(extensionClass);
  return order.slice(0, order.indexOf(searchDirectory)).filter((place) => /^\/(?:etc|run)\//.test(place));
}

async function maskIn(root: string, place: string, image: DiscoveredImage, record: object): Promise<string> {
  const { former, current, newest } = image.nameBy;
  const names = new Set([image.name, former, current, newest].filter((name) => name !== null));
  const masks = [...names].map((name) => join(place, name));
  for (const mask of masks) {
    const found = await chaseInRoot(root, mask);
    if (found !== null && (await kindOf(found)) !== 'empty-directory')
      throw new CouldNotDecide(`${mask} is in use`);
  }
  const recordPath = maskRecord(image.class, join(place, image.name));
  const directory = await makePrivateDirectory(root, dirname(recordPath));
  const file = join(directory, basename(recordPath));
  // What an administrator hid is his, and there is nothing to undo.
  const there = await Promise.all(masks.map((mask) => chaseInRoot(root, mask)));
  if (there.includes(null) && !(await entryExists(file)))
    await writeDurable(file, Buffer.from(`${JSON.stringify({ ...record, masks }, null, 2)}\n`), 0o600);
  const made: string[] = [];
  for (const mask of masks) made.push(await makeDirectory(root, mask));
  return made[0] ?? directory;
}

/**
 * The file that says why an image was hidden, below the root. There is one a mask, so that a gate that was killed halfway leaves
 * nothing but what the next one completes.
 *
 * @param mask the empty directory, below the root.
 */
export function maskRecord(extensionClass: ExtensionClass, mask: string): string {
  const id = toHex(digest('sha256', basename(mask))).slice(0, 32);
  return join(quarantineDirectory(extensionClass, dirname(mask)), `mask-${id}${reasonSuffix}`);
}
