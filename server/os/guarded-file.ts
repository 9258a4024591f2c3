import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { readAll } from './durable-file.ts';
import { systemFailure } from './system-failure.ts';

/** Who else may do what with a file: `secret` nobody may read it, `own` nobody may change it. */
export type Guard = 'secret' | 'own';

const forbidden = { secret: 0o077, own: 0o022 } as const;

/**
 * Reads a file that must be root's or ours, and that nobody else may read or change:
 *
 *     fd = open(path, O_RDONLY|O_NONBLOCK)    a symbolic link is followed: certificates are often renewed by moving one
 *     fstat(fd)                               owner and mode of what is read, wherever links led meanwhile
 *     read(fd)
 *
 * @throws CouldNotDecide if it cannot be read, is not a regular file, has more than `maximumBytes`, or others may get at it.
 */
export async function readGuarded(path: string, guard: Guard, maximumBytes: number): Promise<Uint8Array> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      await checkGuarded(handle, path, guard);
      return await readAll(handle, path, maximumBytes);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw systemFailure(`read ${path}`, error);
  }
}

async function checkGuarded(handle: FileHandle, path: string, guard: Guard): Promise<void> {
  const { uid, mode } = await handle.stat();
  if (uid !== 0 && uid !== process.geteuid?.())
    throw new CouldNotDecide(`${path} belongs to another user (uid ${uid}), who can change it`);
  if ((mode & forbidden[guard]) === 0) return;
  const octal = (mode & 0o7777).toString(8).padStart(4, '0');
  throw new CouldNotDecide(
    guard === 'secret'
      ? `${path} can be read by others (mode ${octal}); chmod 0600 it`
      : `${path} can be changed by others (mode ${octal}); chmod 0644 it`,
  );
}
