import { Malformed } from '../../bytes/failures.ts';
import { type BlockRun, BlockRuns } from './ext4-block-runs.ts';
import type { Ext4Inode } from './ext4-inode.ts';
import { type Ext4Volume, readBlock, toOffset } from './ext4-volume.ts';

const directBlocks = 12;

interface MapWalk {
  readonly volume: Ext4Volume;
  readonly runs: BlockRuns;
  /** For messages. */
  readonly what: string;
  /** Block numbers in a block. */
  readonly fan: number;
}

/**
 * Where the blocks of a file are, by the map of ext2 and ext3: twelve blocks, then a block of block numbers, then blocks of
 * those (Documentation/filesystems/ext4/ifork.rst). Block 0 stands for zeros. No more levels are followed than there are, and
 * nothing behind the size, so a map that leads in circles comes to an end.
 *
 * @param blocks how many the file has by its size.
 * @throws Malformed
 */
export async function readBlockMap(
  volume: Ext4Volume,
  inode: Ext4Inode,
  blocks: number,
): Promise<readonly BlockRun[]> {
  const runs = new BlockRuns(blocks);
  const walk = { volume, runs, what: `${inode.name}: block map`, fan: volume.superblock.blockSize / 4 };
  for (let at = 0; at < directBlocks + 3; at++)
    await visit(walk, inode.block.readUInt32LE(at * 4), Math.max(0, at - directBlocks + 1));
  if (!runs.isComplete) throw new Malformed(walk.what, 'cannot hold as many blocks as the size says');
  return runs.finish();
}

/** @param level how many blocks of block numbers are between this one and the file's own. */
async function visit(walk: MapWalk, block: number, level: number): Promise<void> {
  const { volume, runs, what, fan } = walk;
  if (runs.isComplete) return;
  if (block === 0) runs.add(runs.next, fan ** level, null);
  else if (level > 0) await visitAll(walk, await readBlock(volume, block, what), level - 1);
  else {
    toOffset(volume, block, 1, what);
    runs.add(runs.next, 1, block);
  }
}

async function visitAll(walk: MapWalk, numbers: Buffer, level: number): Promise<void> {
  for (let at = 0; at < numbers.length && !walk.runs.isComplete; at += 4)
    await visit(walk, numbers.readUInt32LE(at), level);
}
