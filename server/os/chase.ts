import { lstat, readlink, realpath } from 'node:fs/promises';
import { isAbsolute } from 'node:path';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { isErrno, systemFailure } from './system-failure.ts';

/** As many symbolic links as the kernel follows in one path (MAXSYMLINKS). */
const maximumLinks = 40;

/** Something is there, and where it leads cannot be said: a loop of links, a name that is none, a link that is no text. */
export class Untraceable extends CouldNotDecide {}

/**
 * Finds a path inside a root as a process that had chroot(2)ed there would: absolute symbolic links start again at the
 * root, and `..` at the root stays there (chase() in systemd's src/basic/chase.c with CHASE_PREFIX_ROOT).
 *
 * The answer is a name, not a handle: whoever may write the directories on the way can put something else in its place
 * before it is opened. Callers open it with O_NOFOLLOW where the last part must still be what was found.
 *
 * @param root a directory of this system; `/` for the whole of it.
 * @param path an absolute path inside the root.
 * @returns the path on this system, with no symbolic link and no `..` in it; null if there is nothing there.
 * @throws Untraceable for more than 40 links, for links that are not UTF-8, and for names that are too long.
 * @throws CouldNotDecide if the root is missing, or a directory cannot be searched.
 */
export async function chaseInRoot(root: string, path: string): Promise<string | null> {
  if (!isAbsolute(path)) throw new CouldNotDecide(`"${path}" is not an absolute path`);
  const base = await realRoot(root);
  const todo = path.split('/').reverse();
  let done: readonly string[] = [];
  let links = 0;
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    const here = onHost(base, done);
    const entry = await entryAt(here, part, path);
    if (entry === null) return null;
    if (entry.kind === 'up') done = done.slice(0, -1);
    if (entry.kind === 'down') done = [...done, entry.name];
    if (entry.kind !== 'link') continue;
    if (++links > maximumLinks)
      throw new Untraceable(`${path} below ${root} goes through too many symbolic links`);
    todo.push(...entry.target.split('/').reverse());
    if (isAbsolute(entry.target)) done = [];
  }
  return onHost(base, done);
}

type Step =
  | { readonly kind: 'stay' | 'up' }
  | { readonly kind: 'down'; readonly name: string }
  | { readonly kind: 'link'; readonly target: string };

// A root that is not there must not look like one in which nothing is.
async function realRoot(root: string): Promise<string> {
  try {
    const base = await realpath(root);
    if ((await lstat(base)).isDirectory()) return base;
  } catch (error) {
    throw systemFailure(`use ${root} as the root`, error);
  }
  throw new CouldNotDecide(`cannot use ${root} as the root: it is not a directory`);
}

function onHost(base: string, parts: readonly string[]): string {
  return base === '/' ? `/${parts.join('/')}` : [base, ...parts].join('/');
}

/** What one part of a path means in the directory `here`; null if `here` is no directory or has no such entry. */
async function entryAt(here: string, part: string, path: string): Promise<Step | null> {
  try {
    // Also for "", "." and "..": `file/..` and `file/` lead nowhere, however they would look as text.
    if (!(await lstat(here)).isDirectory()) return null;
    if (part === '' || part === '.') return { kind: 'stay' };
    if (part === '..') return { kind: 'up' };
    const place = here === '/' ? `/${part}` : `${here}/${part}`;
    if (!(await lstat(place)).isSymbolicLink()) return { kind: 'down', name: part };
    return { kind: 'link', target: decodeTarget(await readlink(place, 'buffer'), path) };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    if (isErrno(error, 'ENAMETOOLONG'))
      throw new Untraceable(`a name on the way to ${path} is longer than any file's`);
    throw systemFailure(`look for ${path}`, error);
  }
}

// A name that is not UTF-8 would come out as another name, and so as another file than the one systemd takes.
function decodeTarget(target: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(target);
  } catch {
    throw new Untraceable(`a symbolic link on the way to ${path} is not UTF-8`);
  }
}
