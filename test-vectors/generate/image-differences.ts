import type { ImageJudge } from './judges.ts';

type Tool = ImageJudge['tool'];

const libblkid: readonly Tool[] = ['blkid', 'systemd-dissect'];
const allOfTable: readonly Tool[] = ['fdisk', ...libblkid];

const rows: readonly (readonly [why: string, tools: readonly Tool[], ...ids: readonly string[]])[] = [
  [
    'Knows this digest, which is refused here.',
    ['veritysetup'],
    ...['tree-sha1', 'tree-sha224', 'tree-sha384', 'tree-sha3-256'],
  ],
  [
    'Knows nothing of partitions and their UUIDs.',
    ['veritysetup'],
    'data-partition-uuid',
    'verity-partition-uuid',
  ],
  ['Does not look at padding.', ['veritysetup'], 'superblock-padding', 'superblock-end'],
  ['Takes the name up to the first zero.', ['veritysetup'], 'algorithm-after-zero'],
  ['Ignores the case of the name; the kernel does not.', ['veritysetup'], 'algorithm-capitals'],
  [
    'Allows hash blocks of up to 512 KiB; the kernel does not, and here 64 KiB are the most.',
    ['veritysetup'],
    'hash-block-size-131072',
  ],
  [
    'libblkid asks for more than a magic, and does not find the rest of the superblock; another version may.',
    ['systemd-dissect'],
    ...['ext4-magic-in-name', 'erofs-before-header'],
  ],
  [
    'Does not look at the bytes between and behind what it uses.',
    libblkid,
    ...[
      'space-between-not-zero',
      'entry-beyond-count',
      'header-rest',
      'mbr-disk-signature',
      'header-reserved',
    ],
  ],
  [
    'Does not look at the bytes between and behind what it uses.',
    ['fdisk'],
    ...['entry-beyond-count', 'header-rest', 'mbr-disk-signature', 'header-reserved'],
  ],
  ['Wants more of a header than its signature.', allOfTable, 'second-header'],
  [
    'Turns to the backup table, which is in order; other readers do not.',
    libblkid,
    ...['header-crc', 'entries-crc', 'entry-size', 'header-own-lba', 'entries-four-billion', 'primary-wiped'],
  ],
  [
    'Looks at the backup table only when the primary one is damaged.',
    libblkid,
    ...['backup-differs', 'backup-wiped', 'backup-crc', 'backup-entries-crc', 'backup-own-lba'],
    ...['backup-alternate-lba', 'backup-disk-guid', 'backup-moved', 'header-alternate-lba'],
    ...['trailing-sector', 'truncated', 'truncated-partitions', 'truncated-last-byte'],
  ],
  ['Does not compare the two tables.', ['fdisk'], 'backup-differs', 'backup-disk-guid'],
  [
    'Does not ask whether partitions overlap.',
    libblkid,
    'overlapping-partitions',
    'data-contains-tree',
    'same-place',
  ],
  [
    'Passes over a partition outside the usable sectors and over the fact.',
    ['blkid'],
    ...['partition-past-end', 'partition-in-backup', 'partition-in-table', 'partition-at-maximum'],
  ],
  [
    'Asks that partitions lie in the file and not that they lie in the usable sectors.',
    ['fdisk'],
    ...['partition-in-backup', 'partition-in-table'],
  ],
  ['Takes the partition for one of no sectors.', libblkid, 'partition-ends-before-start'],
  ['Looks for one protective partition, and not for others.', libblkid, 'hybrid-mbr'],
  ['Looks at the type of the protective partition alone.', allOfTable, 'mbr-bootable', 'mbr-start'],
  ['Does not ask what the protective partition covers.', libblkid, 'mbr-too-short'],
  ['Reads the GPT behind whatever MBR there is.', ['fdisk'], 'mbr-not-protective', 'mbr-signature'],
  [
    'Does not look at the revision; the function of systemd that finds the sector size does.',
    ['fdisk'],
    'header-revision',
  ],
  [
    'libblkid does not look at the revision; systemd does, and then assumes sectors of 512 bytes.',
    libblkid,
    'header-revision',
  ],
  ['Takes 92 bytes for the header whatever it says.', ['fdisk'], 'header-size'],
  [
    'Does not compare the usable sectors with the place of the table.',
    allOfTable,
    ...['usable-before-entries-end', 'usable-past-end'],
  ],
  ['Follows the header, wherever the entries are.', allOfTable, 'entries-elsewhere'],
  ['Has nothing to say about a table without partitions.', ['fdisk'], 'entries-none'],
  [
    'Does not pass over partitions of this name before version 258.',
    ['systemd-dissect'],
    'verity-labelled-empty',
  ],
  [
    'Ignores attributes that it does not know.',
    ['systemd-dissect'],
    ...['required-attribute', 'legacy-boot-attribute', 'reserved-attribute'],
  ],
  [
    'Compares UUIDs with the root hash alone; the signature partition may have any or none.',
    ['systemd-dissect'],
    ...['uuid-twice', 'uuid-none'],
  ],
  ['Passes over what has no type.', ['systemd-dissect'], 'unused-not-empty'],
  ['Takes the first of two.', ['systemd-dissect'], 'two-signatures'],
  ['Images of systems have other partitions too.', ['systemd-dissect'], 'home-partition'],
  [
    'Does not compare the architecture of the hash tree and of the signature with that of the data.',
    ['systemd-dissect'],
    ...['tree-of-other-architecture', 'signature-of-other-architecture'],
  ],
  ['Does not care what partitions are called.', ['systemd-dissect'], 'name-not-ascii', 'name-after-end'],
];

/** By case and tool: why the tool's verdict is not the one that is expected. */
export const differences: ReadonlyMap<string, string> = new Map(
  rows.flatMap(([why, tools, ...ids]) =>
    ids.flatMap((id) => tools.map((tool) => [`${id} ${tool}`, why] as const)),
  ),
);

/** By case and tool: what is not asked, because the answer depends on the version of the tool (Debian 12 and 13 differ). */
export const varying: ReadonlySet<string> = new Set([
  'ext4-magic-in-name blkid',
  'algorithm-unterminated veritysetup',
]);
