import { Cursor } from '../../bytes/cursor.ts';
import { Unsupported } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import type { BlockRun } from './ext4-extents.ts';
import type { Ext4Inode } from './ext4-inode.ts';

const directBlocks = 12;

interface MapReader {
  readonly source: ByteSource;
  readonly blockSize: number;
  readonly name: string;
  readonly blocks: number;
}

/**
 * Where the blocks of a file are, by the map of ext2 and ext3: twelve blocks, then blocks of block numbers, then blocks of those.
 * Block 0 stands for zeros.
 */
export async function readBlockMap(
  source: ByteSource,
  blockSize: number,
  { block, name }: Ext4Inode,
  blocks: number,
): Promise<readonly BlockRun[]> {
  const reader = { source, blockSize, name, blocks };
  const cursor = new Cursor(block, 'little');
  const runs: BlockRun[] = [];
  for (let first = 0; first < Math.min(blocks, directBlocks); first++)
    runs.push({ first, count: 1, at: toBlock(cursor.u32(name)) });
  let first = directBlocks;
  for (let depth = 1; first < blocks; depth++) {
    if (depth > 3) throw new Unsupported(name, 'has more blocks than a map can hold');
    const top = new Cursor(block.subarray((directBlocks + depth - 1) * 4), 'little').u32(name);
    runs.push(...(await readIndirect(reader, top, depth, first)));
    first += (blockSize / 4) ** depth;
  }
  return runs;
}

async function readIndirect(
  reader: MapReader,
  block: number,
  depth: number,
  first: number,
): Promise<BlockRun[]> {
  const { source, blockSize, name, blocks } = reader;
  const fan = (blockSize / 4) ** (depth - 1);
  const count = Math.min(blockSize / 4, Math.ceil((blocks - first) / fan));
  if (block === 0) return [{ first, count: Math.min(count * fan, blocks - first), at: null }];
  const bytes = await readExtent(source, name, { offset: block * blockSize, length: blockSize });
  const cursor = new Cursor(bytes, 'little');
  const runs: BlockRun[] = [];
  for (let entry = 0; entry < count; entry++) {
    const start = first + entry * fan;
    const child = cursor.u32(name);
    if (depth === 1) runs.push({ first: start, count: 1, at: toBlock(child) });
    else runs.push(...(await readIndirect(reader, child, depth - 1, start)));
  }
  return runs;
}

function toBlock(number: number): number | null {
  return number === 0 ? null : number;
}
