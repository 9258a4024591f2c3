import { basename, resolve } from 'node:path';

import type { ExtensionClass, ImageName } from '../../verifier/image-verdict.ts';
import { nameImage } from '../host/name-image.ts';
import { readSearchDirectory } from '../host/search-directory.ts';
import { isDirectory } from '../host/verify-path.ts';
import { kindOf } from '../os/directory.ts';
import { hostPath, searchDirectories } from '../os/host-paths.ts';
import { nativeArchitecture } from '../os/native-architecture.ts';
import { UsageError } from './output.ts';

/**
 * The names by which systemd would merge what is in a directory, if it searched there. Where neither file name nor directory
 * says a class, an image is listed under both.
 *
 * @throws UsageError if it is no directory; CouldNotDecide if it cannot be read.
 */
export async function readImageNames(directory: string): Promise<readonly ImageName[]> {
  const path = await hostPath('/', resolve(directory));
  if (!isDirectory(await kindOf(path))) throw new UsageError(`${directory} is not a directory`);
  const names = await Promise.all(classesOf(path).map((one) => readClass(path, one)));
  return names.flat();
}

function classesOf(path: string): readonly ExtensionClass[] {
  const classes = ['sysext', 'confext'] as const;
  const said = classes.filter((one) =>
    searchDirectories(one).some((directory) => basename(directory) === basename(path)),
  );
  return said.length === 0 ? classes : said;
}

async function readClass(path: string, extensionClass: ExtensionClass): Promise<readonly ImageName[]> {
  const images = await readSearchDirectory({
    ...{ root: '/', class: extensionClass, searchDirectory: path, architecture: nativeArchitecture },
  });
  return images
    .filter(({ kind, movable }) => kind !== 'empty-directory' && !isOfOther(movable.path, extensionClass))
    .map(({ name }) => ({ class: extensionClass, name }));
}

/** Whether the file name says the other class. */
function isOfOther(path: string, extensionClass: ExtensionClass): boolean {
  return nameImage(path, extensionClass).conflict !== null;
}
