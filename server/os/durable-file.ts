import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  access,
  chmod,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readlink,
  rename,
  stat,
  symlink,
  unlink,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { faultPoint } from '#fault-point';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { chaseInRoot } from './chase.ts';
import { isErrno, systemFailure } from './system-failure.ts';

/**
 * Writes a file so that after a crash at any point `path` is either what it was or all of `bytes`:
 *
 *     open(dir/.touchstone-RANDOM, O_CREAT|O_EXCL)    a kill from here on leaves this file behind, which nobody reads
 *     write, fsync                                    the content is on disk before the name is
 *     rename(dir/.touchstone-RANDOM, path)            replaces what was there, also a symbolic link, in one step
 *     fsync(dir)                                      the name is on disk
 *
 * @param mode the file's permissions, whatever the umask.
 * @throws CouldNotDecide if any step fails; `path` is as it was then, or complete but perhaps not yet on disk.
 */
export async function writeDurable(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const directory = dirname(path);
  const temporary = join(directory, `.touchstone-${randomBytes(12).toString('hex')}`);
  try {
    await writeNew(temporary, bytes, mode);
    faultPoint('rename');
    await rename(temporary, path);
    await syncDirectory(directory);
  } catch (error) {
    faultPoint('unlink');
    await unlink(temporary).catch(() => undefined);
    throw systemFailure(`write ${path}`, error);
  }
}

