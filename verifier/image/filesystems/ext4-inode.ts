import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { readExtent } from '../byte-source.ts';
import type { Ext4Features } from './ext4-features.ts';
import { findInode } from './ext4-groups.ts';
import type { Ext4Superblock } from './ext4-superblock.ts';
import { checkChecksum, type Ext4Volume, seedWith, without } from './ext4-volume.ts';

/** An inode as the image has it (Documentation/filesystems/ext4/inodes.rst). */
export interface Ext4Inode {
  readonly number: number;
  /** For messages. */
  readonly name: string;
  /** File type bits of st_mode. */
  readonly type: number;
  /** Bytes. */
  readonly size: number;
  /** How `block` says where the data is. */
  readonly layout: 'extents' | 'map' | 'inline';
  /** i_block: 60 bytes. */
  readonly block: Buffer;
  /** What it takes in the image, in sectors of 512 bytes. */
  readonly sectors: number;
  /** A directory with an index (dir_index). */
  readonly isIndexed: boolean;
  /** What is behind the fields of the inode: extended attributes, if any. */
  readonly tail: Buffer;
  /** A block of more extended attributes; 0 if there is none. */
  readonly attributeBlock: number;
  /** What the checksums of its blocks begin with; null: there are none. */
  readonly checksumSeed: number | null;
}

const oldSize = 128;
const flag = {
  encrypted: 0x800,
  indexed: 0x1000,
  huge: 0x40000,
  extents: 0x80000,
  attributeValue: 0x200000,
  inline: 0x10000000,
  caseFolded: 0x40000000,
} as const;

/** @throws Malformed for numbers that no file can have, and for inodes that were deleted. */
export async function readExt4Inode(volume: Ext4Volume, number: number): Promise<Ext4Inode> {
  const name = `ext4 inode ${number}`;
  const { inodeSize: length, features, checksumSeed } = volume.superblock;
  const offset = await findInode(volume, number, name);
  const bytes = Buffer.from(await readExtent(volume.source, name, { offset, length }));
  const extra = length > oldSize ? bytes.readUInt16LE(0x80) : 0;
  if (extra % 4 !== 0 || extra > length - oldSize)
    throw new Malformed(name, `has ${extra} bytes more`, offset);
  const seed = seedWith(seedWith(checksumSeed, number, 4), bytes.readUInt32LE(0x64), 4);
  checkInodeChecksum(bytes, extra, seed, name);
  if (bytes.readUInt16LE(0x1a) === 0) throw new Malformed(name, 'was deleted', offset);
  const flags = bytes.readUInt32LE(0x20);
  const high = features.wide ? bytes.readUInt16LE(0x76) : 0;
  return {
    ...{ number, name, type: bytes.readUInt16LE(0) & 0o170000, checksumSeed: seed },
    size: parseSize(bytes, features, name),
    layout: parseLayout(flags, features, name),
    block: bytes.subarray(0x28, 0x28 + 60),
    sectors: parseSectors(bytes, flags, volume.superblock),
    isIndexed: (flags & flag.indexed) !== 0,
    // Without further fields there are no attributes behind them, whatever is there.
    tail: bytes.subarray(extra === 0 ? length : oldSize + extra),
    attributeBlock: high * 2 ** 32 + bytes.readUInt32LE(0x68),
  };
}

/** Its high bits are there if the inode says that it has that field. */
function checkInodeChecksum(bytes: Buffer, extra: number, seed: number | null, name: string): void {
  const low = bytes.readUInt16LE(0x7c);
  if (extra < 4) checkChecksum(without(bytes, 0x7c), seed, { stored: low, bits: 16 }, name);
  else {
    const stored = bytes.readUInt16LE(0x82) * 2 ** 16 + low;
    checkChecksum(without(bytes, 0x7c, 0x82), seed, { stored, bits: 32 }, name);
  }
}

/** ext4_isize() in fs/ext4/ext4.h. */
function parseSize(bytes: Buffer, { largeDirectories }: Ext4Features, name: string): number {
  const isFile = (bytes.readUInt16LE(0) & 0o170000) === 0o100000;
  const high = isFile || largeDirectories ? bytes.readUInt32LE(0x6c) : 0;
  const size = high * 2 ** 32 + bytes.readUInt32LE(4);
  if (!Number.isSafeInteger(size)) throw new Malformed(name, `has ${size} bytes`);
  return size;
}

/** ext4_inode_blocks() in fs/ext4/inode.c. */
function parseSectors(bytes: Buffer, flags: number, { features, blockSize }: Ext4Superblock): number {
  const low = bytes.readUInt32LE(0x1c);
  if (!features.hugeFiles) return low;
  const unit = (flags & flag.huge) === 0 ? 1 : blockSize / 512;
  return (bytes.readUInt16LE(0x74) * 2 ** 32 + low) * unit;
}

function parseLayout(flags: number, features: Ext4Features, name: string): Ext4Inode['layout'] {
  if ((flags & (flag.encrypted | flag.caseFolded)) !== 0)
    throw new Unsupported(name, 'is encrypted, or folds the case of names');
  // The value of another inode's attribute is no file.
  if ((flags & flag.attributeValue) !== 0) throw new Malformed(name, 'is the value of an attribute');
  const isInline = (flags & flag.inline) !== 0;
  const hasExtents = (flags & flag.extents) !== 0;
  // Kernels differ in which of the two they look at first.
  if (isInline && (hasExtents || !features.inlineData))
    throw new Malformed(name, 'cannot have data in itself');
  if (isInline) return 'inline';
  return hasExtents ? 'extents' : 'map';
}
