import assert from 'node:assert/strict';

import type { Malformed, Unsupported } from '../../../bytes/failures.ts';
import type { ErofsInode } from '../erofs-inode.ts';
import type { ErofsSuperblock } from '../erofs-superblock.ts';

/** A superblock that allows everything. */
export const superblock: ErofsSuperblock = {
  ...{ blockSize: 4096, rootInode: 0, metadataOffset: 0, sharedAttributesOffset: 0, hasChunkedFiles: false },
  ...{ hasZeroPadding: true, hasLargeClusters: true, packedInode: null },
  algorithms: new Set(['lz4', 'deflate', 'zstd', 'lzma']),
};

/** An inode before the first byte of an image: its map header is at byte 0, its index at byte 16, or 8 if it is compact. */
export const inode = (size: number, layout: ErofsInode['layout'] = 'full'): ErofsInode => ({
  ...{ number: 1, name: 'erofs inode 1', type: 0o100000, size, layout, union: 0 },
  ...{ attributesOffset: 0, attributesLength: 0 },
});

/** A map header: what it advises, its algorithms, its last byte, and its first four. */
export function mapHeader(advise: number, { algorithms = 0, last = 0, tail = 0 } = {}): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(tail, 0);
  header.writeUInt16LE(advise, 4);
  header.writeUInt8(algorithms, 6);
  header.writeUInt8(last, 7);
  return header;
}

/** Type, start and address of a full index entry where a piece begins. */
export type Head = readonly ['plain' | 'first' | 'second', number, number];
/** Ways back and ahead of one where none does. */
export type Inside = readonly [number, number];

/** A full index with its map header. */
export function fullIndex(header: Buffer, ...entries: readonly (Head | Inside)[]): Buffer {
  const index = entries.map((entry) => {
    const bytes = Buffer.alloc(8);
    if (entry.length === 2) {
      bytes.writeUInt16LE(2, 0);
      bytes.writeUInt16LE(entry[0], 4);
      bytes.writeUInt16LE(entry[1], 6);
      return bytes;
    }
    bytes.writeUInt16LE({ plain: 0, first: 1, second: 3 }[entry[0]], 0);
    bytes.writeUInt16LE(entry[1], 2);
    bytes.writeUInt32LE(entry[2], 4);
    return bytes;
  });
  return Buffer.concat([header, Buffer.alloc(8), ...index]);
}

/** Asserts how something is refused. */
export function refuses(
  what: () => Promise<unknown> | Uint8Array,
  Failure: typeof Malformed | typeof Unsupported,
  problem: RegExp,
): Promise<void> {
  return assert.rejects(
    // A function that throws at once is refused like a promise.
    Promise.resolve().then(what),
    (error) => error instanceof Failure && problem.test(error.message),
    problem.source,
  );
}
