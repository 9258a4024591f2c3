import { Decompress } from 'fzstd';

import { Cursor } from '../../bytes/cursor.ts';
import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { checkHuffmanWeights } from './zstd-huffman.ts';

const what = 'zstd frame';

/** Largest window: a block of squashfs has at most 1 MiB. */
const maximumWindow = 8 * 1024 * 1024;
const maximumBlock = 128 * 1024;
/** The decoder moves its whole window for every block, so that blocks of next to nothing would keep it busy for hours. */
const bytesOfBlock = 4096;
const blocksAlways = 16;

/**
 * Decompresses exactly one Zstandard frame (RFC 8878). The decoder takes the sizes that a frame claims at their word, so they
 * are checked before it runs, and what it gives is counted while it runs.
 *
 * @throws Malformed | Unsupported
 */
export function decompressZstdFrame(frame: Uint8Array, maximumBytes: number): Uint8Array {
  return decompress(frame, maximumBytes, false);
}

/**
 * Decompresses as much of one frame as gives `length` bytes; what is in the blocks after those is not looked at.
 *
 * @returns fewer bytes if the frame ends before.
 * @throws Malformed | Unsupported
 */
export function decompressZstdPrefix(frame: Uint8Array, length: number): Uint8Array {
  return decompress(frame, length, true);
}

function decompress(frame: Uint8Array, maximumBytes: number, isCut: boolean): Uint8Array {
  const { window, blocks, checksum } = parseFrame(frame);
  const pieces: Uint8Array[] = [];
  let length = 0;
  const decoder = new Decompress((piece) => {
    length += piece.length;
    pieces.push(piece);
  });
  push(decoder, frameHeader(Math.min(window, maximumBytes), checksum.length > 0), false);
  for (const [index, block] of blocks.entries()) {
    if (index >= blocksAlways + maximumBytes / bytesOfBlock)
      throw new Unsupported(what, `has ${blocks.length} blocks for ${maximumBytes} bytes`);
    checkHuffmanWeights(block);
    push(decoder, block, false);
    if (length >= maximumBytes && isCut) return new Uint8Array(Buffer.concat(pieces, maximumBytes));
    if (length > maximumBytes) throw new Malformed(what, 'gives more than it may');
  }
  push(decoder, checksum, true);
  if (length > maximumBytes && !isCut) throw new Malformed(what, 'gives more than it may');
  return new Uint8Array(Buffer.concat(pieces, Math.min(length, maximumBytes)));
}

function push(decoder: Decompress, bytes: Uint8Array, isLast: boolean): void {
  try {
    decoder.push(bytes, isLast);
  } catch {
    throw new Malformed(what, 'cannot be decompressed');
  }
}

/** A header for the same blocks with no more window than there can be bytes: nothing can be repeated from before them. */
function frameHeader(window: number, hasChecksum: boolean): Uint8Array {
  const exponent = Math.ceil(Math.log2(Math.max(window, maximumBlock))) - 10;
  return Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, hasChecksum ? 4 : 0, exponent << 3);
}

interface Frame {
  /** Bytes that the decoder must keep. */
  readonly window: number;
  readonly blocks: readonly Uint8Array[];
  readonly checksum: Uint8Array;
}

/** RFC 8878 section 3.1.1. */
function parseFrame(frame: Uint8Array): Frame {
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
  const blocks = takeBlocks(cursor, frame);
  const checksum = cursor.take(hasChecksum ? 4 : 0, `${what}: checksum`);
  cursor.end(what);
  return { window: window ?? size, blocks, checksum };
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

/** Blocks with their headers. */
function takeBlocks(cursor: Cursor, frame: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let isLast = false; !isLast;) {
    const start = cursor.offset;
    const header = cursor.u16(`${what}: block`) | (cursor.u8(`${what}: block`) << 16);
    isLast = (header & 1) === 1;
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === 3 || size > maximumBlock)
      throw new Malformed(`${what}: block`, 'is of no known kind or size');
    cursor.take(type === 1 ? 1 : size, `${what}: block`);
    blocks.push(frame.subarray(start, cursor.offset));
  }
  return blocks;
}
