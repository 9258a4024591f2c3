import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { isErrno, systemFailure } from './system-failure.ts';

/**
 * A socket in the file system that root made, or who we are, in directories that nobody else can change: whoever answers
 * there is not an impostor. No symbolic link is followed.
 *
 * @param path absolute.
 * @returns the path; null if there is nothing, something else, or a socket that somebody else could have put there.
 * @throws CouldNotDecide if it cannot be looked at.
 */
export async function ownSocket(path: string): Promise<string | null> {
  try {
    const stats = await lstat(path);
    if (!stats.isSocket() || !isOwn(stats.uid)) return null;
    for (let directory = dirname(path); ; directory = dirname(directory)) {
      const { uid, mode } = await lstat(directory);
      const othersMayRename = (mode & 0o022) !== 0 && (mode & 0o1000) === 0;
      if (!isOwn(uid) || othersMayRename) return null;
      if (directory === '/') return path;
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return null;
    throw systemFailure(`look at ${path}`, error);
  }
}

function isOwn(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}
