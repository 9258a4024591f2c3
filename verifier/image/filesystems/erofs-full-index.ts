import { Cursor } from '../../bytes/cursor.ts';
import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { readExtent } from '../byte-source.ts';
import {
  clusterTypes,
  type ErofsCluster,
  type ErofsClusterRange,
  type ErofsIndex,
  parseWayBack,
  toAlgorithmNumber,
} from './erofs-cluster.ts';

const entrySize = 8;
const partial = 0x8000;

/**
 * Reads entries of fixed size (struct z_erofs_lcluster_index; z_erofs_load_full_lcluster() in the kernel's fs/erofs/zmap.c):
 * those of clusters `first` to `last`.
 *
 * @throws Malformed | Unsupported
 */
export async function readFullIndex(
  index: ErofsIndex,
  first: number,
  last: number,
): Promise<ErofsClusterRange> {
  const offset = index.header.indexOffset + first * entrySize;
  const length = (last - first + 1) * entrySize;
  const cursor = new Cursor(await readExtent(index.source, index.name, { offset, length }), 'little');
  const clusters = Array.from({ length: last - first + 1 }, () =>
    parseEntry(index, cursor, offset + cursor.offset),
  );
  return { first, clusters, end: offset + length };
}

function parseEntry(index: ErofsIndex, cursor: Cursor, at: number): ErofsCluster {
  const { blockSize, name } = index;
  const advise = cursor.u16(name);
  const start = cursor.u16(name);
  const type = advise & clusterTypes.mask;
  if ((advise & ~(clusterTypes.mask | partial)) !== 0)
    throw new Unsupported(name, `advises 0x${advise.toString(16)}, which is not known here`);
  if (type === clusterTypes.inside) {
    const back = cursor.u16(name);
    const ahead = cursor.u16(name);
    return { isHead: false, ...parseWayBack(back, index, at), ahead };
  }
  if (start >= blockSize) throw new Malformed(name, 'has a piece that begins outside of its block', at);
  const isPartial = (advise & partial) !== 0;
  return { isHead: true, algorithm: toAlgorithmNumber(type), start, block: cursor.u32(name), isPartial };
}
