import { Malformed } from '../../bytes/failures.ts';

/** A release file is `extension-release.NAME`. */
export const releaseFilePrefix = 'extension-release.';

/** NAME_MAX of Linux, in bytes. */
const maximumFileName = 255;

/** image_name_is_valid() in systemd's src/basic/os-util.c: whether systemd would take it for the name of an image. */
export function isImageName(name: string): boolean {
  return (
    isFileName(name) &&
    !name.startsWith('.#') &&
    !/[\x00-\x1f\x7f]/.test(name) &&
    !/[\p{Noncharacter_Code_Point}\p{Surrogate}]/u.test(name)
  );
}

/** Whether a release file can have that name: systemd fails, and looks no further, where the kernel says it cannot. */
export function canNameReleaseFile(name: string): boolean {
  return isImageName(name) && isFileName(`${releaseFilePrefix}${name}`);
}

function isFileName(name: string): boolean {
  return !['', '.', '..'].includes(name) && !name.includes('/') && Buffer.byteLength(name) <= maximumFileName;
}

/**
 * The name of an image without the version behind it (`app_1.2+3` is `app`), whose release file it may have instead of
 * one that names the version: path_extract_image_name() in systemd's src/basic/os-util.c. Null where nothing is left
 * (`_1.2`): systemd then passes over every other release file too.
 */
export function unversionedName(name: string): string | null {
  const stem = name.replace(/(?:\.sysext\.raw|\.confext\.raw|\.raw)$/, '').replace(/[_+].*$/s, '');
  return isImageName(stem) ? stem : null;
}

/** The names of images in the names of release files; other files in the directory do not count. */
export function releaseNames(fileNames: readonly string[]): string[] {
  const names = fileNames
    .filter((fileName) => fileName.startsWith(releaseFilePrefix))
    .map((fileName) => fileName.slice(releaseFilePrefix.length))
    .filter(isImageName)
    .sort();
  // Two readers of one directory, the kernel and this one, could otherwise take two files for the one that is meant.
  if (new Set(names).size !== names.length)
    throw new Malformed('extension-release.d', 'has two entries of one name');
  return names;
}
