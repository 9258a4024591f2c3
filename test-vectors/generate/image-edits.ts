import { guidOnDisk, repairGpt, sealGptCopy } from './gpt-writer.ts';

/** A case that differs from a genuine image by one edit. */
export interface ImageEdit {
  readonly id: string;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly from: GenuineImage;
  /** Gives the edited image; the bytes are a copy. CRCs are right unless they are what the case is about. */
  readonly edit: (bytes: Buffer) => Buffer;
  /** Null if the image is accepted as the genuine one is. */
  readonly refused: {
    readonly code: 'malformed' | 'unsupported' | 'data-corrupt' | 'root-hash-mismatch';
    readonly stage: 'open' | 'tree';
  } | null;
}

export type GenuineImage = 'sysext-x86-64-rsa' | 'sysext-two-levels' | 'sysext-large-sectors';

const sector = 512;
const entry = (number: number, field = 0): number => 2 * sector + (number - 1) * 128 + field;
const startOf = (bytes: Buffer, number: number): number =>
  Number(bytes.readBigUInt64LE(entry(number, 32))) * sector;

/** An edit within the partition table, whose CRCs and backup are made right again. */
const table =
  (edit: (bytes: Buffer) => unknown) =>
  (bytes: Buffer): Buffer => {
    edit(bytes);
    repairGpt(bytes);
    return bytes;
  };

const inPlace =
  (edit: (bytes: Buffer) => unknown) =>
  (bytes: Buffer): Buffer => {
    edit(bytes);
    return bytes;
  };

/** Another text in the signature partition; the rest of it is zeros. */
const signature = (change: (text: string) => string | Buffer) =>
  inPlace((bytes) => {
    const start = startOf(bytes, 3);
    const text = bytes.toString('utf8', start, bytes.indexOf(0, start));
    bytes.fill(0, start, start + 16_384);
    bytes.set(Buffer.from(change(text)), start);
  });

const flip = (bytes: Buffer, at: number): void => void bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);

const open = { from: 'sysext-x86-64-rsa', refused: { code: 'malformed', stage: 'open' } } as const;
const unsupported = { ...open, refused: { code: 'unsupported', stage: 'open' } } as const;
const tree = { from: 'sysext-two-levels', refused: { code: 'data-corrupt', stage: 'tree' } } as const;
const identity = { ...tree, refused: { code: 'root-hash-mismatch', stage: 'tree' } } as const;
const fine = { from: 'sysext-x86-64-rsa', refused: null } as const;

