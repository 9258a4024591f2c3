import { Malformed } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import type { ErofsPiece } from './erofs-compressed-map.ts';
import { decompressErofs } from './erofs-decompress.ts';
import type { ErofsSuperblock } from './erofs-superblock.ts';

/** A piece that has data of its own. */
export interface ErofsDataPiece extends ErofsPiece {
  readonly from: Exclude<ErofsPiece['from'], { readonly kind: 'fragment' }>;
}

/**
 * The bytes of one piece of a compressed file, all of them (z_erofs_decompress_pcluster() in the kernel's fs/erofs/zdata.c).
 *
 * @throws Malformed | Unsupported
 */
export async function readErofsPiece(
  source: ByteSource,
  { blockSize, hasZeroPadding }: ErofsSuperblock,
  { from, length }: ErofsDataPiece,
  name: string,
): Promise<Uint8Array> {
  const data = await readExtent(source, name, from.extent);
  if (from.kind === 'stored') return turn(data, from.turn).subarray(0, length);
  const { algorithm, isPartial } = from;
  // LZ4 data of old is followed by anything, so that nothing but its length says where it ends.
  if (algorithm === 'lz4' && !hasZeroPadding) return decompressErofs(algorithm, data, length, true);
  return decompressErofs(algorithm, withoutPadding(data, blockSize, name), length, isPartial);
}

function turn(data: Uint8Array, first: number): Uint8Array {
  return first === 0 ? data : Buffer.concat([data.subarray(first), data.subarray(0, first)]);
}

/** Zeros fill the first block up, so that the data ends with the last one. */
function withoutPadding(data: Uint8Array, blockSize: number, name: string): Uint8Array {
  const begin = data.subarray(0, blockSize).findIndex((byte) => byte !== 0);
  if (begin === -1) throw new Malformed(name, 'has compressed data that is nothing but zeros');
  return data.subarray(begin);
}
