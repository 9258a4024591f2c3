import { Malformed } from '../../bytes/failures.ts';
import { readExtent } from '../byte-source.ts';
import type { Ext4Superblock } from './ext4-superblock.ts';
import { checkChecksum, type Ext4Volume, seedWith, toOffset, without } from './ext4-volume.ts';

/**
 * Where an inode is in the image, in bytes (Documentation/filesystems/ext4/group_descr.rst).
 *
 * @throws Malformed for numbers that no file can have: reserved ones, and beyond the last.
 */
export async function findInode(volume: Ext4Volume, number: number, what: string): Promise<number> {
  const { firstInode, inodeCount, inodesOfGroup, inodeSize, blockSize } = volume.superblock;
  const isRoot = number === 2;
  if (!isRoot && (number < firstInode || number > inodeCount))
    throw new Malformed(what, 'is no number that a file can have');
  const index = (number - 1) % inodesOfGroup;
  const table = await readInodeTable(volume, (number - 1 - index) / inodesOfGroup);
  const byte = index * inodeSize;
  return toOffset(volume, table + Math.floor(byte / blockSize), 1, what) + (byte % blockSize);
}

/** The first block of the inodes of a group. */
async function readInodeTable(volume: Ext4Volume, group: number): Promise<number> {
  const { superblock, source } = volume;
  const what = `ext4 group ${group}`;
  const length = superblock.descriptorSize;
  const offset = findDescriptor(superblock, group);
  const bytes = Buffer.from(await readExtent(source, what, { offset, length }));
  const seed = seedWith(superblock.checksumSeed, group, 4);
  checkChecksum(without(bytes, 0x1e), seed, { stored: bytes.readUInt16LE(0x1e), bits: 16 }, what);
  const high = length >= 64 ? bytes.readUInt32LE(0x28) : 0;
  return high * 2 ** 32 + bytes.readUInt32LE(8);
}

/** descriptor_loc() in fs/ext4/super.c. In bytes. */
function findDescriptor(superblock: Ext4Superblock, group: number): number {
  const { blockSize, descriptorSize, features, firstMetaGroup } = superblock;
  const inBlock = blockSize / descriptorSize;
  const index = Math.floor(group / inBlock);
  const within = (group % inBlock) * descriptorSize;
  const isMeta = features.metaGroups && index >= firstMetaGroup;
  // Otherwise they are in the blocks after the one that holds byte 1024.
  const block = isMeta ? metaBlock(superblock, index * inBlock) : Math.floor(1024 / blockSize) + 1 + index;
  return block * blockSize + within;
}

/** With meta_bg the descriptors of so many groups as fill a block stand in the first of them, after the superblock's copy. */
function metaBlock(superblock: Ext4Superblock, group: number): number {
  const { blockSize, firstDataBlock, blocksOfGroup } = superblock;
  const copy = hasSuperblock(superblock, group) ? 1 : 0;
  const shift = group === 0 && blockSize === 1024 && firstDataBlock === 0 ? 1 : 0;
  return firstDataBlock + group * blocksOfGroup + copy + shift;
}

/** ext4_bg_has_super() in fs/ext4/balloc.c. */
function hasSuperblock({ features, backupGroups }: Ext4Superblock, group: number): boolean {
  if (group === 0) return true;
  if (features.sparseSuper2) return backupGroups.includes(group);
  if (group === 1 || !features.sparseSuper) return true;
  return [3, 5, 7].some((base) => isPowerOf(base, group));
}

function isPowerOf(base: number, value: number): boolean {
  let power = base;
  while (power < value) power *= base;
  return power === value;
}
