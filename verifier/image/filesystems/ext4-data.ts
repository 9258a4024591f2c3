import { Malformed } from '../../bytes/failures.ts';
import { findInInode } from './ext4-attributes.ts';
import { readBlockMap } from './ext4-block-map.ts';
import type { BlockRun } from './ext4-block-runs.ts';
import { readExtents } from './ext4-extents.ts';
import type { Ext4Inode } from './ext4-inode.ts';
import type { Ext4Volume } from './ext4-volume.ts';
import { checkFileSize, type FileRun, readRuns } from './file-range.ts';

/**
 * The content of an inode.
 *
 * @throws Unsupported if it has more than `maximumBytes`.
 */
export async function readExt4Data(
  volume: Ext4Volume,
  inode: Ext4Inode,
  maximumBytes: number,
): Promise<Uint8Array> {
  const { name, size, layout } = inode;
  checkFileSize(size, maximumBytes, name);
  if (layout === 'inline') return readInline(inode).subarray(0, size);
  const { blockSize } = volume.superblock;
  const find = layout === 'extents' ? readExtents : readBlockMap;
  const runs = await find(volume, inode, Math.ceil(size / blockSize));
  return readRuns(volume.source, toFileRuns(runs, blockSize, size), size, name);
}

/**
 * What stands in the inode itself: in place of the block numbers, and in an attribute of its own
 * (Documentation/filesystems/ext4/inlinedata.rst).
 */
export function readInline(inode: Ext4Inode): Uint8Array {
  const rest = findInInode(inode, 'system.data');
  if (rest === null) throw new Malformed(inode.name, 'has no data in itself, but says so');
  if (inode.size > inode.block.length + rest.length)
    throw new Malformed(inode.name, 'has less data in itself than its size');
  return Buffer.concat([inode.block, rest]);
}

/** In bytes, cut off at the size: the last block is not the file's to its end. */
function toFileRuns(runs: readonly BlockRun[], blockSize: number, size: number): FileRun[] {
  let left = size;
  return runs.map(({ block, count }) => {
    const length = Math.min(count * blockSize, left);
    left -= length;
    return { offset: block === null ? null : block * blockSize, length };
  });
}
