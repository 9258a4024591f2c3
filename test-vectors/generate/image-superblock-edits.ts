import { fine, flip, type ImageEdit, open, superblock, tree, unsupported } from './image-edit.ts';

const flags = ['Superblock'];
/** Of a kind that is read, and refused unless somebody asks for it. */
const kind = { ...tree, refused: { code: 'unsupported', stage: 'tree' } } as const;

const blockSize = (which: 'data' | 'hash', size: number): ImageEdit => ({
  ...open,
  flags,
  id: `${which}-block-size-${size}`,
  comment: `The ${which} block size is ${size}.`,
  edit: superblock((bytes) => bytes.writeUInt32LE(size, which === 'data' ? 64 : 68)),
});

const algorithm = (id: string, comment: string, name: string | Buffer): ImageEdit => ({
  ...open,
  flags,
  id: `algorithm-${id}`,
  comment,
  edit: superblock((bytes) => Buffer.from(name).copy(bytes.fill(0, 32, 64), 32)),
});

/** Cases about each field of the superblock. */
export const superblockEdits: readonly ImageEdit[] = [
  {
    ...fine,
    flags,
    id: 'superblock-uuid',
    comment: 'Another UUID in the superblock, which no digest covers and nobody reads.',
    edit: superblock((bytes) => flip(bytes, 16)),
  },
  {
    ...open,
    flags,
    id: 'superblock-signature',
    comment: 'The superblock does not begin with "verity".',
    edit: superblock((bytes) => flip(bytes, 0)),
  },
  {
    ...open,
    flags,
    id: 'superblock-signature-end',
    comment: 'The signature of the superblock ends in a byte that is not zero.',
    edit: superblock((bytes) => flip(bytes, 7)),
  },
  {
    ...unsupported,
    flags,
    id: 'superblock-version-0',
    comment: 'Version 0 of the superblock.',
    edit: superblock((bytes) => bytes.writeUInt32LE(0, 8)),
  },
  {
    ...unsupported,
    flags,
    id: 'superblock-version-2',
    comment: 'Version 2 of the superblock.',
    edit: superblock((bytes) => bytes.writeUInt32LE(2, 8)),
  },
  {
    ...open,
    flags,
    id: 'superblock-hash-type-2',
    comment: 'Hash type 2, which there is not.',
    edit: superblock((bytes) => bytes.writeUInt32LE(2, 12)),
  },
  algorithm('none', 'The superblock names no algorithm.', ''),
  algorithm('capitals', 'The algorithm is called SHA256.', 'SHA256'),
  algorithm('after-zero', 'The name of the algorithm goes on after a zero.', 'sha256\0x'),
  algorithm('unterminated', 'The name of the algorithm fills its field.', 'sha256'.padEnd(32, ' ')),
  {
    ...algorithm('unknown', 'An algorithm that nobody knows.', 'sha257'),
    ...kind,
    flags,
  },
  ...[0, 256, 511, 1000, 131_072].map((size) => blockSize('data', size)),
  ...[0, 256, 1000, 131_072].map((size) => blockSize('hash', size)),
  {
    ...blockSize('data', 2048),
    ...tree,
    comment: 'The data block size is 2048 in place of 4096: half of the data would be covered.',
    flags: ['Superblock', 'Corrupt'],
  },
  {
    ...blockSize('hash', 2048),
    ...tree,
    flags: ['Superblock', 'Corrupt'],
    comment: 'The hash block size is 2048 in place of 4096.',
  },
  {
    ...open,
    flags,
    id: 'superblock-no-blocks',
    comment: 'The hash tree covers no data.',
    edit: superblock((bytes) => bytes.writeBigUInt64LE(0n, 72)),
  },
  {
    ...open,
    flags,
    id: 'superblock-2-60-blocks',
    comment: 'The hash tree covers 2^60 blocks: a reader that multiplies without care overflows.',
    edit: superblock((bytes) => bytes.writeBigUInt64LE(1n << 60n, 72)),
  },
  {
    ...open,
    flags,
    id: 'superblock-2-64-blocks',
    comment: 'The hash tree covers 2^64 - 1 blocks.',
    edit: superblock((bytes) => bytes.fill(0xff, 72, 80)),
  },
  {
    ...tree,
    from: 'slack',
    flags: ['Superblock', 'Corrupt'],
    id: 'superblock-one-block-more',
    comment: 'The hash tree covers one data block more than it did; the partition has room for it.',
    edit: superblock((bytes) => bytes.writeBigUInt64LE(bytes.readBigUInt64LE(72) + 1n, 72)),
  },
  {
    ...tree,
    from: 'full-hash-block-and-one',
    flags: ['Superblock', 'Corrupt'],
    id: 'superblock-one-level-less',
    comment: 'The hash tree covers as many blocks as one hash block has digests: a level less.',
    edit: superblock((bytes) => bytes.writeBigUInt64LE(128n, 72)),
  },
  {
    ...open,
    flags,
    id: 'salt-size-257',
    comment: 'A salt of 257 bytes, one more than the field has.',
    edit: superblock((bytes) => bytes.writeUInt16LE(257, 80)),
  },
  {
    ...open,
    flags,
    id: 'salt-size-less',
    comment: 'The salt is a byte shorter than it was; the byte is still there.',
    edit: superblock((bytes) => bytes.writeUInt16LE(bytes.readUInt16LE(80) - 1, 80)),
  },
  {
    ...tree,
    flags: ['Superblock', 'Corrupt'],
    id: 'salt-size-more',
    comment: 'The salt is a zero longer than it was.',
    edit: superblock((bytes) => bytes.writeUInt16LE(bytes.readUInt16LE(80) + 1, 80)),
  },
  {
    ...open,
    flags,
    id: 'superblock-padding',
    comment: 'A byte in the padding after the salt size.',
    edit: superblock((bytes) => bytes.writeUInt8(1, 87)),
  },
  {
    ...open,
    flags,
    id: 'superblock-end',
    comment: 'A byte in the padding at the end of the superblock.',
    edit: superblock((bytes) => bytes.writeUInt8(1, 511)),
  },
];
