import { Malformed } from '../../bytes/failures.ts';
import type { FileSystem, FileSystemNode } from './file-system.ts';

/** As many as the kernel follows in one path (MAXSYMLINKS). */
const maximumLinks = 40;

/** Bytes of a path (PATH_MAX), links put in. */
const maximumPath = 4096;

/**
 * Finds a path inside a file system as a process that had chroot(2)ed there would: absolute links start again at the root,
 * and `..` at the root stays there (chase() in systemd's src/basic/chase.c).
 *
 * @returns null if a part of it is not there, or is not a directory.
 * @throws Malformed for more than 40 links, and for paths that are too long.
 */
export async function walk({ root }: FileSystem, path: string): Promise<FileSystemNode | null> {
  const todo = parts(path);
  let way: FileSystemNode[] = [root];
  for (let links = 0; ;) {
    const part = todo.shift();
    const here = way.at(-1) ?? root;
    if (part === undefined) return here;
    if (here.kind !== 'directory') return null;
    if (part === '..') {
      if (way.length > 1) way.pop();
      continue;
    }
    const next = await here.lookup(part);
    if (next === null) return null;
    if (next.kind !== 'link') {
      way.push(next);
      continue;
    }
    if (++links > maximumLinks) throw new Malformed('path', 'goes through more than 40 symbolic links');
    const target = await next.target();
    if (target.startsWith('/')) way = [root];
    todo.unshift(...parts(target));
    if (todo.join('/').length > maximumPath) throw new Malformed('path', 'is too long with its links');
  }
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
