import { Cursor } from '../../bytes/cursor.ts';
import { Malformed } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import { decompress } from './decompress.ts';
import { checkFileSize } from './file-range.ts';
import type { SquashfsData, SquashfsInode } from './squashfs-inode.ts';
import type { SquashfsMetadata } from './squashfs-metadata.ts';
import type { SquashfsSuperblock } from './squashfs-superblock.ts';

/** A block of data as lists have it: bit 24 says that it is stored as it is. */
const stored = 1 << 24;
const fragmentEntrySize = 16;
const fragmentsOfBlock = 512;

/** Everything that reading file data takes. */
export interface SquashfsContext {
  readonly source: ByteSource;
  readonly metadata: SquashfsMetadata;
  readonly superblock: SquashfsSuperblock;
}

/**
 * The content of a file (fs/squashfs/file.c).
 *
 * @throws Unsupported if it has more than `maximumBytes`.
 */
export async function readSquashfsFile(
  context: SquashfsContext,
  { name, size, data }: Extract<SquashfsInode, { kind: 'file' }>,
  maximumBytes: number,
): Promise<Uint8Array> {
  checkFileSize(size, maximumBytes, name);
  const { blockSize } = context.superblock;
  const bytes = new Uint8Array(size);
  const sizes = new Cursor((await context.metadata.read(data.sizes, data.blocks * 4, name)).bytes, 'little');
  let offset = data.start;
  for (let block = 0; block < data.blocks; block++) {
    const word = sizes.u32(name);
    const length = Math.min(blockSize, size - block * blockSize);
    const held = await readBlock(context, offset, word, name);
    // No bytes at all stand for a hole.
    if (held !== null) bytes.set(exactly(held, length, name), block * blockSize);
    offset += word & (stored - 1);
  }
  const rest = size - data.blocks * blockSize;
  if (rest > 0) bytes.set(await readFragment(context, data, rest, name), data.blocks * blockSize);
  return bytes;
}

async function readBlock(
  { source, superblock }: SquashfsContext,
  offset: number,
  word: number,
  name: string,
): Promise<Uint8Array | null> {
  const length = word & (stored - 1);
  if (length === 0) return null;
  if (word >= stored * 2 || length > superblock.blockSize)
    throw new Malformed(name, 'has a block of no sensible size');
  const bytes = await readExtent(source, name, { offset, length });
  return (word & stored) === 0 ? decompress(superblock.compressor, bytes, superblock.blockSize) : bytes;
}

function exactly(held: Uint8Array, length: number, name: string): Uint8Array {
  if (held.length !== length)
    throw new Malformed(name, `has a block of ${held.length} bytes instead of ${length}`);
  return held;
}

/** What is left of a file after its whole blocks is a part of a block that it shares with others. */
async function readFragment(
  context: SquashfsContext,
  { fragment }: SquashfsData,
  length: number,
  name: string,
): Promise<Uint8Array> {
  const { source, metadata, superblock } = context;
  if (fragment === null || fragment.index >= superblock.fragmentCount)
    throw new Malformed(name, 'has a tail in a fragment that there is not');
  const pointer = superblock.fragmentTable + Math.floor(fragment.index / fragmentsOfBlock) * 8;
  const at = new Cursor(await readExtent(source, name, { offset: pointer, length: 8 }), 'little');
  const block = at.u64Number(`${name}: fragment table`);
  const place = { block, offset: (fragment.index % fragmentsOfBlock) * fragmentEntrySize };
  const entry = new Cursor((await metadata.read(place, fragmentEntrySize, name)).bytes, 'little');
  const start = entry.u64Number(`${name}: fragment`);
  const held = await readBlock(context, start, entry.u32(name), name);
  const part = held?.subarray(fragment.offset, fragment.offset + length);
  if (part?.length !== length) throw new Malformed(name, 'has a tail that is not in its fragment');
  return part;
}
