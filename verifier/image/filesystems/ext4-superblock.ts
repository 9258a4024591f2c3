import { crc32c } from '../../bytes/crc32c.ts';
import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import { checkNoFeatures, type Ext4Features, parseExt4Features } from './ext4-features.ts';

/** What a reader needs of struct ext4_super_block (the kernel's Documentation/filesystems/ext4/super.rst). */
export interface Ext4Superblock {
  readonly features: Ext4Features;
  /** Bytes, as all sizes here. */
  readonly blockSize: number;
  readonly blockCount: number;
  readonly firstDataBlock: number;
  readonly blocksOfGroup: number;
  /** Sectors of 512 bytes that a block takes of what is counted as a file's. */
  readonly clusterSectors: number;
  readonly inodeCount: number;
  readonly inodesOfGroup: number;
  readonly inodeSize: number;
  /** The first inode that is not reserved. */
  readonly firstInode: number;
  readonly descriptorSize: number;
  /** With the feature meta_bg: the first block of descriptors that is with its groups. */
  readonly firstMetaGroup: number;
  /** With the feature sparse_super2: the groups with a copy of the superblock. */
  readonly backupGroups: readonly number[];
  /** What checksums begin with; null: the image has none. */
  readonly checksumSeed: number | null;
}

const start = 1024;
const size = 1024;
const checksumOffset = 0x3fc;
const hurd = 1;

function malformed(name: string, value: number, offset: number): Malformed {
  return new Malformed(`ext4 superblock: ${name}`, `is ${value}`, start + offset);
}

/**
 * Reads the superblock, and checks what the kernel checks when it mounts (fs/ext4/super.c).
 *
 * @throws Malformed | Unsupported
 */
export async function readExt4Superblock(source: ByteSource): Promise<Ext4Superblock> {
  const bytes = Buffer.from(await readExtent(source, 'ext4 superblock', { offset: start, length: size }));
  if (bytes.readUInt16LE(0x38) !== 0xef53)
    throw new Malformed('ext4 superblock', 'has no magic', start + 0x38);
  const isDynamic = isDynamicRevision(bytes);
  const features = parseFeatures(bytes, isDynamic);
  if (bytes.readUInt32LE(0x48) === hurd) throw new Unsupported('ext4 superblock', 'was made by the Hurd');
  const checksumSeed = readChecksumSeed(bytes, features);
  const sizes = parseSizes(bytes, isDynamic);
  const superblock: Ext4Superblock = {
    ...{ features, checksumSeed, ...sizes },
    blockCount: bytes.readUInt32LE(0x150) * 2 ** 32 + bytes.readUInt32LE(0x4),
    firstDataBlock: bytes.readUInt32LE(0x14),
    blocksOfGroup: bytes.readUInt32LE(0x20),
    clusterSectors: parseCluster(bytes, features, sizes.blockSize) / 512,
    inodeCount: bytes.readUInt32LE(0),
    inodesOfGroup: bytes.readUInt32LE(0x28),
    firstInode: isDynamic ? bytes.readUInt32LE(0x54) : 11,
    descriptorSize: parseDescriptorSize(bytes, features),
    firstMetaGroup: bytes.readUInt32LE(0x104),
    backupGroups: [bytes.readUInt32LE(0x24c), bytes.readUInt32LE(0x250)],
  };
  checkGeometry(superblock, source);
  return superblock;
}

function isDynamicRevision(bytes: Buffer): boolean {
  const revision = bytes.readUInt32LE(0x4c);
  if (revision > 1) throw new Unsupported('ext4 superblock: revision', `is ${revision}`);
  return revision === 1;
}

function parseFeatures(bytes: Buffer, isDynamic: boolean): Ext4Features {
  const words = {
    compatible: bytes.readUInt32LE(0x5c),
    incompatible: bytes.readUInt32LE(0x60),
    readOnlyCompatible: bytes.readUInt32LE(0x64),
  };
  if (!isDynamic) checkNoFeatures(words);
  return parseExt4Features(words);
}

function readChecksumSeed(bytes: Buffer, features: Ext4Features): number | null {
  if (!features.checksums) return null;
  const type = bytes.readUInt8(0x175);
  if (type !== 1) throw new Unsupported('ext4 superblock: checksums', `are of type ${type}, not CRC-32C`);
  if (crc32c(bytes.subarray(0, checksumOffset)) !== bytes.readUInt32LE(checksumOffset))
    throw new Malformed('ext4 superblock', 'has another checksum', start);
  return features.checksumSeed ? bytes.readUInt32LE(0x270) : crc32c(bytes.subarray(0x68, 0x78));
}

function parseSizes(bytes: Buffer, isDynamic: boolean): Pick<Ext4Superblock, 'blockSize' | 'inodeSize'> {
  const logBlockSize = bytes.readUInt32LE(0x18);
  if (logBlockSize > 6) throw malformed('block size', logBlockSize, 0x18);
  const blockSize = 1024 * 2 ** logBlockSize;
  const inodeSize = isDynamic ? bytes.readUInt16LE(0x58) : 128;
  if (inodeSize < 128 || inodeSize > blockSize || !isPowerOfTwo(inodeSize))
    throw malformed('inode size', inodeSize, 0x58);
  return { blockSize, inodeSize };
}

function parseCluster(bytes: Buffer, features: Ext4Features, blockSize: number): number {
  const log = bytes.readUInt32LE(0x1c);
  const cluster = 1024 * 2 ** log;
  if (log > 20 || cluster < blockSize || (cluster > blockSize && !features.clusters))
    throw malformed('cluster size', log, 0x1c);
  return cluster;
}

function parseDescriptorSize(bytes: Buffer, features: Ext4Features): number {
  if (!features.wide) return 32;
  const descriptorSize = bytes.readUInt16LE(0xfe);
  if (descriptorSize < 64 || descriptorSize > 1024 || !isPowerOfTwo(descriptorSize))
    throw malformed('group descriptor size', descriptorSize, 0xfe);
  return descriptorSize;
}

function isPowerOfTwo(value: number): boolean {
  return (value & (value - 1)) === 0;
}

function checkGeometry(superblock: Ext4Superblock, source: ByteSource): void {
  const { blockSize, blockCount, firstDataBlock, blocksOfGroup, features } = superblock;
  if (blockCount > source.size / blockSize)
    throw new Malformed('ext4 superblock: blocks', `are ${blockCount}, more than the image has`, start + 4);
  // The first 1,024 bytes are nobody's: a block of that size is not counted, unless blocks come in clusters.
  const first = blockSize === 1024 && !features.clusters ? 1 : 0;
  if (firstDataBlock !== first || firstDataBlock >= blockCount)
    throw malformed('first data block', firstDataBlock, 0x14);
  if (blocksOfGroup === 0 || (blocksOfGroup > blockSize * 8 && !features.clusters))
    throw malformed('blocks of a group', blocksOfGroup, 0x20);
  checkInodes(superblock);
}

function checkInodes(superblock: Ext4Superblock): void {
  const { blockSize, inodesOfGroup, inodeCount, firstInode } = superblock;
  if (firstInode < 11) throw malformed('first inode', firstInode, 0x54);
  if (inodesOfGroup === 0 || inodesOfGroup > blockSize * 8)
    throw malformed('inodes of a group', inodesOfGroup, 0x28);
  const groups = Math.ceil((superblock.blockCount - superblock.firstDataBlock) / superblock.blocksOfGroup);
  if (groups * inodesOfGroup !== inodeCount) throw malformed('inodes', inodeCount, 0);
}
