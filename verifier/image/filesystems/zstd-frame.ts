import { Decompress } from 'fzstd';

import { Cursor } from '../../bytes/cursor.ts';
import { Malformed, Unsupported } from '../../bytes/failures.ts';

const what = 'zstd frame';

/** Largest window: a block of squashfs has at most 1 MiB. */
const maximumWindow = 8 * 1024 * 1024;
const maximumBlock = 128 * 1024;

/**
 * Decompresses exactly one Zstandard frame (RFC 8878). The decoder takes the sizes that a frame claims at their word, so they
 * are checked before it runs, and what it gives is counted while it runs.
 *
 * @throws Malformed | Unsupported
 */
export function decompressZstdFrame(frame: Uint8Array, maximumBytes: number): Uint8Array {
  checkFrame(frame);
  const pieces: Uint8Array[] = [];
  let length = 0;
  const decoder = new Decompress((piece) => {
    length += piece.length;
    if (length > maximumBytes) throw new Malformed(what, 'gives more than it may');
    pieces.push(piece);
  });
  try {
    decoder.push(frame, true);
  } catch (error) {
    if (error instanceof Malformed) throw error;
    throw new Malformed(what, 'cannot be decompressed');
  }
  return new Uint8Array(Buffer.concat(pieces));
}

/** RFC 8878 section 3.1.1. */
function checkFrame(frame: Uint8Array): void {
  const cursor = new Cursor(frame, 'little');
  if (cursor.u32(`${what}: magic`) !== 0xfd2fb528) throw new Malformed(`${what}: magic`, 'is another');
  const descriptor = cursor.u8(`${what}: descriptor`);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const hasChecksum = (descriptor & 0x04) !== 0;
  if ((descriptor & 0x0b) !== 0) throw new Unsupported(what, 'has a dictionary, or a bit that is reserved');
  const window = isSingleSegment ? null : windowSize(cursor.u8(`${what}: window`));
  const size = takeContentSize(cursor, descriptor >> 6, isSingleSegment);
  if (Math.max(window ?? 0, size) > maximumWindow)
    throw new Unsupported(what, 'wants more memory than it may have');
  checkBlocks(cursor);
  if (hasChecksum) cursor.take(4, `${what}: checksum`);
  cursor.end(what);
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function takeContentSize(cursor: Cursor, flag: number, isSingleSegment: boolean): number {
  const field = `${what}: content size`;
  if (flag === 0) return isSingleSegment ? cursor.u8(field) : 0;
  if (flag === 1) return cursor.u16(field) + 256;
  return flag === 2 ? cursor.u32(field) : cursor.u64Number(field);
}

function checkBlocks(cursor: Cursor): void {
  for (let isLast = false; !isLast;) {
    const header = cursor.u16(`${what}: block`) | (cursor.u8(`${what}: block`) << 16);
    isLast = (header & 1) === 1;
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === 3 || size > maximumBlock)
      throw new Malformed(`${what}: block`, 'is of no known kind or size');
    cursor.take(type === 1 ? 1 : size, `${what}: block`);
  }
}
