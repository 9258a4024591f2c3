import { Malformed } from '../../bytes/failures.ts';
import type { ByteSource } from '../byte-source.ts';
import { findInInode } from './ext4-attributes.ts';
import { readBlockMap } from './ext4-block-map.ts';
import { type BlockRun, readExtents } from './ext4-extents.ts';
import type { Ext4Inode } from './ext4-inode.ts';
import { checkFileSize, type FileRun, readRuns } from './file-range.ts';

/**
 * The content of an inode.
 *
 * @throws Unsupported if it has more than `maximumBytes`.
 */
export async function readExt4Data(
  source: ByteSource,
  blockSize: number,
  inode: Ext4Inode,
  maximumBytes: number,
): Promise<Uint8Array> {
  const { name, size, layout } = inode;
  checkFileSize(size, maximumBytes, name);
  if (layout === 'inline') return readInline(inode).subarray(0, size);
  const blocks = Math.ceil(size / blockSize);
  const read = layout === 'extents' ? readExtents : readBlockMap;
  return readRuns(
    source,
    toFileRuns(await read(source, blockSize, inode, blocks), blockSize, size),
    size,
    name,
  );
}

/** What stands in the inode itself: in place of the block numbers, and in an attribute of its own. */
export function readInline(inode: Ext4Inode): Uint8Array {
  const rest = findInInode(inode, 'system.data') ?? new Uint8Array();
  const bytes = new Uint8Array(Buffer.concat([inode.block, rest]));
  if (inode.size > bytes.length) throw new Malformed(inode.name, 'has less data in itself than its size');
  return bytes;
}

/** In bytes, with holes for the blocks that nothing is said of, cut off at the size. */
function toFileRuns(runs: readonly BlockRun[], blockSize: number, size: number): FileRun[] {
  const result: FileRun[] = [];
  let at = 0;
  for (const { first, count, at: block } of runs) {
    const start = first * blockSize;
    if (start >= size) break;
    if (start > at) result.push({ offset: null, length: start - at });
    const length = Math.min(count * blockSize, size - start);
    result.push({ offset: block === null ? null : block * blockSize, length });
    at = start + length;
  }
  if (at < size) result.push({ offset: null, length: size - at });
  return result;
}
