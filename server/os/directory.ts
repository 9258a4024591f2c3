import { isUtf8 } from 'node:buffer';
import { lstat, readdir, readlink, stat } from 'node:fs/promises';

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
  return (await readNames(path)).filter(isUtf8).map((name) => name.toString('utf8'));
}

/** All names in a directory as byte strings, one character a byte, in no particular order. @throws CouldNotDecide */
export async function listNames(path: string): Promise<string[]> {
  return (await readNames(path)).map((name) => name.toString('latin1'));
}

async function readNames(path: string): Promise<Buffer[]> {
  try {
    return await readdir(path, { encoding: 'buffer' });
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

/**
 * Whether there is a symbolic link at `path` that the kernel does not follow, for another reason than that nothing is where it leads:
 * it goes through a file as if that were a directory, or round and round.
 *
 * @throws CouldNotDecide if unclear.
 */
export async function isDeadEnd(path: string): Promise<boolean> {
  try {
    await stat(path);
    return false;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    if (['ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].some((code) => isErrno(error, code))) return true;
    throw systemFailure(`follow ${path}`, error);
  }
}

/** Bytes of a file, links not followed. @throws CouldNotDecide if it cannot be looked at. */
export async function fileSize(path: string): Promise<number> {
  try {
    return (await lstat(path)).size;
  } catch (error) {
    throw systemFailure(`look at ${path}`, error);
  }
}

/** What a symbolic link says, not followed; null if there is no link. @throws CouldNotDecide if unclear. */
export async function linkTarget(path: string): Promise<string | null> {
  try {
    return await readlink(path);
  } catch (error) {
    if (isErrno(error, 'EINVAL') || isErrno(error, 'ENOENT')) return null;
    throw systemFailure(`look at ${path}`, error);
  }
}
