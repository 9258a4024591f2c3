import type { BigIntStats } from 'node:fs';
import { lstat } from 'node:fs/promises';

import { isErrno, systemFailure } from './system-failure.ts';

/** A file or directory at one moment. Who changes it, or puts another in its place, changes one of these. */
export interface FileIdentity {
  /** `major:minor` of its file system, as the kernel's tables have it. */
  readonly device: string;
  readonly inode: bigint;
  /** Bytes. */
  readonly size: bigint;
  /** Nanoseconds since 1970. */
  readonly modifiedNs: bigint;
  /** Nanoseconds since 1970. The kernel sets it at each write, rename and change of mode; nobody can set it back. */
  readonly changedNs: bigint;
}

/** @param stats of `lstat` or `fstat`, with `bigint: true`. */
export function toFileIdentity({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileIdentity {
  return { device: deviceNumber(dev), inode: ino, size, modifiedNs: mtimeNs, changedNs: ctimeNs };
}

/** Of what is at a path, now; a symbolic link is not followed. Null if nothing is there. @throws CouldNotDecide */
export async function identityOf(path: string): Promise<FileIdentity | null> {
  try {
    return toFileIdentity(await lstat(path, { bigint: true }));
  } catch (error) {
    // A link to itself on the way leads to nothing: what was there is gone, which is an answer.
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].some((code) => isErrno(error, code))) return null;
    throw systemFailure(`look at ${path}`, error);
  }
}

/** Whether it is one file, changed or not. */
export function isSameFile(
  one: Pick<FileIdentity, 'device' | 'inode'>,
  other: Pick<FileIdentity, 'device' | 'inode'>,
): boolean {
  return one.device === other.device && one.inode === other.inode;
}

/** Whether it is one file in which nothing was written, and that was not renamed, since. */
export function isUntouched(before: FileIdentity, now: FileIdentity): boolean {
  return (
    isSameFile(before, now) &&
    before.size === now.size &&
    before.modifiedNs === now.modifiedNs &&
    before.changedNs === now.changedNs
  );
}

/** `major:minor` of a device number as stat(2) gives it (gnu_dev_major() and gnu_dev_minor() of sys/sysmacros.h). */
export function deviceNumber(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xffff_f000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffff_ff00n);
  return `${major}:${minor}`;
}
