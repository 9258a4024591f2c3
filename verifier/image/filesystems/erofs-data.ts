import { Cursor } from '../../bytes/cursor.ts';
import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import type { ErofsInode } from './erofs-inode.ts';
import type { ErofsSuperblock } from './erofs-superblock.ts';
import { checkFileSize, type FileRun, readRuns } from './file-range.ts';

/**
 * The content of an inode (erofs_map_blocks() in the kernel's fs/erofs/data.c).
 *
 * @throws Unsupported if it has more than `maximumBytes`.
 */
export async function readErofsData(
  source: ByteSource,
  superblock: ErofsSuperblock,
  inode: ErofsInode,
  maximumBytes: number,
): Promise<Uint8Array> {
  checkFileSize(inode.size, maximumBytes, inode.name);
  const runs =
    inode.layout === 'chunks' ? await chunkRuns(source, superblock, inode) : flatRuns(superblock, inode);
  return readRuns(source, runs, inode.size, inode.name);
}

/** One run of blocks; the last block may stand behind the inode instead. */
function flatRuns({ blockSize }: ErofsSuperblock, inode: ErofsInode): FileRun[] {
  const offset = inode.union * blockSize;
  if (inode.layout === 'plain' || inode.size === 0) return [{ offset, length: inode.size }];
  const length = (Math.ceil(inode.size / blockSize) - 1) * blockSize;
  const tail = inode.attributesOffset + inode.attributesLength;
  if ((tail % blockSize) + inode.size - length > blockSize)
    throw new Malformed(inode.name, 'has a tail that does not end in its block', tail);
  return [
    { offset, length },
    { offset: tail, length: inode.size - length },
  ];
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
