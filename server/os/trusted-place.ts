import { lstat } from 'node:fs/promises';
import { join } from 'node:path';

import { chaseInRoot } from './chase.ts';
import { systemFailure } from './system-failure.ts';

/**
 * Whether somebody else than root and ourselves could put another file in the place of one: who owns or may write the file
 * or a directory on the way to it, may. A sticky bit is no excuse: who owns a file in /tmp can still change it.
 *
 * @param path absolute, below the root, without symbolic links.
 * @returns one sentence that says who could; null if nobody.
 * @throws CouldNotDecide if something on the way cannot be looked at.
 */
export async function whoCanReplace(root: string, path: string): Promise<string | null> {
  const base = (await chaseInRoot(root, '/')) ?? root;
  const parts = path.split('/').filter((part) => part !== '');
  for (const depth of [...parts.keys(), parts.length]) {
    const place = `/${parts.slice(0, depth).join('/')}`;
    const found = await judge(join(base, place), place);
    if (found !== null) return found;
  }
  return null;
}

async function judge(onSystem: string, place: string): Promise<string | null> {
  try {
    const { uid, mode } = await lstat(onSystem);
    if (uid !== 0 && uid !== process.geteuid?.()) return `${place} belongs to another user (uid ${uid})`;
    if ((mode & 0o022) === 0) return null;
    return `${place} can be changed by others (mode ${(mode & 0o7777).toString(8).padStart(4, '0')})`;
  } catch (error) {
    throw systemFailure(`look at ${onSystem}`, error);
  }
}

/** Whether anybody may execute a file; links are not followed. @throws CouldNotDecide if it cannot be looked at. */
export async function isExecutable(path: string): Promise<boolean> {
  try {
    const stats = await lstat(path);
    return stats.isFile() && (stats.mode & 0o111) !== 0;
  } catch (error) {
    throw systemFailure(`look at ${path}`, error);
  }
}
