import { guidOnDisk, sealGptCopy } from './gpt-writer.ts';
import {
  entry,
  fine,
  flip,
  type ImageEdit,
  inPlace,
  open,
  sector,
  startOf,
  table,
  unsupported,
} from './image-edit.ts';

/** Cases about which file systems and partitions readers find in the file. */
export const tableEdits: readonly ImageEdit[] = [
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
    refused: { code: 'unsigned', stage: 'tree' },
    id: 'no-partition-table',
    comment: 'The data partition alone: a bare erofs file system, which no root hash covers.',
    flags: ['Partitions'],
    edit: (bytes) => bytes.subarray(startOf(bytes, 1), startOf(bytes, 1) + 4096),
  },
];
