import { digestSizes } from '../bytes/digest.ts';
import { Unsupported } from '../bytes/failures.ts';
import { isSupportedVerity, type VeritySuperblock, veritySuperblockSize } from './verity-superblock.ts';

/** One level of a hash tree, in hash blocks from the start of the verity partition. */
export interface TreeLevel {
  readonly firstBlock: number;
  readonly blocks: number;
}

export interface TreeGeometry {
  /** Bytes of a digest, and from the start of one digest in a block to the next. */
  readonly digestSize: number;
  /** How many digests a hash block holds. */
  readonly fanOut: number;
  /** From the root down; empty if there is one data block only, whose digest then is the root hash. */
  readonly levels: readonly TreeLevel[];
  /** Bytes of the verity partition that mean something, superblock included. */
  readonly length: number;
}

/**
 * Where the levels of a hash tree lie (verity_ctr and verity_hash_at_level in the kernel's drivers/md/dm-verity-target.c;
 * the place after the superblock is cryptsetup's VERITY_hash_offset_block).
 *
 * @throws Unsupported if the digest is not known here, since its size then is not.
 */
export function treeGeometry(superblock: VeritySuperblock): TreeGeometry {
  if (!isSupportedVerity(superblock))
    throw new Unsupported('hash tree', `is of ${superblock.algorithm} digests`);
  const { algorithm, hashBlockSize, dataBlocks } = superblock;
  const digestSize = digestSizes[algorithm];
  // The kernel puts digests at powers of two, or in hash type 0 without anything between them. Those that are known here
  // have such a size, so the two are the same, and a block is full when its last digest is there.
  const fanOut = hashBlockSize / digestSize;
  const counts = levelCounts(dataBlocks, fanOut);
  const levels: TreeLevel[] = [];
  let next = Math.ceil(veritySuperblockSize / hashBlockSize);
  for (const blocks of counts) {
    levels.push({ firstBlock: next, blocks });
    next += blocks;
  }
  return { digestSize, fanOut, levels, length: next * hashBlockSize };
}

function levelCounts(dataBlocks: number, fanOut: number): readonly number[] {
  const counts: number[] = [];
  for (let blocks = dataBlocks; blocks > 1; counts.unshift(blocks)) blocks = Math.ceil(blocks / fanOut);
  return counts;
}
