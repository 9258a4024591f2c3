import { basename, dirname } from 'node:path';

import type { ExtensionClass, ImageName } from '../../verifier/image-verdict.ts';
import { extensionName } from './extension-name.ts';
import { parseVersionedName } from './version-pick.ts';

export type ClassHint = ExtensionClass;

const directoryClasses = new Map<string, ExtensionClass>([
  ['extensions', 'sysext'],
  ['confexts', 'confext'],
]);

/**
 * How systemd would name and use the image at `path`, as far as the path tells: the class given, else the suffix
 * (`NAME.confext.raw`), else the search directory it lies in, else sysext. A file of a versioned directory (`NAME.raw.v`)
 * is merged under the name of that directory.
 *
 * @returns the name, and one sentence if the class given is not the one the file name says.
 */
export function nameImage(
  path: string,
  given: ClassHint | undefined,
): { readonly name: ImageName; readonly conflict: string | null } {
  const picked = versionedStem(basename(dirname(path)));
  const fileName = picked ?? versionedStem(basename(path)) ?? basename(path);
  const suffix = /\.(sysext|confext)(?:\.raw)?$/.exec(fileName)?.[1];
  const said = suffix === 'sysext' || suffix === 'confext' ? suffix : undefined;
  const extensionClass =
    given ??
    said ??
    directoryClasses.get(basename(dirname(picked === null ? path : dirname(path)))) ??
    'sysext';
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

/** What a versioned directory's name would be if it were one image; null for other directories. */
function versionedStem(directory: string): string | null {
  const versioned =
    parseVersionedName(directory, 'sysext') === null ? null : directory.slice(0, -'.v'.length);
  return versioned === '' ? null : versioned;
}
