import { partitionTypes } from '../../verifier/image/partition-type-table.ts';
import { guidOnDisk } from './gpt-writer.ts';
import {
  entry,
  fine,
  type ImageEdit,
  inPlace,
  open,
  sector,
  startOf,
  table,
  unsupported,
} from './image-edit.ts';

const flags = ['Partitions'];
const lba = (bytes: Buffer, number: number, field: 32 | 40): number =>
  Number(bytes.readBigUInt64LE(entry(number, field)));
const setLba = (bytes: Buffer, number: number, field: 32 | 40, value: number): number =>
  bytes.writeBigUInt64LE(BigInt(value), entry(number, field));

/** Another type, name or UUID for a partition; GUIDs as text. */
const retype = (number: number, type: string) =>
  table((bytes) => guidOnDisk(type).copy(bytes, entry(number)));

const swap = (bytes: Buffer, a: number, b: number): void => {
  const kept = Buffer.from(bytes.subarray(entry(a), entry(a + 1)));
  bytes.copy(bytes, entry(a), entry(b), entry(b + 1));
  kept.copy(bytes, entry(b));
};

const attribute = (bit: bigint, id: string, comment: string, number = 1): ImageEdit => ({
  ...unsupported,
  flags,
  id,
  comment,
  edit: table((bytes) => bytes.writeBigUInt64LE((1n << 60n) | (1n << bit), entry(number, 48))),
});

