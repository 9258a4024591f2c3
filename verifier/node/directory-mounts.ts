import { readFileSync, readlinkSync } from 'node:fs';

import { CouldNotDecide, Unsupported } from '../bytes/failures.ts';
import { showPath } from '../image/tree-entry.ts';
import { attempt, descriptorPath } from './directory-status.ts';

/**
 * Refuses a tree with mount points in it. systemd merges a directory through a bind mount of that directory alone, so what
 * is mounted further in is seen by who walks the tree and is not there in the merge, but what lies below the mount is.
 * Bind mounts of the same file system have no device number of their own, so the kernel's list of mounts is asked. A btrfs
 * subvolume in the tree is no mount: systemd sees it, and so does the walk.
 *
 * @param root the open directory; a mount point itself, it is none in the tree.
 * @throws Unsupported naming the first mount point.
 */
export function checkNoMounts(root: number, shown: string): void {
  const mounts = attempt('/proc/self/mountinfo', () => readFileSync('/proc/self/mountinfo', 'latin1'));
  const path = attempt(shown, () => readlinkSync(descriptorPath(root), { encoding: 'latin1' }));
  if (!path.startsWith('/')) throw new CouldNotDecide(`${shown} is in no directory of this system`);
  const found = mountPointsBelow(path, mounts)[0];
  if (found !== undefined)
    throw new Unsupported(showPath(Buffer.from(found, 'latin1')), 'is a mount point inside the directory');
}

/**
 * @param path absolute, as a byte string.
 * @param mountinfo the text of /proc/self/mountinfo (proc_pid_mountinfo(5)), as a byte string.
 */
export function mountPointsBelow(path: string, mountinfo: string): string[] {
  const prefix = path === '/' ? path : `${path}/`;
  return mountinfo
    .split('\n')
    .map((line) => unescaped(line.split(' ')[4] ?? ''))
    .filter((mountPoint) => mountPoint.startsWith(prefix) && mountPoint !== path);
}

/** Space, tab, newline and backslash are three octal digits in it. */
function unescaped(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
