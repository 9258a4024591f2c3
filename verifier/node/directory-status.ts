import { type BigIntStats, closeSync, constants, fstatSync, openSync } from 'node:fs';

import { CouldNotDecide } from '../bytes/failures.ts';

/**
 * Calls of this room that look at one inode are synchronous: each takes microseconds, through Node's thread pool it would
 * take ten times as long, and a tree has many thousands of them. Who reads a whole file or tree gives way in between.
 */

/**
 * Opens a file's place in the file system rather than the file: a device is not touched by it, a FIFO not waited for, and
 * `/proc/self/fd/N` leads from it to the very same inode again, wherever its names point by then (open(2)). Node has no
 * name for it; the number is the same on every architecture that Node runs on (asm-generic/fcntl.h in the kernel).
 */
const O_PATH = 0o10000000;

/**
 * Opens an entry of an open directory, never what a symbolic link of that name points to.
 *
 * @param name a byte string: one character a byte.
 * @param shown the entry's path for people, in failures.
 */
export function openEntry(directory: number, name: string, shown: string): number {
  const path = Buffer.from(`${descriptorPath(directory)}/${name}`, 'latin1');
  return attempt(shown, () => openSync(path, O_PATH | constants.O_NOFOLLOW));
}

/** Opens the directory that a walk begins at. The last part of its path must not be a symbolic link. */
export function openRoot(path: string): number {
  return attempt(path, () => openSync(path, O_PATH | constants.O_NOFOLLOW | constants.O_DIRECTORY));
}

/** A second descriptor of the same inode, with a life of its own. */
export function openAgain(descriptor: number, shown: string, flags = O_PATH): number {
  return attempt(shown, () => openSync(descriptorPath(descriptor), flags));
}

/** The path of an open file that leads to it and to nothing else, for as long as it is open. */
export function descriptorPath(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`;
}

/** Closes what was open, whatever it takes. */
export function closeAll(descriptors: Iterable<number>): void {
  for (const descriptor of descriptors) closeSync(descriptor);
}

export function statusOf(descriptor: number, shown: string): BigIntStats {
  return attempt(shown, () => fstatSync(descriptor, { bigint: true }));
}

const compared = [
  ...(['dev', 'ino', 'mode', 'nlink', 'uid', 'gid', 'rdev', 'size'] as const),
  ...(['mtimeNs', 'ctimeNs'] as const),
];

/**
 * The kernel notes the time of every change of an inode, of its attributes too; who changes a file twice within one tick of
 * its clock (up to 10 ms) can escape it, but then could have made the second change after the digest as well.
 *
 * @throws CouldNotDecide if the inode is not as it was.
 */
export function checkUnchanged(before: BigIntStats, after: BigIntStats, shown: string): void {
  if (compared.some((field) => before[field] !== after[field]))
    throw new CouldNotDecide(`${shown} changed while being read`);
}

/** Major and minor number of a device node, as makedev(3) packs them. */
export function deviceNumber(rdev: bigint): { readonly major: number; readonly minor: number } {
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xffff_f000n)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffff_ff00n)),
  };
}

/** @throws CouldNotDecide in words for a person if the system call fails. */
export function attempt<T>(shown: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new CouldNotDecide(`${shown} cannot be read: ${words[code] ?? code}`, { cause: error });
  }
}

const words: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'it is not a directory (a symbolic link is none either)',
  EACCES: 'permission denied (run as root?)',
  EPERM: 'not permitted (run as root?)',
  EIO: 'the device reported an error',
  EMFILE: 'too many files are open',
};
