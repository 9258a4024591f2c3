import { constants } from 'node:fs';
import { open, rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

import { faultPoint } from '#fault-point';

import { isErrno, systemFailure } from './system-failure.ts';

/**
 * Removes a file, so that it is gone after a crash, too:
 *
 *     unlink(path)     a symbolic link is removed, not what it leads to
 *     fsync(dir)
 *
 * @throws CouldNotDecide if it cannot be removed, or is not there.
 */
export async function removeFile(path: string): Promise<void> {
  try {
    faultPoint('unlink');
    await unlink(path);
    const directory = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (error) {
    throw systemFailure(`remove ${path}`, error);
  }
}

/** Removes a directory if nothing is in it. @throws CouldNotDecide if it is empty and cannot be removed all the same. */
export async function removeIfEmpty(path: string): Promise<void> {
  try {
    faultPoint('rmdir');
    await rmdir(path);
  } catch (error) {
    if (isErrno(error, 'ENOTEMPTY') || isErrno(error, 'EEXIST') || isErrno(error, 'ENOENT')) return;
    throw systemFailure(`remove the directory ${path}`, error);
  }
}
