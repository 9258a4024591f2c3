import { Malformed, Unsupported } from '../../bytes/failures.ts';
import type { ByteSource, Extent } from '../byte-source.ts';
import type { ErofsCluster, ErofsClusterRange, ErofsHead } from './erofs-cluster.ts';
import { readCompactIndex } from './erofs-compact-index.ts';
import type { ErofsAlgorithm } from './erofs-compression.ts';
import { readFullIndex } from './erofs-full-index.ts';
import type { ErofsInode } from './erofs-inode.ts';
import type { ErofsMapHeader } from './erofs-map-header.ts';
import type { ErofsSuperblock } from './erofs-superblock.ts';

/** A piece of a compressed file: where it is in the file, in bytes, and what it is made from. */
export interface ErofsPiece {
  readonly start: number;
  readonly length: number;
  readonly from: ErofsPieceSource;
}

export type ErofsPieceSource =
  /** Bytes as they are; the first `turn` of the extent come last. */
  | { readonly kind: 'stored'; readonly extent: Extent; readonly turn: number }
  | {
      readonly kind: 'compressed';
      readonly extent: Extent;
      readonly algorithm: ErofsAlgorithm;
      /** The data gives more than the piece, which is its beginning. */
      readonly isPartial: boolean;
    }
  /** Bytes of the packed inode. */
  | { readonly kind: 'fragment'; readonly offset: number };

/** The most that the kernel takes: data of one piece (Z_EROFS_PCLUSTER_MAX_SIZE), and what it gives (..._MAX_DSIZE). */
const maximumDataBytes = 1024 * 1024;
const maximumPieceBytes = 12 * 1024 * 1024;

/**
 * Finds the pieces of a compressed file that have its bytes from `from` up to `to`, in their order. For every byte they are
 * what the kernel would find, which goes back from the cluster of that byte to where the piece begins
 * (z_erofs_map_blocks_fo() in fs/erofs/zmap.c): the ways through the index are checked to lead nowhere else.
 *
 * @param to more than `from`, at most the size of the file.
 * @throws Malformed | Unsupported
 */
