import { Cursor } from '../../bytes/cursor.ts';
import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';

/** What a reader needs of struct ext4_super_block (the kernel's Documentation/filesystems/ext4/super.rst). Sizes in bytes. */
export interface Ext4Superblock {
  readonly blockSize: number;
  readonly inodeCount: number;
  readonly inodesOfGroup: number;
  readonly inodeSize: number;
  /** Where the table of block groups begins, and the size of its entries. */
  readonly groupTable: number;
  readonly groupSize: number;
  /** Entries of directories have a type, so names have at most 255 bytes. */
  readonly hasFileTypes: boolean;
}

const incompatible = {
  fileTypes: 0x2,
  recovery: 0x4,
  metaGroups: 0x10,
  extents: 0x40,
  wide: 0x80,
  multipleMountProtection: 0x100,
  flexibleGroups: 0x200,
  attributeInodes: 0x400,
  checksumSeed: 0x2000,
  largeDirectories: 0x4000,
  inlineData: 0x8000,
  encryption: 0x10000,
  caseFolding: 0x20000,
} as const;

/** Each by the name that tune2fs has for it. */
const refused: readonly (readonly [bit: number, why: string])[] = [
  [incompatible.recovery, 'needs its journal replayed, so the kernel would see other files than are there'],
  [incompatible.metaGroups, 'has the feature meta_bg'],
  [incompatible.encryption, 'has the feature encrypt'],
  [incompatible.caseFolding, 'has the feature casefold'],
];
const known = Object.values(incompatible).reduce((all, one) => all | one, 0);
const field = (name: string): string => `ext4 superblock: ${name}`;

/**
 * Reads the superblock. Checksums are not looked at, here and in all that comes after: whoever changes a block changes the root
 * hash, or the digest of the file.
 *
 * @throws Malformed | Unsupported
 */
export async function readExt4Superblock(source: ByteSource): Promise<Ext4Superblock> {
  const bytes = await readExtent(source, 'ext4 superblock', { offset: 1024, length: 1024 });
  const u32 = (offset: number): number => at(bytes, offset).u32(field(`0x${offset.toString(16)}`));
  const u16 = (offset: number): number => at(bytes, offset).u16(field(`0x${offset.toString(16)}`));
  if (u16(0x38) !== 0xef53) throw new Malformed('ext4 superblock', 'has no magic', 1024 + 0x38);
  const isDynamic = u32(0x4c) >= 1;
  const features = checkFeatures(isDynamic ? u32(0x60) : 0);
  const logBlockSize = u32(0x18);
  if (logBlockSize > 6) throw new Malformed(field('block size'), `is 2^${10 + logBlockSize}`, 1024 + 0x18);
  const blockSize = 1024 * 2 ** logBlockSize;
  const inodeSize = isDynamic ? u16(0x58) : 128;
  if (inodeSize < 128 || inodeSize > blockSize || (inodeSize & (inodeSize - 1)) !== 0)
    throw new Malformed(field('inode size'), `is ${inodeSize}`, 1024 + 0x58);
  const inodesOfGroup = u32(0x28);
  if (inodesOfGroup === 0) throw new Malformed(field('inodes of a group'), 'are none', 1024 + 0x28);
  return {
    ...{ blockSize, inodeCount: u32(0), inodesOfGroup, inodeSize },
    groupTable: (u32(0x14) + 1) * blockSize,
    groupSize: groupSize(features, u16(0xfe)),
    hasFileTypes: (features & incompatible.fileTypes) !== 0,
  };
}

function at(bytes: Uint8Array, offset: number): Cursor {
  return new Cursor(bytes.subarray(offset), 'little');
}

function checkFeatures(features: number): number {
  const why = refused.find(([bit]) => (features & bit) !== 0)?.[1];
  if (why !== undefined) throw new Unsupported('ext4 superblock', why);
  const unknown = (features & ~known) >>> 0;
  if (unknown !== 0)
    throw new Unsupported(
      field('incompatible features'),
      `include 0x${unknown.toString(16)}, which is not known here`,
    );
  return features;
}

function groupSize(features: number, size: number): number {
  if ((features & incompatible.wide) === 0) return 32;
  if (size < 64 || size > 1024 || (size & (size - 1)) !== 0)
    throw new Malformed(field('group descriptor size'), `is ${size}`, 1024 + 0xfe);
  return size;
}
