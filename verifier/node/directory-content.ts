import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

import { CouldNotDecide } from '../bytes/failures.ts';
import { attempt, openAgain } from './directory-status.ts';

export interface FileContent {
  readonly sha256: Uint8Array;
  /** The whole content, if it was asked for. */
  readonly kept: Uint8Array | null;
}

export interface ContentOptions {
  readonly keep: boolean;
  /** Called with the number of bytes of each piece that was read. */
  readonly onBytes: (bytes: number) => void;
}

const readSize = 1024 * 1024;
const buffer = Buffer.alloc(readSize);

/**
 * Digests a regular file through a descriptor of its place (`O_PATH`), in constant memory.
 *
 *     open("/proc/self/fd/N", O_RDONLY|O_NONBLOCK|O_NOCTTY) = M     the same inode, whatever its names lead to now
 *     read(M, ...) ...                                              as many bytes as fstat said, then the end
 *
 * @throws CouldNotDecide if it is not as long as its status says, or cannot be read.
 */
export async function readContent(
  place: number,
  { size }: BigIntStats,
  shown: string,
  { keep, onBytes }: ContentOptions,
): Promise<FileContent> {
  const descriptor = openAgain(place, shown, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const hash = createHash('sha256');
    const kept: Buffer[] = [];
    let left = size;
    for (;;) {
      const bytes = attempt(shown, () => readSync(descriptor, buffer, 0, readSize, null));
      left -= BigInt(bytes);
      // Not read on to the end of what another process may write for ever.
      if (bytes === 0 || left < 0n) break;
      hash.update(buffer.subarray(0, bytes));
      if (keep) kept.push(Buffer.from(buffer.subarray(0, bytes)));
      onBytes(bytes);
      if (left > 0n) await setImmediate();
    }
    if (left !== 0n) throw new CouldNotDecide(`${shown} changed while being read`);
    return { sha256: new Uint8Array(hash.digest()), kept: keep ? Buffer.concat(kept) : null };
  } finally {
    closeSync(descriptor);
  }
}
