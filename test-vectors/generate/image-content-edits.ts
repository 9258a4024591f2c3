import {
  entry,
  fine,
  flip,
  identity,
  type ImageEdit,
  inPlace,
  open,
  signature,
  startOf,
  table,
  tree,
} from './image-edit.ts';

/** Cases about what is in the partitions: data, hash tree and signature. */
export const contentEdits: readonly ImageEdit[] = [
  {
    ...fine,
    id: 'signature-unknown-field',
    comment: 'The signature partition has a field that is not known; the format wants that tolerated.',
    flags: ['SignaturePartition'],
    edit: signature((text) => text.replace('{', '{"later":{"version":[2]},')),
  },
  {
    ...open,
    id: 'signature-key-twice',
    comment: 'The signature partition names two root hashes.',
    flags: ['SignaturePartition'],
    edit: signature((text) => text.replace('{', `{"rootHash":"${'00'.repeat(32)}",`)),
  },
  {
    ...open,
    id: 'signature-after-zeros',
    comment: 'The signature partition goes on after zeros.',
    flags: ['SignaturePartition'],
    edit: signature((text) => Buffer.concat([Buffer.from(text), Buffer.alloc(512), Buffer.from(text)])),
  },
  {
    ...open,
    id: 'signature-root-hash-capitals',
    comment: 'The root hash is in capitals: another spelling than the one that is signed.',
    flags: ['SignaturePartition'],
    edit: signature((text) => text.replace(/[0-9a-f]{64}/, (hash) => hash.toUpperCase())),
  },
  {
    ...tree,
    from: 'sysext-x86-64-rsa',
    id: 'superblock-chrome-os',
    comment: 'Hash type 0, the salt after the data, in place of 1: another root hash.',
    flags: ['Superblock', 'Corrupt'],
    edit: inPlace((bytes) => bytes.writeUInt32LE(0, startOf(bytes, 2) + 12)),
  },
  {
    ...tree,
    from: 'sysext-x86-64-rsa',
    refused: { code: 'unsupported', stage: 'tree' },
    id: 'superblock-sha1',
    comment: 'The algorithm is SHA-1, which systemd would use.',
    flags: ['Superblock'],
    edit: inPlace((bytes) =>
      bytes.fill(0, startOf(bytes, 2) + 32, startOf(bytes, 2) + 64).write('sha1', startOf(bytes, 2) + 32),
    ),
  },
  {
    ...open,
    id: 'superblock-too-many-blocks',
    comment: 'The hash tree covers more than the data partition has.',
    flags: ['Superblock'],
    edit: inPlace((bytes) => bytes.writeBigUInt64LE(1n << 30n, startOf(bytes, 2) + 72)),
  },
  {
    ...tree,
    id: 'superblock-fewer-blocks',
    comment: 'The hash tree covers one data block less than it did; its root hash is the same.',
    flags: ['Superblock', 'Corrupt'],
    edit: inPlace((bytes) => {
      const at = startOf(bytes, 2) + 72;
      bytes.writeBigUInt64LE(bytes.readBigUInt64LE(at) - 1n, at);
    }),
  },
  {
    ...tree,
    id: 'superblock-salt',
    comment: 'A flipped bit in the salt.',
    flags: ['Superblock', 'Corrupt'],
    edit: inPlace((bytes) => flip(bytes, startOf(bytes, 2) + 88)),
  },
  {
    ...tree,
    id: 'data-bit',
    comment: 'A flipped bit in data block 200.',
    flags: ['Corrupt'],
    edit: inPlace((bytes) => flip(bytes, startOf(bytes, 1) + 200 * 4096)),
  },
  {
    ...tree,
    id: 'leaf-bit',
    comment: 'A flipped bit in the second leaf of the hash tree.',
    flags: ['Corrupt'],
    edit: inPlace((bytes) => flip(bytes, startOf(bytes, 2) + 3 * 4096)),
  },
  {
    ...tree,
    id: 'root-block-bit',
    comment: 'A flipped bit in the unused end of the top hash block.',
    flags: ['Corrupt'],
    edit: inPlace((bytes) => flip(bytes, startOf(bytes, 2) + 2 * 4096 - 1)),
  },
  {
    ...identity,
    id: 'data-partition-uuid',
    comment:
      'The UUID of the data partition is not the beginning of the root hash: systemd would not find it.',
    flags: ['Identity'],
    edit: table((bytes) => flip(bytes, entry(1, 16))),
  },
  {
    ...identity,
    id: 'verity-partition-uuid',
    comment: 'The UUID of the hash tree is not the end of the root hash.',
    flags: ['Identity'],
    edit: table((bytes) => flip(bytes, entry(2, 31))),
  },
  {
    ...identity,
    id: 'signature-of-other-image',
    comment:
      'The signature partition is about another root hash, of whose signature it may well have a copy.',
    flags: ['Identity'],
    edit: signature((text) => text.replace(/[0-9a-f]{64}/, 'ab'.repeat(32))),
  },
];
