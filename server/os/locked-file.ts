import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';

import { faultPoint } from '#fault-point';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { readAll } from './durable-file.ts';
import { lockFile } from './file-lock.ts';
import { systemFailure } from './system-failure.ts';

/** An open file under its lock. What holds of it holds for as long as the lock is held. */
export interface LockedFile {
  /** Size in bytes. */
  readonly size: () => Promise<number>;
  /** The sticky bit (S_ISVTX), which means nothing to the kernel on a file and which writers use as a flag. */
  readonly isMarked: () => Promise<boolean>;
  /** Mode 01600 or 0600. Done when this returns: it is a change of metadata in memory that a crash of ours cannot undo. */
  readonly setMarked: (marked: boolean) => Promise<void>;
  /** The whole content. @throws CouldNotDecide if it has more than `maximumBytes`. */
  readonly read: (maximumBytes: number) => Promise<Uint8Array>;
  /** Appends and calls fsync(2). */
  readonly append: (bytes: Uint8Array) => Promise<void>;
}

/** How long a file's lock is waited for. A writer holds it for a TPM command or two. */
const defaultTimeoutMs = 20_000;

const privateMode = 0o600;
const stickyMode = 0o1000;

/**
 * Creates `path` if it is not there (mode 0600) and works on it under an exclusive lock.
 *
 * @throws CouldNotDecide if it cannot be opened or locked, or is not a regular file of our own.
 */
export function withExclusiveFile<T>(
  path: string,
  use: (file: LockedFile) => Promise<T>,
  lockTimeoutMs: number = defaultTimeoutMs,
): Promise<T> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND;
  return withFile(path, { flags, mode: 'exclusive', lockTimeoutMs }, use);
}

/**
 * Works on `path` under a shared lock: other readers may come in, writers wait.
 *
 * @throws CouldNotDecide as above, and if there is no such file: a reader creates nothing.
 */
export function withSharedFile<T>(
  path: string,
  use: (file: LockedFile) => Promise<T>,
  lockTimeoutMs: number = defaultTimeoutMs,
): Promise<T> {
  return withFile(path, { flags: constants.O_RDONLY, mode: 'shared', lockTimeoutMs }, use);
}

interface Opening {
  readonly flags: number;
  readonly mode: 'shared' | 'exclusive';
  readonly lockTimeoutMs: number;
}

async function withFile<T>(
  path: string,
  { flags, mode, lockTimeoutMs }: Opening,
  use: (file: LockedFile) => Promise<T>,
): Promise<T> {
  const handle = await openNoFollow(path, flags);
  try {
    await lockFile(handle, mode, lockTimeoutMs).catch((error: unknown) => {
      throw new CouldNotDecide(
        `cannot lock ${path}: ${error instanceof Error ? error.message : String(error)}`,
      );
    });
    await checkOwn(handle, path);
    return await use(lockedFile(handle, path));
  } finally {
    await handle.close();
  }
}

// O_NONBLOCK: a FIFO in the file's place must not hang us before it is refused.
async function openNoFollow(path: string, flags: number): Promise<FileHandle> {
  if ((flags & constants.O_CREAT) !== 0) faultPoint('create');
  try {
    return await open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, privateMode);
  } catch (error) {
    throw systemFailure(`open ${path}`, error);
  }
}

// A file of somebody else's could be changed behind the lock; one that was replaced while we waited is locked in vain.
async function checkOwn(handle: FileHandle, path: string): Promise<void> {
  const ours = await handle.stat();
  if (!ours.isFile()) throw new CouldNotDecide(`${path} is not a regular file`);
  if (ours.uid !== process.geteuid?.() || (ours.mode & 0o022) !== 0) {
    throw new CouldNotDecide(`${path} can be written by others`);
  }
  const now = await lstat(path).catch((error: unknown) => {
    throw systemFailure(`look at ${path}`, error);
  });
  if (now.ino !== ours.ino || now.dev !== ours.dev)
    throw new CouldNotDecide(`${path} was replaced while it was opened`);
}

function lockedFile(handle: FileHandle, path: string): LockedFile {
  const isMarked = async (): Promise<boolean> => ((await handle.stat()).mode & stickyMode) !== 0;
  return {
    size: async () => (await handle.stat()).size,
    isMarked,
    setMarked: async (marked) => {
      faultPoint('chmod');
      await attempt(`change the mode of ${path}`, () =>
        handle.chmod(marked ? privateMode | stickyMode : privateMode),
      );
      if ((await isMarked()) !== marked) throw new CouldNotDecide(`${path} does not keep its sticky bit`);
    },
    read: (maximumBytes) => attempt(`read ${path}`, () => readAll(handle, path, maximumBytes)),
    append: (bytes) =>
      attempt(`append to ${path}`, async () => {
        faultPoint('append');
        await handle.appendFile(bytes);
        await handle.sync();
      }),
  };
}

async function attempt<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw systemFailure(what, error);
  }
}