/** Cases about single entries of the table. */
export const partitionEdits: readonly ImageEdit[] = [
  {
    ...fine,
    flags,
    id: 'entries-out-of-order',
    comment: 'The data partition is the third entry, the signature the first.',
    edit: table((bytes) => swap(bytes, 1, 3)),
  },
  {
    ...fine,
    flags,
    id: 'entries-with-gaps',
    comment: 'Unused entries between those in use.',
    edit: table((bytes) => {
      swap(bytes, 3, 100);
      swap(bytes, 2, 50);
    }),
  },
  {
    ...fine,
    flags,
    id: 'entry-last-of-many',
    from: 'many-entries',
    comment: 'The signature partition is entry 256.',
    edit: table((bytes) => swap(bytes, 3, 256)),
  },
  {
    ...fine,
    flags,
    id: 'grow-attribute',
    comment: 'The data partition is marked to be grown, which means nothing for a read-only file system.',
    edit: table((bytes) => bytes.writeBigUInt64LE(3n << 59n, entry(1, 48))),
  },
  {
    ...fine,
    flags,
    id: 'no-names',
    comment: 'The partitions have no names.',
    edit: table((bytes) =>
      [1, 2, 3].forEach((number) => bytes.fill(0, entry(number, 56), entry(number + 1))),
    ),
  },
  attribute(63n, 'data-no-auto', 'The data partition has the attribute "no auto".'),
  attribute(63n, 'signature-no-auto', 'The signature partition has the attribute "no auto".', 3),
  attribute(0n, 'required-attribute', 'The data partition is marked as required by the platform.'),
  attribute(2n, 'legacy-boot-attribute', 'The data partition is marked as bootable by a BIOS.'),
  attribute(47n, 'reserved-attribute', 'An attribute bit that UEFI reserves.'),
  {
    ...open,
    flags,
    id: 'uuid-twice',
    comment: 'The signature partition has the UUID of the hash tree.',
    edit: table((bytes) => bytes.copy(bytes, entry(3, 16), entry(2, 16), entry(2, 32))),
  },
  {
    ...open,
    flags,
    id: 'uuid-none',
    comment: 'The signature partition has no UUID.',
    edit: table((bytes) => bytes.fill(0, entry(3, 16), entry(3, 32))),
  },
  {
    ...open,
    flags,
    id: 'unused-not-empty',
    comment: 'An entry without a type, which readers take for unused, has a UUID and a place.',
    edit: table((bytes) => bytes.copy(bytes, entry(4, 16), entry(3, 16), entry(4))),
  },
  {
    ...open,
    flags: ['Table'],
    id: 'entry-beyond-count',
    from: 'four-entries',
    comment: 'A fifth entry where the table has room for four.',
    edit: inPlace((bytes) => bytes.copy(bytes, entry(5), entry(3), entry(4))),
  },
  {
    ...open,
    flags: ['Table'],
    id: 'partition-past-end',
    comment: 'The signature partition ends behind the end of the file.',
    edit: table((bytes) => setLba(bytes, 3, 40, bytes.length / sector + 8)),
  },
  {
    ...open,
    flags: ['Table'],
    id: 'partition-in-backup',
    comment: 'The signature partition reaches into the backup table.',
    edit: table((bytes) => setLba(bytes, 3, 40, bytes.length / sector - 33)),
  },
  {
    ...open,
    flags: ['Table'],
    id: 'partition-in-table',
    comment: 'The data partition begins within the partition entries.',
    edit: table((bytes) => setLba(bytes, 1, 32, 10)),
  },
  {
    ...open,
    flags: ['Table'],
    id: 'partition-ends-before-start',
    comment: 'The signature partition ends before it begins.',
    edit: table((bytes) => setLba(bytes, 3, 40, lba(bytes, 3, 32) - 1)),
  },
  {
    ...open,
    flags: ['Table'],
    id: 'partition-at-maximum',
    comment: 'The signature partition ends in sector 2^64 - 1.',
    edit: table((bytes) => bytes.fill(0xff, entry(3, 40), entry(3, 48))),
  },
  {
    ...open,
    flags: ['Table'],
    id: 'data-contains-tree',
    comment: 'The data partition reaches to the end of the hash tree.',
    edit: table((bytes) => setLba(bytes, 1, 40, lba(bytes, 2, 40))),
  },
  {
    ...open,
    flags: ['Table'],
    id: 'same-place',
    comment: 'The signature partition is where the hash tree is.',
    edit: table((bytes) => bytes.copy(bytes, entry(3, 32), entry(2, 32), entry(2, 48))),
  },
  {
    ...unsupported,
    flags,
    id: 'two-hash-trees',
    comment: 'The signature partition is a second hash tree.',
    edit: retype(3, partitionTypes['x86-64'].root.verity),
  },
  {
    ...unsupported,
    flags,
    id: 'two-signatures',
    from: 'four-entries',
    comment: 'A second signature partition behind the first.',
    edit: table((bytes) => addPartition(bytes, partitionTypes['x86-64'].root.signature)),
  },
  {
    ...unsupported,
    flags,
    id: 'root-and-usr',
    from: 'four-entries',
    comment: 'A partition for /usr besides the one for the root directory.',
    edit: table((bytes) => addPartition(bytes, partitionTypes['x86-64'].usr.data)),
  },
  {
    ...unsupported,
    flags,
    id: 'home-partition',
    from: 'four-entries',
    comment: 'A partition for /home besides the one for the root directory.',
    edit: table((bytes) => addPartition(bytes, '933ac7e1-2eb4-4f13-b844-0e14e2aef915')),
  },
  {
    ...unsupported,
    flags,
    id: 'generic-data',
    comment: 'The data partition is of type "Linux data".',
    edit: retype(1, '0fc63daf-8483-4772-8e79-3d69d8477de4'),
  },
  {
    ...unsupported,
    flags,
    id: 'tree-of-usr',
    comment: 'The hash tree is one for /usr, the data for the root directory.',
    edit: retype(2, partitionTypes['x86-64'].usr.verity),
  },
  {
    ...unsupported,
    flags,
    id: 'tree-of-other-architecture',
    comment: 'The hash tree is for arm64, the data for x86-64.',
    edit: retype(2, partitionTypes.arm64.root.verity),
  },
  {
    ...unsupported,
    flags,
    id: 'signature-of-other-architecture',
    comment: 'The signature is for arm64, the rest for x86-64.',
    edit: retype(3, partitionTypes.arm64.root.signature),
  },
  {
    ...open,
    flags,
    id: 'signature-without-tree',
    comment: 'The hash tree has no entry, its place is zeros: only data and signature are left.',
    edit: table((bytes) => {
      bytes.fill(0, startOf(bytes, 2), startOf(bytes, 3));
      bytes.fill(0, entry(2), entry(3));
    }),
  },
  {
    ...unsupported,
    flags,
    id: 'no-data-partition',
    comment: 'The data partition has no entry, its place is zeros.',
    edit: table((bytes) => {
      bytes.fill(0, startOf(bytes, 1), startOf(bytes, 2));
      bytes.fill(0, entry(1), entry(2));
    }),
  },
  {
    ...unsupported,
    flags,
    id: 'no-partitions',
    comment: 'The table is empty, and so is the disk.',
    edit: table((bytes) => {
      bytes.fill(0, startOf(bytes, 1), bytes.length - 33 * sector);
      bytes.fill(0, entry(1), entry(4));
    }),
  },
  {
    ...open,
    flags,
    id: 'name-not-ascii',
    comment: 'A name with a letter beyond ASCII, one of whose bytes could be a magic.',
    edit: table((bytes) => bytes.writeUInt16LE(0xe9, entry(1, 56))),
  },
  {
    ...open,
    flags,
    id: 'name-after-end',
    comment: 'A character behind the end of a name.',
    edit: table((bytes) => bytes.writeUInt16LE(0x41, entry(2, 126))),
  },
];

/** A partition of 8 sectors of zeros before the backup table, as entry 4 of a table with four. */
function addPartition(bytes: Buffer, type: string): void {
  const [first, last] = [lba(bytes, 3, 40) - 7, lba(bytes, 3, 40)];
  setLba(bytes, 3, 40, first - 1);
  bytes.copy(bytes, entry(4), entry(3), entry(4));
  guidOnDisk(type).copy(bytes, entry(4));
  bytes.fill(0xad, entry(4, 16), entry(4, 32));
  setLba(bytes, 4, 32, first);
  setLba(bytes, 4, 40, last);
}
