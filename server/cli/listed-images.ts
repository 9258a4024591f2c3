import { join, relative, resolve } from 'node:path';

import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import { reason } from '../../verifier/reasons.ts';
import { nameImage } from '../host/name-image.ts';
import { type FoundImage, readSearchDirectory } from '../host/search-directory.ts';
import { isDirectory } from '../host/verify-path.ts';
import { kindOf, listNames } from '../os/directory.ts';
import { nativeArchitecture } from '../os/native-architecture.ts';
import { followLinks } from './follow-links.ts';
import { findNamedImage, type NamedImage } from './named-image.ts';
import { UsageError } from './output.ts';

/**
 * The images of a directory, as systemd would find them if it searched there, in the classes that `verify` would take them
 * for.
 *
 * @param given the class of all of them; by file name or directory if undefined.
 * @throws UsageError if it is no directory; CouldNotDecide if it cannot be read.
 */
export async function listImages(
  directory: string,
  given: ExtensionClass | undefined,
): Promise<readonly NamedImage[]> {
  const path = await followLinks(resolve(directory));
  if (!isDirectory(await kindOf(path))) throw new UsageError(`${directory} is not a directory`);
  const classes = given === undefined ? (['sysext', 'confext'] as const) : [given];
  const listed: NamedImage[] = [];
  for (const one of classes) {
    const found = await readSearchDirectory({
      ...{ root: '/', class: one, searchDirectory: path, architecture: nativeArchitecture },
    });
    for (const image of found) {
      if (image.kind === 'empty-directory') continue;
      const shown = join(directory, relative(path, image.entry));
      // What the directory itself is called counts, wherever a link leads.
      const named = nameImage(resolve(shown), given);
      if (named.name.class === one) listed.push(toListed(shown, image, named.conflict));
    }
  }
  return listed;
}

function toListed(path: string, image: FoundImage, misnamed: string | null): NamedImage {
  const { class: extensionClass, name, entry, target, conflict } = image;
  const problems = [
    ...(conflict === null ? [] : [reason('name-mismatch', conflict)]),
    ...(misnamed === null ? [] : [reason('wrong-class', misnamed)]),
  ];
  return { path, name: { class: extensionClass, name }, entry, target, problems };
}

/**
 * What the user named: one image, as `verify` takes it, or the images of a directory that is none itself.
 *
 * @throws UsageError if there is none in it; CouldNotDecide if it cannot be read.
 */
export async function listNamed(given: string): Promise<readonly NamedImage[]> {
  if (await isDirectoryOfImages(given)) {
    const images = await listImages(given, undefined);
    if (images.length === 0) throw new UsageError(`${given} is a directory without images`);
    return images;
  }
  return [await findNamedImage(given, undefined)];
}

/** A directory that is an extension has one of the directories that are merged; one of versions is named so. */
async function isDirectoryOfImages(given: string): Promise<boolean> {
  const path = await followLinks(resolve(given));
  if (path.endsWith('.v') || resolve(given).endsWith('.v') || !isDirectory(await kindOf(path))) return false;
  const names = await listNames(path);
  return !['usr', 'opt', 'etc'].some((hierarchy) => names.includes(hierarchy));
}
