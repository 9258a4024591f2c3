import { basename, dirname } from 'node:path';

import type { ExtensionClass, ImageName } from '../../verifier/verify-image.ts';
import { extensionName } from './discover.ts';

export type ClassHint = ExtensionClass;

const directoryClasses = new Map<string, ExtensionClass>([
  ['extensions', 'sysext'],
  ['confexts', 'confext'],
]);

/**
 * How systemd would name and use the image at `path`, as far as the path tells: the class given, else the suffix
 * (`NAME.confext.raw`), else the search directory it lies in, else sysext.
 *
 * @returns the name, and one sentence if the class given is not the one the file name says.
 */
export function nameImage(
  path: string,
  given: ClassHint | undefined,
): { readonly name: ImageName; readonly conflict: string | null } {
  const fileName = basename(path);
  const suffix = /\.(sysext|confext)(?:\.raw)?$/.exec(fileName)?.[1];
  const said = suffix === 'sysext' || suffix === 'confext' ? suffix : undefined;
  const extensionClass = given ?? said ?? directoryClasses.get(basename(dirname(path))) ?? 'sysext';
  const stem = extensionName(
    fileName,
    said ?? extensionClass,
    fileName.endsWith('.raw') ? 'file' : 'directory',
  );
  const conflict =
    said === undefined || said === extensionClass
      ? null
      : `The file name says ${said}, but the image is to be used as a ${extensionClass}.`;
  return { name: { class: extensionClass, name: stem ?? fileName }, conflict };
}
