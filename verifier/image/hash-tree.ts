import { type Reason, reason } from '../reasons.ts';
import { digestBlocks } from './block-digests.ts';
import type { StoredExtent, VerityTarget } from './verity-parts.ts';
import { isZero } from './zero.ts';

/** Digests of blocks that lie one after another, as the root hash has them. */
export interface TrustedDigests {
  /** Of as many blocks as asked for; of fewer if `fault` is not null. */
  readonly digests: Uint8Array;
  /** Why there is no digest of the block behind the last one. */
  readonly fault: Reason | null;
}

interface VerifiedBlocks {
  readonly first: number;
  readonly bytes: Uint8Array;
  readonly fault: Reason | null;
}

/**
 * A hash tree that is read from the root down: no digest is used before the block it stands in was verified against the
 * block above. What was verified last is kept for each level, so data blocks in order read every hash block once.
 */
export class HashTree {
  readonly #target: VerityTarget;
  readonly #kept = new Map<number, VerifiedBlocks>();

  constructor(target: VerityTarget) {
    this.#target = target;
  }

  /**
   * The digests of `count` data blocks from `first` on; where there is one data block only, that is the root hash.
   *
   * @throws CouldNotDecide if the tree cannot be read.
   */
  async digests(first: number, count: number): Promise<TrustedDigests> {
    return this.#digests(this.#target.geometry.levels.length, first, count);
  }

  /** The digests of blocks of a level of the tree; below the last level are the data blocks. */
  async #digests(depth: number, first: number, count: number): Promise<TrustedDigests> {
    if (depth === 0) return { digests: this.#target.rootHash, fault: null };
    const { fanOut, digestSize } = this.#target.geometry;
    const parent = Math.floor(first / fanOut);
    const parents = Math.floor((first + count - 1) / fanOut) - parent + 1;
    const { bytes, fault } = await this.#blocks(depth - 1, parent, parents);
    const from = (first - parent * fanOut) * digestSize;
    return { digests: bytes.subarray(from, from + count * digestSize), fault };
  }

  /** Hash blocks of a level, as far as they are verified; level 0 is the root's. */
  async #blocks(depth: number, first: number, count: number): Promise<VerifiedBlocks> {
    const size = this.#target.superblock.hashBlockSize;
    const kept = this.#kept.get(depth);
    if (kept !== undefined && first >= kept.first) {
      const from = (first - kept.first) * size;
      const bytes = kept.bytes.subarray(from, from + count * size);
      if (bytes.length === count * size) return { first, bytes, fault: null };
    }
    const read = await this.#verify(depth, first, count);
    this.#kept.set(depth, read);
    return read;
  }

  async #verify(depth: number, first: number, count: number): Promise<VerifiedBlocks> {
    const { tree, hashing, superblock, geometry } = this.#target;
    const blockSize = superblock.hashBlockSize;
    const trusted = await this.#digests(depth, first, count);
    const offset = tree.offset + ((geometry.levels[depth]?.firstBlock ?? 0) + first) * blockSize;
    const run = { offset, blockSize, count, hashing, keepBlocks: true };
    const { digests, blocks } = await digestBlocks(tree.source, 'hash tree', run);
    const equal = equalDigests(digests, trusted.digests, geometry.digestSize);
    const bytes = (blocks ?? new Uint8Array()).subarray(0, equal * blockSize);
    if (equal === count) return this.#checkEnd(depth, { first, bytes, fault: null });
    const fault = equal * geometry.digestSize < trusted.digests.length ? null : trusted.fault;
    const what = `Block ${first + equal} of level ${depth} of the hash tree`;
    return { first, bytes, fault: fault ?? corrupt(what, tree, offset + equal * blockSize) };
  }

  /**
   * The root hash alone does not say how many data blocks there are: with a smaller number in the superblock, which nobody
   * signed, the same tree would be one of shorter data. What lies behind the last digest of a level is zero.
   */
  #checkEnd(depth: number, verified: VerifiedBlocks): VerifiedBlocks {
    const { tree, superblock, geometry } = this.#target;
    const { levels, fanOut, digestSize } = geometry;
    const { first, bytes } = verified;
    const digests = (levels[depth + 1]?.blocks ?? superblock.dataBlocks) - first * fanOut;
    if (isZero(bytes.subarray(digests * digestSize))) return verified;
    const last = bytes.length / superblock.hashBlockSize - 1;
    const at = tree.offset + ((levels[depth]?.firstBlock ?? 0) + first + last) * superblock.hashBlockSize;
    const fault = reason(
      'data-corrupt',
      `Block ${first + last} of level ${depth} of the hash tree (at byte ${at} of ${tree.file}) has digests of more data than there is.`,
    );
    return { first, bytes: bytes.subarray(0, last * superblock.hashBlockSize), fault };
  }
}

/** How many digests are equal from the start on, of those that both have. */
export function equalDigests(computed: Uint8Array, trusted: Uint8Array, digestSize: number): number {
  const known = computed.subarray(0, trusted.length);
  if (known.length === trusted.length && Buffer.compare(known, trusted) === 0)
    return known.length / digestSize;
  let at = 0;
  while (at < known.length && known[at] === trusted[at]) at++;
  return Math.floor(at / digestSize);
}

/** Why a block is not what its digest says; `offset` is in the file. */
export function corrupt(what: string, { file }: StoredExtent, offset: number): Reason {
  return reason('data-corrupt', `${what} (at byte ${offset} of ${file}) does not match its digest.`);
}
