import { crc32c } from '../../bytes/crc32c.ts';
import { Malformed } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import type { Ext4Superblock } from './ext4-superblock.ts';

/** An image and what its superblock says of it. */
export interface Ext4Volume {
  readonly source: ByteSource;
  readonly superblock: Ext4Superblock;
}

/**
 * Where blocks are in the image, in bytes.
 *
 * @throws Malformed if there are no such blocks, as the kernel says it (ext4_sb_block_valid() in fs/ext4/block_validity.c):
 * block 0, or the one with the superblock, is never a file's.
 */
export function toOffset({ superblock }: Ext4Volume, block: number, count: number, what: string): number {
  const { firstDataBlock, blockCount, blockSize } = superblock;
  if (block <= firstDataBlock || block > blockCount - count)
    throw new Malformed(what, `has no place in the image: ${count} blocks from block ${block} on`);
  return block * blockSize;
}

/** @throws Malformed if there is no such block. */
export async function readBlock(volume: Ext4Volume, block: number, what: string): Promise<Buffer> {
  const extent = { offset: toOffset(volume, block, 1, what), length: volume.superblock.blockSize };
  return Buffer.from(await readExtent(volume.source, what, extent));
}

/** What a checksum begins with that is bound to a number of less than 48 bits; null: there are no checksums. */
export function seedWith(seed: number | null, number: number, bytes: 4 | 8): number | null {
  if (seed === null) return null;
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(number, 0, Math.min(bytes, 6));
  return crc32c(buffer, seed);
}

/**
 * Checks a checksum, if there are any.
 *
 * @param bytes what it is over. @param stored its low bits, as many as there was room for.
 * @throws Malformed
 */
export function checkChecksum(
  bytes: Uint8Array,
  seed: number | null,
  { stored, bits }: { readonly stored: number; readonly bits: 16 | 32 },
  what: string,
): void {
  if (seed === null) return;
  const computed = crc32c(bytes, seed);
  if (stored !== (bits === 16 ? computed & 0xffff : computed))
    throw new Malformed(what, 'does not have the checksum that it says');
}

/** A copy with zeros in fields of two bytes: what a checksum is over that stands among it. */
export function without(bytes: Buffer, ...fields: readonly number[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const at of fields) copy.writeUInt16LE(0, at);
  return copy;
}
