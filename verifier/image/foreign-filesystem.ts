import { Malformed } from '../bytes/failures.ts';
import { type ByteSource, readExtent } from './byte-source.ts';

interface Magic {
  readonly name: string;
  /** Bytes from the start of the file; from its end if negative. */
  readonly offset: number;
  readonly bytes: Buffer;
}

/**
 * Where libblkid 2.38 to 2.42 finds what it calls file systems and encryption (libblkid/src/superblocks): kind, magic,
 * offsets. The magics alone: libblkid goes on to check further fields, which only makes this the stricter.
 *
 * Left out is what cannot be in the file when the protective MBR and the table are as `readGpt` demands (all below byte
 * 446; minix, whose two bytes fall on a partition's UUID but which libblkid believes only where zeros stand in what is
 * then the middle of a partition type), and ZFS, which no image reader mounts and which needs dozens of blocks.
 */
const table: readonly (readonly [name: string, magic: string, ...offsets: number[]])[] = [
  ['squashfs', 'hsqs', 0],
  ['squashfs', 'sqsh', 0],
  ['xfs', 'XFSB', 0],
  ['LUKS', 'LUKS\xba\xbe', 0],
  ['LUKS', 'SKUL\xba\xbe', 0x4000, 0x8000, 0x10000, 0x20000, 0x40000, 0x80000, 0x100000, 0x200000, 0x400000],
  ['cramfs', '\x45\x3d\xcd\x28', 0],
  ['cramfs', '\x28\xcd\x3d\x45', 0],
  ['romfs', '-rom1fs-', 0],
  ['dm-verity hash', 'verity\0\0', 0],
  ['erofs', '\xe2\xe1\xf5\xe0', 1024],
  ['f2fs', '\x10\x20\xf5\xf2', 1024],
  ['ext', '\x53\xef', 1080],
  ['btrfs', '_BHRfS_M', 65_600],
  ['iso9660', 'CD001', 32_769],
  ['iso9660', 'CDROM', 32_777],
  ...['BEA01', 'BOOT2', 'CDW02', 'NSR02', 'NSR03', 'TEA01'].map((magic) => ['udf', magic, 32_769] as const),
  ['nilfs2', '\x34\x34', 1030, 6 - 4096],
  [
    'bcachefs',
    '\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef',
    4120,
    2_097_176,
    24 - 1_048_576,
  ],
  ['bcachefs', '\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81', 4120],
  ['hfs', 'BD', 1024],
  ['hfsplus', 'H+', 1024],
  ['hfsplus', 'HX', 1024],
  ['jfs', 'JFS1', 32_768],
  ['reiserfs', 'ReIsErFs', 8212, 8244, 65_588],
  ['reiserfs', 'ReIsEr2Fs', 65_588],
  ['reiserfs', 'ReIsEr3Fs', 65_588],
  ['reiser4', 'ReIsEr4', 65_536],
  ['hpfs', '\x49\xe8\x95\xf9', 8192],
  ['sysv', '\x20\x7e\x18\xfd', 1016, 10_232, 16_376, 19_448],
  ['sysv', '\xfd\x18\x7e\x20', 1016, 10_232, 16_376, 19_448],
  ['xenix', '\x2b\x55\x44', 2048],
  ['xenix', '\x44\x55\x2b', 2048],
  ...['00011954', '19540119', '00195612', '00095014', '00612195', '05231994'].flatMap(ufs),
  ['gfs', '\x01\x16\x19\x70', 65_536],
  ['ocfs', 'OracleCFS', 8192],
  ['ocfs2', 'OCFSV2', 1024, 2048, 4096, 8192],
  ['vxfs', '\xf5\xfc\x01\xa5', 1024],
  ['vxfs', '\xa5\x01\xfc\xf5', 8192],
  ['netware', 'SPB5', 4096],
  ['vmfs', '\x5e\xf1\xab\x2f', 2_097_152],
  ['befs', 'BFS1', 544],
  ['befs', '1SFB', 544],
  ['scoutfs', '\x8b\x42\x3c\x10', 65_540],
];

function ufs(magic: string) {
  const bigEndian = Buffer.from(magic, 'hex');
  const at = [1372, 9564, 66_908, 263_516];
  return [bigEndian, bigEndian.toReversed()].map(
    (bytes) => ['ufs', Buffer.from(bytes).toString('latin1'), ...at] as const,
  );
}

const magics: readonly Magic[] = table.flatMap(([name, magic, ...offsets]) =>
  offsets.map((offset) => ({ name, offset, bytes: Buffer.from(magic, 'latin1') })),
);

/**
 * Checks that a file with a partition table is not also a file system. libblkid looks for both in the whole file, and
 * systemd mounts what is a file system as one, without a glance at the partitions and their signature (dissect-image.c,
 * "single-filesystem images"): one file would be two images, and only one of them signed.
 *
 * Data partitions are no exception: as long as the hash tree is not recomputed, anybody may have written into them, and
 * where a signed one really has such bytes at such an offset, systemd would not see its partition table.
 *
 * @throws Malformed
 */
export async function checkNoForeignFileSystem(source: ByteSource): Promise<void> {
  const [found] = await findFileSystems(source);
  if (found === undefined) return;
  throw new Malformed('image', `is a ${found.name} file system besides a partition table`, found.offset);
}

/** The kinds of file systems whose magics the file has, and where. */
export async function findFileSystems(
  source: ByteSource,
): Promise<readonly { readonly name: string; readonly offset: number }[]> {
  const found = [];
  for (const { name, offset, bytes } of magics) {
    const at = offset < 0 ? source.size + offset : offset;
    if (at < 0 || at + bytes.length > source.size) continue;
    if (bytes.equals(await readExtent(source, 'image', { offset: at, length: bytes.length })))
      found.push({ name, offset: at });
  }
  return found;
}
