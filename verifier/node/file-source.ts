import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

import { CouldNotDecide } from '../bytes/failures.ts';
import type { ByteSource } from '../image/byte-source.ts';

/** A file that was opened once. All reads are of that file, whatever becomes of its path. */
export interface FileSource extends ByteSource {
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
 * Only dm-verity, or a copy that nobody else can write, closes that.
 *
 * @throws CouldNotDecide in words for a person.
 */
export async function openFileSource(path: string): Promise<FileSource> {
  // O_NONBLOCK: opening a FIFO would wait for its writer. O_CLOEXEC: Node sets it for every file it opens.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
  const handle = await open(path, flags).catch((error: unknown) => {
    throw new CouldNotDecide(`${path} cannot be opened: ${inWords(error)}`, { cause: error });
  });
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw new CouldNotDecide(`${path} is not a regular file`);
    return {
      size: status.size,
      read: (offset, length) => readExactly(handle, path, offset, length),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readExactly(
  handle: FileHandle,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await handle.read(bytes, at, length - at, offset + at).catch((error: unknown) => {
      throw new CouldNotDecide(`${path} cannot be read: ${inWords(error)}`, { cause: error });
    });
    if (bytesRead === 0) throw new CouldNotDecide(`${path} changed while being read: it has become shorter`);
    at += bytesRead;
  }
  return bytes;
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
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return words[code] ?? code;
}
