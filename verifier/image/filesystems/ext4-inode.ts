import { Cursor } from '../../bytes/cursor.ts';
import { Malformed } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import type { Ext4Superblock } from './ext4-superblock.ts';

/** An inode as the image has it (Documentation/filesystems/ext4/inodes.rst). */
export interface Ext4Inode {
  /** For messages. */
  readonly name: string;
  /** File type bits of st_mode. */
  readonly type: number;
  readonly size: number;
  /** How `block` says where the data is. */
  readonly layout: 'extents' | 'map' | 'inline';
  /** i_block: 60 bytes. */
  readonly block: Uint8Array;
  /** What is behind the fields of the inode: extended attributes, if any. */
  readonly tail: Uint8Array;
  /** A block of more extended attributes; 0 if there is none. */
  readonly attributeBlock: number;
}

const extentsFlag = 0x80000;
const inlineFlag = 0x10000000;

/** @throws Malformed for numbers beyond the table, and for inodes that were deleted. */
export async function readExt4Inode(
  source: ByteSource,
  superblock: Ext4Superblock,
  number: number,
): Promise<Ext4Inode> {
  const name = `ext4 inode ${number}`;
  if (number < 1 || number > superblock.inodeCount)
    throw new Malformed(name, 'is beyond the table of inodes');
  const offset = await findInode(source, superblock, number, name);
  const bytes = await readExtent(source, name, { offset, length: superblock.inodeSize });
  const u32 = (at: number): number => new Cursor(bytes.subarray(at), 'little').u32(name);
  const u16 = (at: number): number => new Cursor(bytes.subarray(at), 'little').u16(name);
  if (u16(0x1a) === 0) throw new Malformed(name, 'was deleted', offset);
  const size = u32(0x6c) * 2 ** 32 + u32(0x04);
  if (!Number.isSafeInteger(size)) throw new Malformed(`${name}: size`, `is ${size}`, offset);
  const flags = u32(0x20);
  const extra = bytes.length > 128 ? u16(0x80) : 0;
  return {
    ...{ name, type: u16(0) & 0o170000, size },
    layout: (flags & inlineFlag) !== 0 ? 'inline' : (flags & extentsFlag) !== 0 ? 'extents' : 'map',
    block: bytes.subarray(0x28, 0x28 + 60),
    tail: bytes.subarray(128 + extra),
    attributeBlock: u16(0x76) * 2 ** 32 + u32(0x68),
  };
}

async function findInode(
  source: ByteSource,
  { groupTable, groupSize, inodesOfGroup, inodeSize, blockSize }: Ext4Superblock,
  number: number,
  name: string,
): Promise<number> {
  const group = Math.floor((number - 1) / inodesOfGroup);
  const extent = { offset: groupTable + group * groupSize, length: groupSize };
  const descriptor = await readExtent(source, `${name}: group ${group}`, extent);
  const low = new Cursor(descriptor.subarray(8), 'little').u32(name);
  const high = groupSize >= 64 ? new Cursor(descriptor.subarray(0x28), 'little').u32(name) : 0;
  return (high * 2 ** 32 + low) * blockSize + ((number - 1) % inodesOfGroup) * inodeSize;
}
