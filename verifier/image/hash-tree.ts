import { fromHex, type Hex } from '../bytes/hex.ts';
import { type Reason, reason } from '../reasons.ts';
import { type BlockHash, blockHash } from './block-hash.ts';
import { type ByteSource, type Extent, readExtent } from './byte-source.ts';
import { type TreeGeometry, treeGeometry } from './verity-geometry.ts';
import type { VeritySuperblock } from './verity-superblock.ts';
import { isZero } from './zero.ts';

/**
 * A hash tree that is read from the root down: no digest is used before the block it stands in was verified against the
 * block above. One block of each level is kept, so data blocks in order read every hash block once.
 */
export class HashTree {
  readonly geometry: TreeGeometry;
  readonly #source: ByteSource;
  readonly #extent: Extent;
  readonly #blockSize: number;
  readonly #dataBlocks: number;
  readonly #rootHash: Uint8Array;
  readonly #hash: BlockHash;
  readonly #kept = new Map<number, { readonly index: number; readonly block: Uint8Array }>();

  constructor(source: ByteSource, extent: Extent, superblock: VeritySuperblock, rootHash: Hex) {
    this.geometry = treeGeometry(superblock);
    this.#source = source;
    this.#extent = extent;
    this.#blockSize = superblock.hashBlockSize;
    this.#dataBlocks = superblock.dataBlocks;
    this.#rootHash = fromHex(rootHash);
    this.#hash = blockHash(superblock, superblock.hashBlockSize);
  }

  /**
   * The digests of data blocks, by the index of the leaf that holds them: `fanOut` data blocks each.
   * Where there is one data block only, they are the root hash itself.
   */
  async leaf(index: number): Promise<Uint8Array | Reason> {
    const { levels } = this.geometry;
    return levels.length === 0 ? this.#rootHash : this.#block(levels.length - 1, index);
  }

  /** A hash block once it is verified; level 0 is the root's. Or why it cannot be trusted. */
  async #block(depth: number, index: number): Promise<Uint8Array | Reason> {
    const kept = this.#kept.get(depth);
    if (kept?.index === index) return kept.block;
    const expected = await this.#expected(depth, index);
    if (!(expected instanceof Uint8Array)) return expected;
    const offset = this.#offset(depth, index);
    const block = await readExtent(this.#source, 'hash tree', { offset, length: this.#blockSize });
    const what = `Block ${index} of level ${depth} of the hash tree`;
    if (!this.#hash(block).equals(expected)) return corrupt(what, offset);
    // The root hash alone does not say how many data blocks there are: with a smaller number in the superblock, which
    // nobody signed, the same tree would be one of shorter data. What lies behind the last digest is zero.
    if (!isZero(block.subarray(this.#digests(depth, index) * this.geometry.digestSize))) {
      return reason(
        'data-corrupt',
        `${what} (at byte ${offset} of the file) has digests of more data than there is.`,
      );
    }
    this.#kept.set(depth, { index, block });
    return block;
  }

  async #expected(depth: number, index: number): Promise<Uint8Array | Reason> {
    if (depth === 0) return this.#rootHash;
    const { fanOut, digestSize } = this.geometry;
    const above = await this.#block(depth - 1, Math.floor(index / fanOut));
    return above instanceof Uint8Array
      ? above.subarray((index % fanOut) * digestSize).subarray(0, digestSize)
      : above;
  }

  /** How many digests a block holds. */
  #digests(depth: number, index: number): number {
    const { levels, fanOut } = this.geometry;
    return Math.min(fanOut, (levels[depth + 1]?.blocks ?? this.#dataBlocks) - index * fanOut);
  }

  #offset(depth: number, index: number): number {
    const first = this.geometry.levels[depth]?.firstBlock ?? 0;
    return this.#extent.offset + (first + index) * this.#blockSize;
  }
}

/** Why a block is not what its digest says; `offset` is in the file. */
export function corrupt(what: string, offset: number): Reason {
  return reason('data-corrupt', `${what} (at byte ${offset} of the file) does not match its digest.`);
}