export const imageEdits: readonly ImageEdit[] = [
  {
    ...fine,
    id: 'signature-unknown-field',
    comment: 'The signature partition has a field that is not known; the format wants that tolerated.',
    flags: ['SignaturePartition'],
    edit: signature((text) => text.replace('{', '{"later":{"version":[2]},')),
  },
  {
    ...fine,
    id: 'protective-mbr-unlimited',
    comment: 'The protective MBR gives the size as unlimited, as some tools write it.',
    flags: ['Table'],
    edit: inPlace((bytes) => bytes.writeUInt32LE(0xffffffff, 446 + 12)),
  },
  {
    ...fine,
    id: 'no-attributes',
    comment: 'The partitions are not marked read-only; with a hash tree they are in any case.',
    flags: ['Partitions'],
    edit: table((bytes) => [1, 2, 3].forEach((number) => bytes.writeBigUInt64LE(0n, entry(number, 48)))),
  },
  {
    ...open,
    id: 'squashfs-in-boot-code',
    comment:
      'A squashfs superblock in the boot code: the file is also a bare file system, which nobody signed.',
    flags: ['Polyglot'],
    edit: inPlace((bytes) => {
      bytes.write('hsqs', 0);
      bytes.writeUInt16LE(4, 28);
    }),
  },
  {
    ...open,
    id: 'ext4-magic-in-name',
    comment: 'The name of the first partition begins with U+EF53, which at this place is the magic of ext4.',
    flags: ['Polyglot'],
    edit: table((bytes) => bytes.writeUInt16LE(0xef53, entry(1, 56))),
  },
  {
    ...open,
    from: 'sysext-large-sectors',
    id: 'erofs-before-header',
    comment: 'With 4096-byte sectors, an erofs superblock fits between the MBR and the GPT header.',
    flags: ['Polyglot'],
    edit: inPlace((bytes) => bytes.write('e2e1f5e0', 1024, 'hex')),
  },
  {
    ...open,
    from: 'sysext-two-levels',
    id: 'reiserfs-in-data',
    comment: 'A reiserfs superblock within the data partition: libblkid looks for it in the whole file.',
    flags: ['Polyglot'],
    edit: inPlace((bytes) => bytes.write('ReIsEr2Fs', 65_588)),
  },
  {
    ...open,
    id: 'space-between-not-zero',
    comment: 'A byte between the partition table and the first partition.',
    flags: ['Polyglot'],
    edit: inPlace((bytes) => bytes.writeUInt8(1, 35 * sector)),
  },
  {
    ...open,
    id: 'second-header',
    comment: 'A second GPT header signature where one for 4096-byte sectors would be.',
    flags: ['Table'],
    edit: table((bytes) => bytes.write('EFI PART', 4096)),
  },
  {
    ...open,
    id: 'header-crc',
    comment: 'The primary header fails its CRC: libblkid would read the backup, and other readers would not.',
    flags: ['Table'],
    edit: inPlace((bytes) => flip(bytes, sector + 56)),
  },
  {
    ...open,
    id: 'entries-crc',
    comment: 'The entries fail their CRC.',
    flags: ['Table'],
    edit: inPlace((bytes) => flip(bytes, entry(1, 56))),
  },
  {
    ...open,
    id: 'backup-differs',
    comment: 'The backup table is in order, and has the data partition under another UUID.',
    flags: ['Table'],
    edit: inPlace((bytes) => {
      flip(bytes, bytes.length - 33 * sector + 16);
      sealGptCopy(bytes, bytes.length / sector - 1);
    }),
  },
  {
    ...unsupported,
    id: 'entry-size',
    comment: 'Entries of 256 bytes, of which libblkid turns to the backup table.',
    flags: ['Table'],
    edit: inPlace((bytes) => {
      bytes.writeUInt32LE(256, sector + 84);
      sealGptCopy(bytes, 1);
    }),
  },
  {
    ...open,
    id: 'trailing-sector',
    comment: 'A sector of zeros after the backup table.',
    flags: ['Table'],
    edit: (bytes) => Buffer.concat([bytes, Buffer.alloc(sector)]),
  },
  {
    ...open,
    id: 'truncated',
    comment: 'The last sector is missing.',
    flags: ['Table'],
    edit: (bytes) => bytes.subarray(0, -sector),
  },
  {
    ...open,
    id: 'overlapping-partitions',
    comment: 'The signature partition begins in the middle of the hash tree.',
    flags: ['Table'],
    edit: table((bytes) => bytes.writeBigUInt64LE(bytes.readBigUInt64LE(entry(2, 32)) + 1n, entry(3, 32))),
  },
  {
    ...unsupported,
    id: 'verity-no-auto',
    comment: 'The hash tree has the attribute "no auto": systemd would mount the data without it.',
    flags: ['Partitions'],
    edit: table((bytes) => bytes.writeBigUInt64LE(0x9n << 60n, entry(2, 48))),
  },
  {
    ...unsupported,
    id: 'verity-labelled-empty',
    comment: 'The hash tree has the label of a partition without content.',
    flags: ['Partitions'],
    edit: table((bytes) => bytes.fill(0, entry(2, 56), entry(3)).write('_empty', entry(2, 56), 'utf16le')),
  },
  {
    ...unsupported,
    id: 'two-data-partitions',
    comment:
      'The signature partition is a second data partition: which of them is mounted depends on labels.',
    flags: ['Partitions'],
    edit: table((bytes) => bytes.copy(bytes, entry(3), entry(1), entry(1, 16))),
  },
  {
    ...unsupported,
    id: 'foreign-partition',
    comment: 'The signature partition is an EFI system partition.',
    flags: ['Partitions'],
    edit: table((bytes) => guidOnDisk('c12a7328-f81f-11d2-ba4b-00a0c93ec93b').copy(bytes, entry(3))),
  },
  {
    ...unsupported,
    id: 'no-partition-table',
    comment: 'The data partition alone: a bare erofs file system.',
    flags: ['Partitions'],
    edit: (bytes) => bytes.subarray(startOf(bytes, 1), startOf(bytes, 1) + 4096),
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
    ...unsupported,
    id: 'superblock-chrome-os',
    comment: 'Hash type 0: the salt comes after the data.',
    flags: ['Superblock'],
    edit: inPlace((bytes) => bytes.writeUInt32LE(0, startOf(bytes, 2) + 12)),
  },
  {
    ...unsupported,
    id: 'superblock-sha1',
    comment: 'A hash tree by SHA-1, which systemd would use.',
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
