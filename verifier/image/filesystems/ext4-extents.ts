import { Cursor } from '../../bytes/cursor.ts';
import { Malformed } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import type { Ext4Inode } from './ext4-inode.ts';

/** A run of a file's blocks; null: zeros that are stored nowhere. */
export interface BlockRun {
  /** Block of the file. */
  readonly first: number;
  readonly count: number;
  /** Block of the image. */
  readonly at: number | null;
}

const magic = 0xf30a;
const maximumDepth = 5;
const headerSize = 12;
/** Lengths above this mean blocks that were reserved and never written. */
const maximumWritten = 32_768;

interface ExtentReader {
  readonly source: ByteSource;
  readonly blockSize: number;
  readonly name: string;
  /** Blocks of the file that are wanted: those behind are not looked at. */
  readonly blocks: number;
}

/**
 * Where the blocks of a file are, by its tree of extents (Documentation/filesystems/ext4/ifork.rst). Only the blocks that the
 * size of the file says are looked for, so a tree that leads in circles comes to an end.
 */
export function readExtents(
  source: ByteSource,
  blockSize: number,
  { block, name }: Ext4Inode,
  blocks: number,
): Promise<readonly BlockRun[]> {
  return readNode({ source, blockSize, name, blocks }, block, maximumDepth, 0);
}

/** @param deepest the depth that a node may have here. @param from the first block that it may be about. */
async function readNode(
  reader: ExtentReader,
  node: Uint8Array,
  deepest: number,
  from: number,
): Promise<readonly BlockRun[]> {
  const { name } = reader;
  const cursor = new Cursor(node, 'little');
  if (cursor.u16(`${name}: extents`) !== magic) throw new Malformed(`${name}: extents`, 'have no magic');
  const entries = cursor.u16(name);
  cursor.take(2, name);
  const depth = cursor.u16(name);
  if (depth > deepest || entries > (node.length - headerSize) / 12)
    throw new Malformed(`${name}: extents`, 'are deeper or more than they can be');
  cursor.take(4, name);
  return depth === 0
    ? takeLeaves(cursor, entries, reader, from)
    : readChildren(cursor, entries, reader, depth, from);
}

function takeLeaves(cursor: Cursor, entries: number, { name }: ExtentReader, from: number): BlockRun[] {
  let next = from;
  return Array.from({ length: entries }, () => {
    const first = cursor.u32(name);
    const length = cursor.u16(name);
    const high = cursor.u16(name);
    const at = high * 2 ** 32 + cursor.u32(name);
    const isWritten = length <= maximumWritten;
    const count = isWritten ? length : length - maximumWritten;
    if (first < next || count === 0) throw new Malformed(`${name}: extents`, 'are not in order');
    next = first + count;
    return { first, count, at: isWritten ? at : null };
  });
}

async function readChildren(
  cursor: Cursor,
  entries: number,
  reader: ExtentReader,
  depth: number,
  from: number,
): Promise<readonly BlockRun[]> {
  const { source, blockSize, name, blocks } = reader;
  const runs: BlockRun[] = [];
  let next = from;
  for (let entry = 0; entry < entries; entry++) {
    const first = cursor.u32(name);
    const low = cursor.u32(name);
    const block = cursor.u16(name) * 2 ** 32 + low;
    cursor.take(2, name);
    if (first < next) throw new Malformed(`${name}: extents`, 'are not in order');
    if (first >= blocks) break;
    const node = await readExtent(source, name, { offset: block * blockSize, length: blockSize });
    const children = await readNode(reader, node, depth - 1, first);
    runs.push(...children);
    // A child without a run would let a tree be as wide as it likes.
    const last = children.at(-1);
    if (last === undefined) throw new Malformed(`${name}: extents`, 'have a node that is empty');
    next = last.first + last.count;
  }
  return runs;
}
