import { basename, dirname, join, normalize, relative } from 'node:path';

import { z } from 'zod';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { parseShape } from '../../verifier/bytes/shape.ts';
import { parseStrictJson } from '../../verifier/bytes/strict-json.ts';
import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import { chaseInRoot } from '../os/chase.ts';
import { entryExists, kindOf, listDirectory } from '../os/directory.ts';
import { moveEntry, readIfPresent, removeEntry } from '../os/durable-file.ts';
import { hostPath, searchDirectories } from '../os/host-paths.ts';
import { quarantineDirectory } from '../os/own-paths.ts';
import { removeIfEmpty } from '../os/remove-file.ts';
import { maskRecord } from './mask-image.ts';
import { reasonSuffix } from './quarantine.ts';

/** An image that was taken out of systemd's sight. */
export interface QuarantinedImage {
  readonly class: ExtensionClass;
  /** Where it is, below the root; of one that could not be moved, the empty directory that hides it. */
  readonly path: string;
  /** Where it was, or still is, below the root. */
  readonly from: string;
  /** The empty directories that hide it; none if it was moved. */
  readonly masks: readonly string[];
  /** When, in UTC. */
  readonly at: string;
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
}

const shape = z.object({
  from: z.string(),
  at: z.string(),
  reasons: z.array(z.object({ code: z.string(), message: z.string() })),
  masks: z.array(z.string()).default([]),
});

const limits = { maximumLength: 1024 * 1024, maximumDepth: 8 };

/** Every image in the quarantines of a host, the oldest first. @throws CouldNotDecide if one cannot be read. */
export async function listQuarantine(root: string): Promise<QuarantinedImage[]> {
  const found: QuarantinedImage[] = [];
  for (const extensionClass of ['sysext', 'confext'] as const)
    for (const searchDirectory of searchDirectories(extensionClass))
      found.push(
        ...(await listOne(root, extensionClass, quarantineDirectory(extensionClass, searchDirectory))),
      );
  return found.sort((a, b) => (a.at < b.at ? -1 : 1));
}

async function listOne(
  root: string,
  extensionClass: ExtensionClass,
  place: string,
): Promise<QuarantinedImage[]> {
  const directory = await chaseInRoot(root, place);
  if (directory === null || !(await kindOf(directory)).endsWith('directory')) return [];
  const names = (await listDirectory(directory)).filter((name) => name.endsWith(reasonSuffix));
  const found: QuarantinedImage[] = [];
  for (const name of names) {
    const bytes = await readIfPresent(root, join(place, name), limits.maximumLength);
    const record = parseShape(shape, parseStrictJson(bytes ?? new Uint8Array(), name, limits), name);
    const path = record.masks[0] ?? join(place, name.slice(0, -reasonSuffix.length));
    // A gate that was killed between writing down why and moving, or hiding, left the image where it was.
    const isDone =
      record.masks[0] === undefined
        ? await entryExists(join(directory, basename(path)))
        : (await chaseInRoot(root, path)) !== null;
    if (isDone) found.push({ class: extensionClass, path, ...record });
  }
  return found;
}

/**
 * Puts an image back where it was, from where the next gate judges it again. Nothing there is overwritten.
 *
 * @param path as `listQuarantine` has it.
 * @throws CouldNotDecide if there is no such image, or something else is in its place by now.
 */
export async function restoreQuarantined(root: string, path: string): Promise<QuarantinedImage> {
  const image = (await listQuarantine(root)).find((one) => one.path === path);
  if (image === undefined)
    throw new CouldNotDecide(`${path} is in no quarantine; see touchstone quarantine list`);
  for (const place of [image.from, ...image.masks])
    if (!isSearched(image.class, place))
      throw new CouldNotDecide(`${path} did not come from a place where systemd looks: ${place}`);
  if (image.masks.length > 0) return unmask(root, image);
  const entry = join(await hostPath(root, dirname(path)), basename(path));
  const home = join(await straightPath(root, image.class, dirname(image.from)), basename(image.from));
  await moveEntry(entry, home);
  await removeEntry(`${entry}${reasonSuffix}`);
  return image;
}

/** Whether a path is in a search directory, whatever a record says. */
function isSearched(extensionClass: ExtensionClass, path: string): boolean {
  return (
    normalize(path) === path &&
    searchDirectories(extensionClass).some((directory) => path.startsWith(`${directory}/`))
  );
}

/** Where a directory in a search directory is; a link there would have root put an image where its maker wants it. */
async function straightPath(root: string, extensionClass: ExtensionClass, path: string): Promise<string> {
  const top = searchDirectories(extensionClass).find((one) => `${path}/`.startsWith(`${one}/`)) ?? path;
  const place = await hostPath(root, path);
  if (place !== join(await hostPath(root, top), relative(top, path)))
    throw new CouldNotDecide(`${path} is a symbolic link to ${place}; nothing is put there`);
  return place;
}

/** Takes away what hides an image. A directory in which something lies by now hides nothing, and is not ours any more. */
async function unmask(root: string, image: QuarantinedImage): Promise<QuarantinedImage> {
  for (const mask of image.masks) {
    const found = join(await hostPath(root, dirname(mask)), basename(mask));
    // A link was not made by us, wherever it leads.
    if ((await entryExists(found)) && (await kindOf(found)) === 'empty-directory') await removeIfEmpty(found);
  }
  const record = await hostPath(root, maskRecord(image.class, image.path));
  await removeEntry(record);
  return image;
}
