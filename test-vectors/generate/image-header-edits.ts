import { crc32 } from 'node:zlib';

import { sealGptCopy } from './gpt-writer.ts';
import {
  copyOf,
  flip,
  type ImageEdit,
  inPlace,
  open,
  sector,
  startOf,
  table,
  unsupported,
} from './image-edit.ts';

const flags = ['Table'];
const last = (bytes: Buffer): number => bytes.length - sector;

/** An edit of the header in both copies of the table. */
const both = (edit: (header: Buffer) => unknown) =>
  table((bytes) => edit(bytes.subarray(sector, 2 * sector)));

/** Cases about the protective MBR and the two headers. */
export const headerEdits: readonly ImageEdit[] = [
  {
    ...open,
    flags,
    id: 'hybrid-mbr',
    comment: 'The MBR has a second partition: readers of MBRs see another disk.',
    edit: inPlace((bytes) => bytes.set([0, 0, 2, 0, 0x83, 0, 0, 0, 40, 0, 0, 0, 8, 0, 0, 0], 462)),
  },
  {
    ...open,
    flags,
    id: 'mbr-not-protective',
    comment: 'The only partition of the MBR is of type 0x83.',
    edit: inPlace((bytes) => bytes.writeUInt8(0x83, 450)),
  },
  {
    ...open,
    flags,
    id: 'mbr-bootable',
    comment: 'The protective partition is marked bootable.',
    edit: inPlace((bytes) => bytes.writeUInt8(0x80, 446)),
  },
  {
    ...open,
    flags,
    id: 'mbr-start',
    comment: 'The protective partition begins in sector 0.',
    edit: inPlace((bytes) => bytes.writeUInt32LE(0, 454)),
  },
  {
    ...open,
    flags,
    id: 'mbr-too-short',
    comment: 'The protective partition ends a sector before the file does.',
    edit: inPlace((bytes) => bytes.writeUInt32LE(bytes.readUInt32LE(458) - 1, 458)),
  },
  {
    ...open,
    flags,
    id: 'mbr-signature',
    comment: 'The MBR lacks its signature 55AA.',
    edit: inPlace((bytes) => bytes.writeUInt16LE(0, 510)),
  },
  {
    ...open,
    flags,
    id: 'mbr-disk-signature',
    comment: 'The MBR has a disk signature: bytes that nobody needs and others might read.',
    edit: inPlace((bytes) => bytes.writeUInt32LE(0x5a5a5a5a, 440)),
  },
  {
    ...unsupported,
    flags,
    id: 'header-revision',
    comment: 'Both headers are of revision 1.1.',
    edit: both((header) => header.writeUInt32LE(0x00010001, 8)),
  },
  {
    ...unsupported,
    flags,
    id: 'header-size',
    comment: 'Both headers say that they have 512 bytes, which their CRCs do not cover.',
    edit: both((header) => header.writeUInt32LE(512, 12)),
  },
  {
    ...open,
    flags,
    id: 'header-reserved',
    comment: 'The reserved field of both headers is not zero.',
    edit: both((header) => header.writeUInt32LE(1, 20)),
  },
  {
    ...open,
    flags,
    id: 'header-rest',
    comment: 'A byte after the primary header in its sector, which no CRC covers.',
    edit: inPlace((bytes) => bytes.writeUInt8(1, 2 * sector - 1)),
  },
  {
    ...open,
    flags,
    id: 'header-own-lba',
    comment: 'The primary header says that it is in sector 2; systemd finds no table then.',
    edit: copyOf('primary', (header) => header.writeBigUInt64LE(2n, 24)),
  },
  {
    ...open,
    flags,
    id: 'header-alternate-lba',
    comment: 'The primary header says that the backup is a sector before the last.',
    edit: copyOf('primary', (header) => header.writeBigUInt64LE(header.readBigUInt64LE(32) - 1n, 32)),
  },
  {
    ...open,
    flags,
    id: 'usable-before-entries-end',
    comment: 'The first usable sector is within the partition entries.',
    edit: both((header) => header.writeBigUInt64LE(2n, 40)),
  },
  {
    ...open,
    flags,
    id: 'usable-past-end',
    comment: 'The last usable sector is within the backup table.',
    edit: both((header) => header.writeBigUInt64LE(header.readBigUInt64LE(48) + 1n, 48)),
  },
  {
    ...unsupported,
    flags,
    id: 'entries-elsewhere',
    comment: 'The primary entries begin in sector 3.',
    edit: inPlace((bytes) => {
      bytes.copyWithin(3 * sector, 2 * sector, 34 * sector);
      bytes.fill(0, 2 * sector, 3 * sector).writeBigUInt64LE(3n, sector + 72);
      sealGptCopy(bytes, 1);
    }),
  },
  {
    ...open,
    flags,
    id: 'entries-none',
    comment: 'The table has room for no entry at all.',
    edit: both((header) => header.writeUInt32LE(0, 80)),
  },
  {
    ...open,
    flags,
    id: 'entries-four-billion',
    comment: 'The header announces 4,294,967,295 entries, that is 512 GiB.',
    edit: inPlace((bytes) => {
      bytes.writeUInt32LE(0xffffffff, sector + 80);
      resealHeader(bytes);
    }),
  },
  {
    ...open,
    flags,
    id: 'primary-wiped',
    comment: 'The primary header and its entries are zeros; the backup is in order.',
    refused: { code: 'unsupported', stage: 'open' },
    edit: inPlace((bytes) => bytes.fill(0, sector, 34 * sector)),
  },
  {
    ...open,
    flags,
    id: 'backup-wiped',
    comment: 'The backup header and its entries are zeros.',
    edit: inPlace((bytes) => bytes.fill(0, bytes.length - 33 * sector)),
  },
  {
    ...open,
    flags,
    id: 'backup-crc',
    comment: 'The backup header fails its CRC.',
    edit: inPlace((bytes) => flip(bytes, last(bytes) + 56)),
  },
  {
    ...open,
    flags,
    id: 'backup-entries-crc',
    comment: 'The backup entries fail their CRC.',
    edit: inPlace((bytes) => flip(bytes, bytes.length - 33 * sector + 56)),
  },
  {
    ...open,
    flags,
    id: 'backup-own-lba',
    comment: 'The backup header says that it is in sector 1.',
    edit: copyOf('backup', (header) => header.writeBigUInt64LE(1n, 24)),
  },
  {
    ...open,
    flags,
    id: 'backup-alternate-lba',
    comment: 'The backup header says that the primary one is in sector 2.',
    edit: copyOf('backup', (header) => header.writeBigUInt64LE(2n, 32)),
  },
  {
    ...open,
    flags,
    id: 'backup-disk-guid',
    comment: 'The backup header has another disk GUID.',
    edit: copyOf('backup', (header) => flip(header, 56)),
  },
  {
    ...open,
    flags,
    id: 'backup-moved',
    comment: 'The backup table is a sector before where it belongs, and the primary one says so.',
    edit: inPlace((bytes) => {
      const lba = BigInt(bytes.length / sector - 2);
      bytes.copyWithin(bytes.length - 34 * sector, bytes.length - 33 * sector);
      bytes.fill(0, last(bytes));
      bytes.writeBigUInt64LE(lba, sector + 32);
      bytes.writeBigUInt64LE(bytes.readBigUInt64LE(sector + 48) - 1n, sector + 48);
      const backup = bytes.subarray(last(bytes) - sector);
      backup.writeBigUInt64LE(lba, 24);
      backup.writeBigUInt64LE(backup.readBigUInt64LE(48) - 1n, 48);
      backup.writeBigUInt64LE(backup.readBigUInt64LE(72) - 1n, 72);
      sealGptCopy(bytes, 1);
      sealGptCopy(bytes, Number(lba));
    }),
  },
  ...(
    [
      ['mbr', 'the MBR', () => sector],
      ['header', 'the primary header', () => 2 * sector],
      ['half-entries', 'half of the partition entries', () => 18 * sector],
      ['entries', 'the partition entries', () => 34 * sector],
      ['half-data', 'half of the data', (bytes: Buffer) => startOf(bytes, 1) + 2048],
      ['data', 'the data', (bytes: Buffer) => startOf(bytes, 2)],
      ['tree', 'the hash tree', (bytes: Buffer) => startOf(bytes, 3)],
      ['partitions', 'the partitions', (bytes: Buffer) => bytes.length - 33 * sector],
      ['last-byte', 'all but the last byte', (bytes: Buffer) => bytes.length - 1],
    ] as const
  ).map(([where, what, end]): ImageEdit => ({
    ...(where === 'mbr' ? unsupported : open),
    flags,
    id: `truncated-${where}`,
    comment: `The file ends after ${what}.`,
    edit: (bytes) => bytes.subarray(0, end(bytes)),
  })),
];

/** The CRC of the primary header alone, where its entries are not there to be read. */
function resealHeader(bytes: Buffer): void {
  bytes.writeUInt32LE(0, sector + 16);
  bytes.writeUInt32LE(crc32(bytes.subarray(sector, sector + 92)), sector + 16);
}
