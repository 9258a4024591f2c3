import { Malformed } from '../../bytes/failures.ts';
import type { FileSystem, FileSystemNode } from './file-system.ts';

/** As many as systemd takes in one path, those of links among them (CHASE_MAX). */
const maximumSteps = 32;
/** Bytes (NAME_MAX, PATH_MAX). */
const maximumName = 255;
const maximumPath = 4095;

/**
 * Finds a path inside a file system as systemd does for an image: absolute links start again at the root, and `..` at the root
 * stays there (chase() with a root in systemd's src/basic/chase.c).
 *
 * @param path in the image; where a slash at its end would say that it must be a directory, it is not looked at.
 * @returns null if a part of it is not there, or is below what is no directory.
 * @throws Malformed for links without end, names and paths that are too long, and links to below what is no directory.
 */
export async function walk({ root }: FileSystem, path: string): Promise<FileSystemNode | null> {
  let todo = toParts(path);
  let way: readonly FileSystemNode[] = [];
  let links = 0;
  for (let step = 0; ; step++) {
    const here = way.at(-1) ?? root;
    const [name, ...rest] = todo;
    if (name === undefined) return here;
    if (step === maximumSteps) throw new Malformed('path', `takes more than ${maximumSteps} steps`);
    // systemd takes this for an error, and not for a file that is not there: it looks for no other.
    if (here.kind !== 'directory' && links > 0)
      throw new Malformed('path', 'goes through what is no directory');
    if (here.kind !== 'directory') return null;
    todo = rest;
    if (name === '..') {
      way = way.slice(0, -1);
      continue;
    }
    const next = await here.lookup(name);
    if (next === null) return null;
    if (next.kind !== 'link') {
      way = [...way, next];
      continue;
    }
    links++;
    const target = await next.target();
    if (target === '') throw new Malformed('path', 'goes through a link that has no target');
    todo = [...toParts(target), ...rest];
    if (target.startsWith('/')) way = [];
  }
}

/** @throws Malformed */
function toParts(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.length > maximumPath || parts.some((part) => part.length > maximumName))
    throw new Malformed('path', 'is too long, or has a name that is');
  return parts;
}
