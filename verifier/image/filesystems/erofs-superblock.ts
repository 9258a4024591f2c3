import { crc32c } from '../../bytes/crc32c.ts';
import { Cursor } from '../../bytes/cursor.ts';
import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import { type ErofsAlgorithm, readErofsAlgorithms } from './erofs-compression.ts';

/** What a reader needs of the superblock (struct erofs_super_block in the kernel's fs/erofs/erofs_fs.h). Sizes in bytes. */
export interface ErofsSuperblock {
  readonly blockSize: number;
  /** Inode number of the root directory: inodes are at `metadataOffset` + 32 * number. */
  readonly rootInode: number;
  readonly metadataOffset: number;
  readonly sharedAttributesOffset: number;
  readonly hasChunkedFiles: boolean;
  /** What compressed files may be compressed by. */
  readonly algorithms: ReadonlySet<ErofsAlgorithm>;
  /** LZ4 data ends with its last block, and zeros stand before it; without, it begins with the first, and anything follows. */
  readonly hasZeroPadding: boolean;
  /** Whether compressed data may have more than one block. */
  readonly hasLargeClusters: boolean;
  /** Inode number of the file that keeps parts of others; null: there is none. */
  readonly packedInode: number | null;
}

const superblockOffset = 1024;
const superblockSize = 128;
const field = (name: string): string => `erofs superblock: ${name}`;

/** Incompatible features that this reader knows, or knows to refuse in the files that have them. */
const incompatible = {
  zeroPadding: 0x1,
  /** Compressed data of more than one block, too. */
  compressionConfiguration: 0x2,
  chunkedFile: 0x4,
  /** A second compression algorithm, or a table of more devices: which of them is told by the number of devices. */
  secondHead: 0x8,
  tailPacking: 0x10,
  fragments: 0x20,
  attributePrefixes: 0x40,
} as const;
const known = Object.values(incompatible).reduce((all, one) => all | one, 0);
const checksummed = 0x1;

/**
 * Reads the superblock.
 *
 * @throws Malformed | Unsupported
 */
export async function readErofsSuperblock(source: ByteSource): Promise<ErofsSuperblock> {
  const extent = { offset: superblockOffset, length: superblockSize };
  const bytes = await readExtent(source, 'erofs superblock', extent);
  const cursor = new Cursor(bytes, 'little');
  if (cursor.u32(field('magic')) !== 0xe0f5e1e2)
    throw new Malformed('erofs superblock', 'has no magic', 1024);
  const checksum = cursor.u32(field('checksum'));
  const compatible = cursor.u32(field('features'));
  const blockBits = cursor.u8(field('block size'));
  const slots = cursor.u8(field('extension slots'));
  if (blockBits < 9 || blockBits > 16) throw new Unsupported(field('block size'), `is 2^${blockBits}`);
  if (slots !== 0) throw new Unsupported(field('extension slots'), 'are used');
  const blockSize = 2 ** blockBits;
  if ((compatible & checksummed) !== 0) await checkChecksum(source, blockSize, checksum);
  const rootInode = cursor.u16(field('root inode'));
  cursor.take(24, field('times, blocks'));
  const metadataBlock = cursor.u32(field('metadata address'));
  const attributeBlock = cursor.u32(field('attribute address'));
  cursor.take(32, field('UUID, name'));
  const features = checkFeatures(cursor.u32(field('incompatible features')));
  const hasConfigurations = (features & incompatible.compressionConfiguration) !== 0;
  const algorithms = cursor.u16(field('compression'));
  if (cursor.u16(field('extra devices')) !== 0)
    throw new Unsupported(field('extra devices'), 'are used: data is in another file');
  cursor.take(2, field('device table'));
  if (cursor.u8(field('directory block size')) !== 0)
    throw new Unsupported(field('directory block size'), 'differs from the block size');
  cursor.take(5, field('attribute prefixes'));
  const packedInode = (features & incompatible.fragments) === 0 ? 0 : cursor.u64Number(field('packed inode'));
  const afterwards = superblockOffset + superblockSize;
  return {
    blockSize,
    rootInode,
    metadataOffset: metadataBlock * blockSize,
    sharedAttributesOffset: attributeBlock * blockSize,
    hasChunkedFiles: (features & incompatible.chunkedFile) !== 0,
    // Images from before there were configurations have LZ4's largest distance in place of the bits.
    algorithms: hasConfigurations
      ? await readErofsAlgorithms(source, algorithms, afterwards, blockSize)
      : new Set<ErofsAlgorithm>(['lz4']),
    hasZeroPadding: (features & incompatible.zeroPadding) !== 0,
    hasLargeClusters: hasConfigurations,
    packedInode: packedInode === 0 ? null : packedInode,
  };
}

function checkFeatures(features: number): number {
  const unknown = (features & ~known) >>> 0;
  if (unknown !== 0)
    throw new Unsupported(
      field('incompatible features'),
      `include 0x${unknown.toString(16)}, which is not known here`,
    );
  return features;
}

/** Over the rest of the first block, with zeros for the checksum itself. */
async function checkChecksum(source: ByteSource, blockSize: number, expected: number): Promise<void> {
  const length = blockSize > superblockOffset ? blockSize - superblockOffset : blockSize;
  const extent = { offset: superblockOffset, length };
  const bytes = Uint8Array.from(await readExtent(source, 'erofs superblock', extent));
  bytes.fill(0, 4, 8);
  if (crc32c(bytes) !== expected)
    throw new Malformed(field('checksum'), 'does not match', superblockOffset + 4);
}
