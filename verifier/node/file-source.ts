import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { getSystemErrorName } from 'node:util';

import { CouldNotDecide } from '../bytes/failures.ts';
import type { BlockRun, ByteSource, DigestedBlocks } from '../image/byte-source.ts';
import { chooseDigester, type Hashing } from './hashing.ts';
import { DigestFailure, fileEnded, type RunDigester } from './run-digester.ts';

/** A file that was opened once. All reads are of that file, whatever becomes of its path. */
export interface FileSource extends ByteSource {
  /** What fstat(2) says of the file as it was opened. */
  readonly status: BigIntStats;
  /** Waits for what is being read. */
  close(): Promise<void>;
}

/**
 * Opens a regular file for reading.
 *
 *     open(path, O_RDONLY|O_NONBLOCK|O_NOCTTY|O_CLOEXEC) = 3     follows symbolic links, as systemd does
 *     fstat(3)                                                   a regular file, and its size
 *     pread(3, ...) ...                                          until close()
 *
 * Who can write to the file can still change it between two reads: what is read again may differ from what was verified.
 * Only dm-verity, or a copy that nobody else can write, closes that; `verifiedSource` never reads again what it gives out.
 *
 * @param hashing how to digest runs of blocks; the fastest way if not given.
 * @throws CouldNotDecide in words for a person.
 */
export async function openFileSource(path: string, hashing?: Hashing): Promise<FileSource> {
  // O_NONBLOCK: opening a FIFO would wait for its writer. O_CLOEXEC: Node sets it for every file it opens.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
  const handle = await open(path, flags).catch((error: unknown) => {
    throw new CouldNotDecide(`${path} cannot be opened: ${inWords(error)}`, { cause: error });
  });
  try {
    const status = await handle.stat({ bigint: true });
    if (!status.isFile()) throw new CouldNotDecide(`${path} is not a regular file`);
    const size = Number(status.size);
    const digester = chooseDigester(size, hashing);
    const file = { path, handle, size, status };
    return digester === null ? plainSource(file) : digestingSource(file, digester);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly size: number;
  readonly status: BigIntStats;
}

function plainSource(file: OpenFile): FileSource {
  return {
    size: file.size,
    status: file.status,
    read: (offset, length) => readExactly(file, offset, length),
    close: () => file.handle.close(),
  };
}

function digestingSource(file: OpenFile, digester: RunDigester): FileSource {
  const outstanding = new Set<Promise<unknown>>();
  let closed = false;
  return {
    ...plainSource(file),
    async digestBlocks(run: BlockRun): Promise<DigestedBlocks> {
      if (closed) throw unreadable(file.path, new DigestFailure('EBADF'));
      const digested = digester.digest(file.handle.fd, run).catch((error: unknown) => {
        throw unreadable(file.path, error);
      });
      outstanding.add(digested);
      const done = (): boolean => outstanding.delete(digested);
      digested.then(done, done);
      return digested;
    },
    async close() {
      closed = true;
      // The threads know the file by its number alone, and the next file that is opened may get the same one.
      await Promise.allSettled(outstanding);
      await digester.close();
      await file.handle.close();
    },
  };
}

async function readExactly({ handle, path }: OpenFile, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await handle.read(bytes, at, length - at, offset + at).catch((error: unknown) => {
      throw unreadable(path, error);
    });
    if (bytesRead === 0) throw becameShorter(path);
    at += bytesRead;
  }
  return bytes;
}

function unreadable(path: string, error: unknown): CouldNotDecide {
  if (codeOf(error) === fileEnded) return becameShorter(path);
  return new CouldNotDecide(`${path} cannot be read: ${inWords(error)}`, { cause: error });
}

function becameShorter(path: string): CouldNotDecide {
  return new CouldNotDecide(`${path} changed while being read: it has become shorter`);
}

const words: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is not a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'too many symbolic links',
  ENXIO: 'it is not a regular file',
  EIO: 'the device reported an error',
  EMFILE: 'too many files are open',
};

function inWords(error: unknown): string {
  const code = codeOf(error);
  return words[code] ?? code;
}

/** The name of an I/O error; the addon knows only its number. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  if ('errno' in error && typeof error.errno === 'number' && error.errno < 0)
    return getSystemErrorName(error.errno);
  return 'code' in error ? String(error.code) : 'unknown error';
}