async function writeNew(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  faultPoint('create');
  const handle = await open(path, flags, mode);
  try {
    faultPoint('chmod');
    await handle.chmod(mode);
    faultPoint('write');
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Reads a whole regular file.
 *
 * @param options.noFollow refuse a symbolic link as the last part of the path.
 * @throws CouldNotDecide if it cannot be read, is not a regular file, or has more than `maximumBytes`.
 */
export async function readBounded(
  path: string,
  maximumBytes: number,
  options: { readonly noFollow?: boolean } = {},
): Promise<Uint8Array> {
  // O_NONBLOCK: opening a FIFO would wait for a writer that never comes.
  const flags =
    constants.O_RDONLY | constants.O_NONBLOCK | (options.noFollow === true ? constants.O_NOFOLLOW : 0);
  try {
    const handle = await open(path, flags);
    try {
      return await readAll(handle, path, maximumBytes);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw systemFailure(`read ${path}`, error);
  }
}

/**
 * Reads an open regular file from its beginning. The size is not taken from fstat(2) alone: files in /sys and /proc
 * say 0, and a file can grow while it is read.
 */
export async function readAll(handle: FileHandle, path: string, maximumBytes: number): Promise<Uint8Array> {
  const stats = await handle.stat();
  if (!stats.isFile()) throw new CouldNotDecide(`${path} is not a regular file`);
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length <= maximumBytes) {
    const chunk = new Uint8Array(Math.min(Math.max(stats.size - length, 16_384), maximumBytes - length + 1));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, length);
    if (bytesRead === 0) return new Uint8Array(Buffer.concat(chunks));
    chunks.push(chunk.subarray(0, bytesRead));
    length += bytesRead;
  }
  throw new CouldNotDecide(`${path} has more than ${maximumBytes} bytes`);
}

/** Reads a file below `root`, links followed inside it; null if there is none. @throws CouldNotDecide as `readBounded`. */
export async function readIfPresent(
  root: string,
  path: string,
  maximumBytes: number,
): Promise<Uint8Array | null> {
  const found = await chaseInRoot(root, path);
  return found === null ? null : readBounded(found, maximumBytes, { noFollow: true });
}

/**
 * Makes sure that a directory below `root` exists, with its parents (mode 0755 less the umask).
 *
 * @returns where it is on this system.
 * @throws CouldNotDecide if it cannot be made, or something that is not a directory is in its place.
 */
export async function makeDirectory(root: string, path: string): Promise<string> {
  const parts = path.split('/').filter((part) => part !== '');
  let made = '/';
  for (const part of parts) {
    const parent = await chaseInRoot(root, made);
    if (parent === null) throw new CouldNotDecide(`cannot make ${path}: ${made} leads nowhere`);
    made = join(made, part);
    if ((await chaseInRoot(root, made)) !== null) continue;
    faultPoint('mkdir');
    // Chased again in the next round: what is there already may be a link, which must not lead out of the root.
    await mkdir(join(parent, part), { mode: 0o755 }).catch((error: unknown) => {
      if (!isErrno(error, 'EEXIST')) throw systemFailure(`make the directory ${made}`, error);
    });
  }
  const directory = await chaseInRoot(root, made);
  if (directory === null || !(await lstat(directory)).isDirectory()) {
    throw new CouldNotDecide(`${path} below ${root} is not a directory`);
  }
  return directory;
}

/** As `makeDirectory`, for a directory that nobody but its owner may enter: its mode is 0700 when this returns. */
export async function makePrivateDirectory(root: string, path: string): Promise<string> {
  const directory = await makeDirectory(root, path);
  const { uid, mode } = await stat(directory);
  if (uid !== process.geteuid?.()) throw new CouldNotDecide(`${directory} belongs to somebody else`);
  if ((mode & 0o7777) === 0o700) return directory;
  faultPoint('chmod');
  await chmod(directory, 0o700).catch((error: unknown) => {
    throw systemFailure(`make ${directory} private`, error);
  });
  return directory;
}

/**
 * Moves a directory entry within one file system by rename(2): it is always at exactly one of the two places. A
 * symbolic link is moved as a link.
 *
 *     open both directories, see that they are where they are said to be
 *     rename(/proc/self/fd/A/NAME, /proc/self/fd/B/NAME)    whoever changes the paths now moves nothing else
 *     fsync both
 *
 * @param from as `to`: with no symbolic link on the way, as `chaseInRoot` gives it.
 * @throws CouldNotDecide if it cannot be moved, `to` exists, or a link leads one of them elsewhere.
 */
export async function moveEntry(from: string, to: string): Promise<void> {
  try {
    await inDirectory(dirname(from), (source) =>
      inDirectory(dirname(to), async (target) => {
        const place = join(target.path, basename(to));
        if ((await lstat(place).catch(() => null)) !== null) throw new CouldNotDecide(`${to} exists already`);
        faultPoint('rename');
        await rename(join(source.path, basename(from)), place);
        await target.handle.sync();
        await source.handle.sync();
      }),
    );
  } catch (error) {
    throw systemFailure(`move ${from} to ${to}`, error);
  }
}

interface OpenDirectory {
  readonly handle: FileHandle;
  /** Leads to it whatever becomes of its name. */
  readonly path: string;
}

// Who may write a directory of images can put a link in the place of one below it, and would have root move what is elsewhere.
async function inDirectory(path: string, use: (directory: OpenDirectory) => Promise<void>): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const held = `/proc/self/fd/${handle.fd}`;
    if ((await readlink(held)) !== path) throw new CouldNotDecide(`${path} leads somewhere else by now`);
    await use({ handle, path: held });
  } finally {
    await handle.close();
  }
}

/** Makes a symbolic link. @throws CouldNotDecide if it cannot be made, or something is there already. */
export async function makeLink(target: string, path: string): Promise<void> {
  try {
    faultPoint('symlink');
    await symlink(target, path);
  } catch (error) {
    throw systemFailure(`make the link ${path}`, error);
  }
}

/** Whether a directory is on a file system to which nothing can be written. */
export async function isReadOnly(directory: string): Promise<boolean> {
  try {
    await access(directory, constants.W_OK);
    return false;
  } catch (error) {
    return isErrno(error, 'EROFS');
  }
}

/** Removes a file, or a symbolic link as a link. @throws CouldNotDecide */
export async function removeEntry(path: string): Promise<void> {
  try {
    faultPoint('unlink');
    await unlink(path);
    await syncDirectory(dirname(path));
  } catch (error) {
    throw systemFailure(`remove ${path}`, error);
  }
}
