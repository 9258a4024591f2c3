import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { readExtent } from '../byte-source.ts';
import {
  clusterTypes,
  countsBlocks,
  type ErofsCluster,
  type ErofsClusterRange,
  type ErofsIndex,
  parseWayBack,
  toAlgorithmNumber,
} from './erofs-cluster.ts';
import type { ErofsMapHeader } from './erofs-map-header.ts';

/** Entries that share one address: a run of them is a pack, and its last four bytes are the address. */
interface Pack {
  readonly first: number;
  readonly entries: number;
  /** In the image. */
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads entries that are packed (z_erofs_load_compact_lcluster() in the kernel's fs/erofs/zmap.c): those of clusters `first`
 * to `last`, of `total`.
 *
 * @throws Malformed | Unsupported
 */
export async function readCompactIndex(
  index: ErofsIndex,
  total: number,
  first: number,
  last: number,
): Promise<ErofsClusterRange> {
  const { source, blockSize, header, name } = index;
  const clusterBits = Math.log2(blockSize);
  if (clusterBits > 14) throw new Unsupported(name, 'is compact for blocks of more than 16 KiB');
  if (header.hasShortEntries && clusterBits > 12)
    throw new Unsupported(name, 'has entries of two bytes for blocks of more than 4 KiB');
  const start = packOf(header, total, first);
  const finish = packOf(header, total, last);
  const end = finish.offset + finish.length;
  const bytes = await readExtent(source, name, { offset: start.offset, length: end - start.offset });
  const clusters: ErofsCluster[] = [];
  for (let pack = start; pack.first <= last; pack = packOf(header, total, pack.first + pack.entries)) {
    const at = pack.offset - start.offset;
    const parse = parsePack(index, pack, bytes.subarray(at, at + pack.length));
    // Behind the last cluster of a file, a pack has entries that say nothing.
    const slots = Math.min(pack.entries, last + 1 - pack.first);
    for (let slot = Math.max(0, first - pack.first); slot < slots; slot++) clusters.push(parse(slot));
  }
  return { first, clusters, end };
}

/** Two bytes an entry need an alignment of 32: before and after them, entries have four. */
function packOf({ indexOffset, hasShortEntries }: ErofsMapHeader, total: number, cluster: number): Pack {
  const before = ((32 - (indexOffset % 32)) / 4) & 7;
  const short = hasShortEntries && before < total ? Math.floor((total - before) / 16) * 16 : 0;
  const place = (from: number, offset: number, entries: number, size: number): Pack => {
    const number = Math.floor((cluster - from) / entries);
    return {
      first: from + number * entries,
      entries,
      offset: offset + number * entries * size,
      length: entries * size,
    };
  };
  if (cluster < before || short === 0) return place(0, indexOffset, 2, 4);
  if (cluster < before + short) return place(before, indexOffset + before * 4, 16, 2);
  return place(before + short, indexOffset + before * 4 + short * 2, 2, 4);
}

interface PackedEntry {
  readonly type: number;
  readonly value: number;
}

const nothing: PackedEntry = { type: clusterTypes.plain, value: 0 };

/** Gives what parses the entry in a slot. */
function parsePack(index: ErofsIndex, pack: Pack, bytes: Uint8Array): (slot: number) => ErofsCluster {
  const { blockSize, name } = index;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const valueBits = Math.max(Math.log2(blockSize), 12);
  const entryBits = ((pack.length - 4) * 8) / pack.entries;
  const entries = Array.from({ length: pack.entries }, (_, slot): PackedEntry => {
    const bit = slot * entryBits;
    const word = view.getUint32(bit >> 3, true) >>> (bit & 7);
    return { value: word & (2 ** valueBits - 1), type: (word >>> valueBits) & clusterTypes.mask };
  });
  const base = view.getUint32(pack.length - 4, true);
  return (slot) => {
    const { type, value } = entries[slot] ?? nothing;
    if (type !== clusterTypes.inside) {
      if (value >= blockSize)
        throw new Malformed(name, 'has a piece that begins outside of its block', pack.offset);
      const block = base + blocksBefore(entries, slot, index, pack.offset);
      return { isHead: true, algorithm: toAlgorithmNumber(type), start: value, block, isPartial: false };
    }
    const parsed = parseWayBack(value, index, pack.offset);
    if (slot < pack.entries - 1 || parsed.blocks !== null) return { isHead: false, ...parsed, ahead: 1 };
    // The last entry has the way ahead in place of the way back, which follows from the entry before it.
    const previous = entries[slot - 1];
    const back =
      previous?.type === clusterTypes.inside ? parseWayBack(previous.value, index, pack.offset).back + 1 : 1;
    return { isHead: false, back, ahead: value, blocks: null };
  };
}

/** How many blocks the pieces that begin before `slot` in its pack have: what its own block is counted from. */
function blocksBefore(
  entries: readonly PackedEntry[],
  slot: number,
  { header, name }: ErofsIndex,
  at: number,
): number {
  const { hasLargeClusters } = header;
  let blocks = hasLargeClusters[0] ? 0 : 1;
  for (let here = slot - 1; here >= 0; here--) {
    const { type, value } = entries[here] ?? nothing;
    if (type !== clusterTypes.inside) {
      blocks++;
    } else if (!hasLargeClusters[0]) {
      here -= value;
      if (here >= 0) blocks++;
    } else if ((value & countsBlocks) !== 0) {
      here--;
      blocks += value & ~countsBlocks;
    } else if (value > 1) {
      here -= value - 2;
    } else {
      throw new Malformed(name, 'has a piece of many blocks that does not count them', at);
    }
  }
  return blocks;
}
