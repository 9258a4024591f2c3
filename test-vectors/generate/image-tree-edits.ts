import { entry, fine, flip, type ImageEdit, inPlace, open, startOf, table, tree } from './image-edit.ts';

const flags = ['Corrupt'];
const end = (bytes: Buffer, number: number): number =>
  (Number(bytes.readBigUInt64LE(entry(number, 40))) + 1) * 512;

/** A flipped bit; `at` is in a partition, from its end if negative. */
const bit = (
  id: string,
  comment: string,
  [number, at]: readonly [number, number],
  more: Partial<ImageEdit> = {},
): ImageEdit => ({
  ...tree,
  from: 'three-levels',
  flags,
  id,
  comment,
  edit: inPlace((bytes) => flip(bytes, at < 0 ? end(bytes, number) + at : startOf(bytes, number) + at)),
  ...more,
});

// three-levels: 343 data blocks of 4096; superblock, one block, two blocks, twenty-two blocks of 512.
const level = (block: number, at = 0): readonly [number, number] => [2, (1 + block) * 512 + at];

/** Cases about data and hash blocks that are not what the root hash says. */
export const treeEdits: readonly ImageEdit[] = [
  bit('data-first-bit', 'The first bit of the data.', [1, 0]),
  bit('data-middle-bit', 'A bit in the middle of the data.', [1, 171 * 4096 + 2048]),
  bit('data-last-bit', 'The last byte of the data.', [1, 343 * 4096 - 1]),
  bit('level-top-first', 'The first digest of the top of the tree.', level(0)),
  bit('level-top-unused', 'A bit behind the digests in the top of the tree.', level(0, 511)),
  bit('level-middle-first', 'The first block of the middle level.', level(1)),
  bit('level-middle-last', 'The second and last block of the middle level.', level(2, 32)),
  bit('level-middle-unused', 'A bit behind the digests in the middle level.', level(2, 511)),
  bit('level-leaf-first', 'The first leaf.', level(3, 7)),
  bit('level-leaf-middle', 'A leaf in the middle.', level(13, 100)),
  bit('level-leaf-last', 'The last leaf, which holds the digests of seven data blocks.', level(24, 6 * 32)),
  bit('level-leaf-unused', 'A bit behind the digests in the last leaf.', level(24, 511)),
  bit('one-block-bit', 'A bit of the only data block, whose digest is the root hash.', [1, 65_535], {
    from: 'one-block',
  }),
  bit('data-sha512-bit', 'A bit of the data under a tree by SHA-512.', [1, 700_000], { from: 'sha512' }),
  bit('data-512-bit', 'A bit of the data under a tree with blocks of 512 bytes.', [1, 1_404_000], {
    from: 'blocks-512-512',
  }),
  bit('slack-data-bit', 'A bit of the data partition that the tree does not cover.', [1, -1], {
    from: 'slack',
    refused: null,
  }),
  bit(
    'slack-tree-bits',
    'Bytes behind the hash tree in its partition, where error correction may stand; nobody reads them.',
    [2, -1],
    {
      from: 'slack',
      refused: null,
      edit: inPlace((bytes) => bytes.fill(0xfe, end(bytes, 2) - 16 * 512, end(bytes, 2))),
    },
  ),
  {
    ...tree,
    flags,
    id: 'data-blocks-swapped',
    comment: 'Data blocks 1 and 2 have changed places.',
    edit: inPlace((bytes) => {
      const start = startOf(bytes, 1) + 4096;
      const first = Buffer.from(bytes.subarray(start, start + 4096));
      bytes.copyWithin(start, start + 4096, start + 8192);
      first.copy(bytes, start + 4096);
    }),
  },
  {
    ...tree,
    from: 'three-levels',
    flags,
    id: 'leaves-swapped',
    comment: 'Two leaves of the hash tree have changed places.',
    edit: inPlace((bytes) => {
      const start = startOf(bytes, 2) + 4 * 512;
      const first = Buffer.from(bytes.subarray(start, start + 512));
      bytes.copyWithin(start, start + 512, start + 1024);
      first.copy(bytes, start + 512);
    }),
  },
  {
    ...tree,
    flags,
    id: 'tree-wiped',
    comment: 'The hash tree is zeros behind its superblock.',
    edit: inPlace((bytes) => bytes.fill(0, startOf(bytes, 2) + 4096, end(bytes, 2))),
  },
  {
    ...tree,
    flags,
    id: 'data-wiped',
    comment: 'The data is zeros.',
    edit: inPlace((bytes) => bytes.fill(0, startOf(bytes, 1), end(bytes, 1))),
  },
  {
    ...open,
    from: 'three-levels',
    flags: ['Superblock'],
    id: 'tree-partition-too-small',
    comment: 'The partition of the hash tree ends a sector before the tree does.',
    edit: table((bytes) => {
      bytes.fill(0, end(bytes, 2) - 512, end(bytes, 2));
      bytes.writeBigUInt64LE(bytes.readBigUInt64LE(entry(2, 40)) - 1n, entry(2, 40));
    }),
  },
  {
    ...open,
    from: 'three-levels',
    flags: ['Superblock'],
    id: 'data-partition-too-small',
    comment: 'The data partition ends a sector before the data that is covered.',
    edit: table((bytes) => {
      bytes.fill(0, end(bytes, 1) - 512, end(bytes, 1));
      bytes.writeBigUInt64LE(bytes.readBigUInt64LE(entry(1, 40)) - 1n, entry(1, 40));
    }),
  },
  {
    ...fine,
    flags: ['Identity'],
    id: 'disk-guid',
    comment: 'Another disk GUID, which is compared with nothing.',
    edit: table((bytes) => flip(bytes, 512 + 56)),
  },
];