export async function readErofsPieces(
  source: ByteSource,
  superblock: ErofsSuperblock,
  inode: ErofsInode,
  header: ErofsMapHeader,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly ErofsPiece[]> {
  const { blockSize } = superblock;
  const most = maximumPieceBytes / blockSize;
  const total = Math.ceil(inode.size / blockSize);
  const first = Math.max(0, Math.floor(from / blockSize) - most);
  const last = Math.min(total - 1, Math.floor((to - 1) / blockSize) + most);
  const name = `${inode.name}: index`;
  const index = { source, blockSize, header, name };
  const range =
    inode.layout === 'full'
      ? await readFullIndex(index, first, last)
      : await readCompactIndex(index, total, first, last);
  const map = { superblock, inode, header, range, name };
  const bounds = findBounds(map);
  const begin = bounds.findLastIndex(({ start }) => start <= from);
  if (begin === -1) throw new Malformed(map.name, `has no piece that begins near byte ${from} of the file`);
  const pieces: ErofsPiece[] = [];
  for (const [number, bound] of bounds.entries())
    if (number >= begin && bound.start < to) pieces.push(toPiece(map, bound, bounds[number + 1]));
  return pieces;
}

interface ErofsMap {
  readonly superblock: ErofsSuperblock;
  readonly inode: ErofsInode;
  readonly header: ErofsMapHeader;
  readonly range: ErofsClusterRange;
  readonly name: string;
}

/** Where a piece begins: in which cluster, and at which byte of the file. */
interface Bound {
  readonly cluster: number;
  readonly head: ErofsHead;
  readonly start: number;
}

function findBounds({ range, superblock }: ErofsMap): readonly Bound[] {
  return range.clusters.flatMap((cluster, index) =>
    cluster.isHead
      ? {
          cluster: range.first + index,
          head: cluster,
          start: (range.first + index) * superblock.blockSize + cluster.start,
        }
      : [],
  );
}

function toPiece(map: ErofsMap, bound: Bound, next: Bound | undefined): ErofsPiece {
  const { inode, range, superblock, name } = map;
  const { start } = bound;
  const end = next?.start ?? inode.size;
  const isSeen = next !== undefined || (range.first + range.clusters.length) * superblock.blockSize >= end;
  if (end > inode.size) throw new Malformed(name, 'has a piece that begins behind the end of the file');
  if (!isSeen) throw new Unsupported(name, `has a piece of more than ${maximumPieceBytes} bytes`);
  checkWays(map, bound, next);
  // What begins at the end of the file is nothing, and what is before it is the tail.
  const from = end === inode.size ? toTail(map, bound, end - start) : toData(map, bound, end - start);
  return { start, length: end - start, from };
}

/** The ways from the clusters inside of a piece must lead to its beginning, and to the piece after it. */
function checkWays({ range, name }: ErofsMap, { cluster, start }: Bound, next: Bound | undefined): void {
  const end = next?.cluster ?? range.first + range.clusters.length;
  const between = range.clusters.slice(cluster + 1 - range.first, end - range.first);
  for (const [index, entry] of between.entries()) {
    if (entry.isHead) continue;
    const here = cluster + 1 + index;
    if (entry.back === 0 || entry.back > here - cluster)
      throw new Malformed(name, `leads from cluster ${here} to another piece than that at byte ${start}`);
    // Images of old have nothing here, and are read step by step then.
    if (next !== undefined && entry.ahead > end - here)
      throw new Malformed(name, `leads from cluster ${here} beyond the piece at byte ${start}`);
    if (entry.blocks !== null && here !== cluster + 1)
      throw new Malformed(name, `counts blocks in cluster ${here}, which is not the second of its piece`);
  }
}

function toTail(map: ErofsMap, bound: Bound, length: number): ErofsPieceSource {
  const { tail } = map.header;
  if (tail === null) return toData(map, bound, length);
  if (tail.kind === 'inline') return toInline(map, bound, length, tail.length);
  // Only an index of full entries has room for more than 32 bits, where other pieces have their block.
  const offset = tail.offset + (map.inode.layout === 'full' ? bound.head.block * 2 ** 32 : 0);
  return { kind: 'fragment', offset };
}

function toInline(map: ErofsMap, { head }: Bound, length: number, dataLength: number): ErofsPieceSource {
  const { blockSize } = map.superblock;
  const extent = { offset: map.range.end, length: dataLength };
  if ((extent.offset % blockSize) + dataLength > blockSize)
    throw new Malformed(map.name, 'has a tail that does not end in its block', extent.offset);
  if (head.algorithm !== null) return toCompressed(map, head, extent, length);
  if (length > dataLength)
    throw new Malformed(map.name, `has a tail of ${dataLength} bytes instead of ${length}`, extent.offset);
  return { kind: 'stored', extent: { ...extent, length }, turn: 0 };
}

function toData(map: ErofsMap, bound: Bound, length: number): ErofsPieceSource {
  const { superblock, header, name } = map;
  const { blockSize } = superblock;
  const blocks = countBlocks(map, bound);
  const extent = { offset: bound.head.block * blockSize, length: blocks * blockSize };
  if (bound.head.algorithm !== null) return toCompressed(map, bound.head, extent, length);
  // Older kernels take one block in any case.
  if (blocks > 1) throw new Unsupported(name, `has ${blocks} blocks that are stored as they are`);
  if (length > blockSize) throw new Malformed(name, `has a block with ${length} bytes in it`, extent.offset);
  return header.isInterlaced
    ? { kind: 'stored', extent, turn: bound.head.start }
    : { kind: 'stored', extent: { ...extent, length }, turn: 0 };
}

function toCompressed(
  { superblock, header, name }: ErofsMap,
  head: ErofsHead,
  extent: Extent,
  length: number,
) {
  const algorithm = header.algorithms[head.algorithm ?? 0];
  if (!superblock.algorithms.has(algorithm))
    throw new Malformed(name, `has ${algorithm} data, which the superblock does not name`);
  if (extent.length > maximumDataBytes || length > maximumPieceBytes)
    throw new Unsupported(name, `has a piece of ${length} bytes from ${extent.length} bytes of data`);
  return { kind: 'compressed', extent, algorithm, isPartial: head.isPartial } as const;
}

/** The second cluster of a piece says how many blocks of data it has, if there may be many. */
function countBlocks({ header, range, name }: ErofsMap, { cluster, head }: Bound): number {
  const second: ErofsCluster | undefined = range.clusters[cluster + 1 - range.first];
  if (!header.hasLargeClusters[head.algorithm ?? 1] || second === undefined || second.isHead) return 1;
  if (second.blocks === null || second.blocks === 0)
    throw new Malformed(name, `does not count the blocks of the piece in cluster ${cluster}`);
  return second.blocks;
}
