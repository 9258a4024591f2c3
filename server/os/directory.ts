import { isUtf8 } from 'node:buffer';
import { lstat, readdir } from 'node:fs/promises';

import { isErrno, systemFailure } from './system-failure.ts';

/** What stands behind a path, in the words that matter for extension images. */
export type EntryKind = 'file' | 'directory' | 'empty-directory' | 'block-device' | 'other';

/** @throws CouldNotDecide if the path cannot be looked at. A symbolic link is `other`: it is not followed. */
export async function kindOf(path: string): Promise<EntryKind> {
  try {
    const stats = await lstat(path);
    if (stats.isFile()) return 'file';
    if (stats.isBlockDevice()) return 'block-device';
    if (!stats.isDirectory()) return 'other';
    return (await readdir(path)).length === 0 ? 'empty-directory' : 'directory';
  } catch (error) {
    throw systemFailure(`look at ${path}`, error);
  }
}

/**
 * The names in a directory, in no particular order, without `.` and `..`. Names that are not UTF-8 are left out:
 * systemd takes none of them for an image (image_name_is_valid() in systemd's src/basic/os-util.c), and as text they
 * would be the names of other files.
 *
 * @throws CouldNotDecide if it cannot be read.
 */
export async function listDirectory(path: string): Promise<string[]> {
  try {
    const names = await readdir(path, { encoding: 'buffer' });
    return names.filter(isUtf8).map((name) => name.toString('utf8'));
  } catch (error) {
    throw systemFailure(`list ${path}`, error);
  }
}

/** Whether there is an entry at `path`; a symbolic link is one, wherever it leads. @throws CouldNotDecide if unclear. */
export async function entryExists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return false;
    throw systemFailure(`look at ${path}`, error);
  }
}
