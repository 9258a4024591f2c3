import { Cursor } from '../../bytes/cursor.ts';
import { Unsupported } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import { readErofsPiece } from './erofs-compressed-data.ts';
import { readErofsPieces } from './erofs-compressed-map.ts';
import { flatRuns } from './erofs-flat-data.ts';
import type { ErofsInode } from './erofs-inode.ts';
import { readErofsMapHeader } from './erofs-map-header.ts';
import type { ErofsPackedInode } from './erofs-packed-inode.ts';
import type { ErofsSuperblock } from './erofs-superblock.ts';
import { checkFileSize, type FileRun, readRuns } from './file-range.ts';

/** Everything that reading the content of inodes takes. */
export interface ErofsVolume {
  readonly source: ByteSource;
  readonly superblock: ErofsSuperblock;
  readonly packed: ErofsPackedInode;
}

/**
 * The content of an inode (erofs_map_blocks() in the kernel's fs/erofs/data.c, z_erofs_map_blocks_iter() in its zmap.c).
 *
 * @throws Unsupported if it has more than `maximumBytes`.
 */
export async function readErofsData(
  volume: ErofsVolume,
  inode: ErofsInode,
  maximumBytes: number,
): Promise<Uint8Array> {
  const { source, superblock } = volume;
  checkFileSize(inode.size, maximumBytes, inode.name);
  if (inode.size === 0) return new Uint8Array(0);
  switch (inode.layout) {
    case 'full':
    case 'compact':
      return readCompressed(volume, inode);
    case 'chunks':
      return readRuns(source, await chunkRuns(source, superblock, inode), inode.size, inode.name);
    case 'plain':
    case 'inline':
      return readRuns(source, flatRuns(superblock, inode), inode.size, inode.name);
  }
}

/** Data of pieces that are taken out of larger ones: more than this for every byte is work that nobody has to do. */
const maximumGrowth = 8;
const alwaysAllowed = 32 * 1024 * 1024;

async function readCompressed(volume: ErofsVolume, inode: ErofsInode): Promise<Uint8Array> {
  const { source, superblock, packed } = volume;
  const { name, size } = inode;
  const header = await readErofsMapHeader(source, superblock, inode);
  if ('fragmentOffset' in header) return packed.read(header.fragmentOffset, size, name);
  const pieces = await readErofsPieces(source, superblock, inode, header, { from: 0, to: size });
  const bytes = new Uint8Array(size);
  let taken = 0;
  for (const { start, length, from } of pieces) {
    if (from.kind === 'fragment') {
      bytes.set(await packed.read(from.offset, length, name), start);
      continue;
    }
    taken += from.extent.length;
    if (taken > maximumGrowth * size + alwaysAllowed)
      throw new Unsupported(name, `takes more than ${taken} bytes of data for ${size} of its own`);
    bytes.set(await readErofsPiece(source, superblock, { start, length, from }, name), start);
  }
  return bytes;
}

const indexed = 0x20;
const hole = 0xffff_ffff;

async function chunkRuns(
  source: ByteSource,
  { blockSize, hasChunkedFiles }: ErofsSuperblock,
  inode: ErofsInode,
): Promise<FileRun[]> {
  if (!hasChunkedFiles || inode.union > 0x3f)
    throw new Unsupported(`${inode.name}: chunk format`, 'is not known here');
  const chunkSize = blockSize * 2 ** (inode.union & 0x1f);
  const unit = (inode.union & indexed) === 0 ? 4 : 8;
  const count = Math.ceil(inode.size / chunkSize);
  const offset = Math.ceil((inode.attributesOffset + inode.attributesLength) / unit) * unit;
  const bytes = await readExtent(source, `${inode.name}: chunks`, { offset, length: count * unit });
  const cursor = new Cursor(bytes, 'little');
  return Array.from({ length: count }, (_, index) => {
    if (unit === 8 && cursor.u32(`${inode.name}: chunk`) >>> 16 !== 0)
      throw new Unsupported(`${inode.name}: chunk`, 'is on another device');
    const block = cursor.u32(`${inode.name}: chunk`);
    const length = Math.min(chunkSize, inode.size - index * chunkSize);
    return { offset: block === hole ? null : block * blockSize, length };
  });
}
