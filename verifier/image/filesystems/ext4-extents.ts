import { Malformed } from '../../bytes/failures.ts';
import { type BlockRun, BlockRuns } from './ext4-block-runs.ts';
import type { Ext4Inode } from './ext4-inode.ts';
import { checkChecksum, type Ext4Volume, readBlock, toOffset } from './ext4-volume.ts';

const magic = 0xf30a;
const maximumDepth = 5;
/** Of the header of a node, and of each of its entries. */
const entrySize = 12;
/** Lengths above this are of blocks that were reserved and never written. */
const maximumWritten = 32_768;

type ExtentInode = Pick<Ext4Inode, 'name' | 'block' | 'checksumSeed'>;

interface ExtentWalk {
  readonly volume: Ext4Volume;
  readonly inode: ExtentInode;
  readonly runs: BlockRuns;
  /** For messages. */
  readonly what: string;
}

interface ExtentNode {
  readonly depth: number;
  readonly entries: readonly Buffer[];
}

/**
 * Where the blocks of a file are, by its tree of extents (Documentation/filesystems/ext4/ifork.rst, __ext4_ext_check() in
 * fs/ext4/extents.c).
 *
 * Each node below the root is about at least one block of the file that none before it was about, and what is behind the size
 * is not looked at: so a tree that leads in circles comes to an end, and soon.
 *
 * @param blocks how many the file has by its size.
 * @throws Malformed
 */
export async function readExtents(
  volume: Ext4Volume,
  inode: ExtentInode,
  blocks: number,
): Promise<readonly BlockRun[]> {
  const walk = { volume, inode, runs: new BlockRuns(blocks), what: `${inode.name}: extents` };
  const root = parseNode(inode.block, walk.what);
  if (root.depth > maximumDepth) throw new Malformed(walk.what, `are ${root.depth} levels deep`);
  await visit(walk, root, null);
  return walk.runs.finish();
}

/** @param from the block of the file that the node must begin with; null: the root's may be any. */
async function visit(walk: ExtentWalk, { depth, entries }: ExtentNode, from: number | null): Promise<void> {
  if (from !== null && from !== entries[0]?.readUInt32LE(0))
    throw new Malformed(walk.what, 'begin elsewhere than the node above says');
  for (const entry of entries) {
    if (depth > 0 && walk.runs.isComplete) return;
    const first = entry.readUInt32LE(0);
    // The kernel finds blocks by bisection: of entries that are not in order it sees others.
    if (first < walk.runs.next) throw new Malformed(walk.what, 'are not in order');
    if (depth === 0) addLeaf(walk, entry, first);
    else await visit(walk, await readChild(walk, entry, depth - 1), first);
  }
}

function addLeaf({ volume, runs, what }: ExtentWalk, entry: Buffer, first: number): void {
  const length = entry.readUInt16LE(4);
  const isWritten = length <= maximumWritten;
  const count = isWritten ? length : length - maximumWritten;
  if (count === 0 || first + count > 2 ** 32) throw new Malformed(what, `are of ${count} blocks`);
  const block = entry.readUInt16LE(6) * 2 ** 32 + entry.readUInt32LE(8);
  toOffset(volume, block, count, what);
  runs.add(first, count, isWritten ? block : null);
}

async function readChild(
  { volume, inode, what }: ExtentWalk,
  entry: Buffer,
  depth: number,
): Promise<ExtentNode> {
  const block = await readBlock(volume, entry.readUInt16LE(8) * 2 ** 32 + entry.readUInt32LE(4), what);
  const node = parseNode(block, what);
  const end = entrySize * (1 + block.readUInt16LE(4));
  checkChecksum(
    block.subarray(0, end),
    inode.checksumSeed,
    { stored: block.readUInt32LE(end), bits: 32 },
    what,
  );
  if (node.depth !== depth) throw new Malformed(what, `are ${node.depth} levels deep, not ${depth}`);
  return node;
}

function parseNode(node: Buffer, what: string): ExtentNode {
  if (node.readUInt16LE(0) !== magic) throw new Malformed(what, 'have no magic');
  const count = node.readUInt16LE(2);
  const maximum = node.readUInt16LE(4);
  const depth = node.readUInt16LE(6);
  if (count > maximum || maximum === 0 || maximum > Math.floor(node.length / entrySize) - 1)
    throw new Malformed(what, `are ${count} of at most ${maximum} in a node`);
  if (count === 0 && depth > 0) throw new Malformed(what, 'have a node that leads nowhere');
  const entries = Array.from({ length: count }, (_, index) =>
    node.subarray(entrySize * (index + 1), entrySize * (index + 2)),
  );
  return { depth, entries };
}
