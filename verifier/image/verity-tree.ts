import type { Branded } from '../bytes/branded.ts';
import type { Hex } from '../bytes/hex.ts';
import type { Reason } from '../reasons.ts';
import { digestBlocks } from './block-digests.ts';
import { corrupt, equalDigests, HashTree } from './hash-tree.ts';
import { toVerityTarget, type VerityParts, type VerityTarget } from './verity-parts.ts';

export type { StoredExtent, VerityParts } from './verity-parts.ts';
export { checkSupportedVerity } from './verity-superblock.ts';

/** Proof that every data block and every hash block of an image was read and has this root hash. */
export type IntactImage = Branded<{ readonly rootHash: Hex; readonly dataBytes: number }, 'IntactImage'>;

export type TreeVerdict =
  | { readonly intact: true; readonly image: IntactImage }
  | { readonly intact: false; readonly reasons: readonly Reason[] };

/**
 * Verifies the top of the hash tree, the way from there to the last data block, and that block. It catches a root hash or a
 * superblock that was exchanged, since the end of the data is where its size shows; a changed block elsewhere is found
 * when it is read, by the kernel, by `verifiedSource` or by `verifyTree`.
 *
 * @returns no reasons if these blocks have that root hash.
 * @throws CouldNotDecide if a source cannot be read.
 */
export async function verifyRootBlock(parts: VerityParts, rootHash: Hex): Promise<readonly Reason[]> {
  const target = toVerityTarget(parts, rootHash);
  if ('code' in target) return [target];
  const fault = await verifyRun(target, new HashTree(target), target.superblock.dataBlocks - 1, 1);
  return fault === null ? [] : [fault];
}

/**
 * Verifies the whole hash tree, root first, in constant memory.
 *
 * @param onProgress called with the number of data bytes verified so far.
 * @returns the proof, or the first block in the order of the data that is not what the root hash says.
 * @throws CouldNotDecide if a source cannot be read.
 */
export async function verifyTree(
  parts: VerityParts,
  rootHash: Hex,
  onProgress?: (bytes: number) => void,
): Promise<TreeVerdict> {
  const target = toVerityTarget(parts, rootHash);
  if ('code' in target) return { intact: false, reasons: [target] };
  const { dataBlocks, dataBlockSize } = target.superblock;
  const tree = new HashTree(target);
  const count = runSize / dataBlockSize;
  const start = (first: number): Promise<Reason | null> | null => {
    if (first >= dataBlocks) return null;
    const run = verifyRun(target, tree, first, Math.min(count, dataBlocks - first));
    run.catch(() => null); // it is looked at when its turn comes, and may fail before
    return run;
  };
  // Two at a time: while the result of one is looked at, the source works on the next.
  let [current, next] = [start(0), start(count)];
  try {
    for (let first = 0; current !== null; first += count) {
      const fault = await current;
      if (fault !== null) return { intact: false, reasons: [fault] };
      onProgress?.(Math.min(first + count, dataBlocks) * dataBlockSize);
      [current, next] = [next, start(first + 2 * count)];
    }
  } finally {
    await Promise.allSettled([next]);
  }
  return { intact: true, image: { rootHash, dataBytes: dataBlocks * dataBlockSize } as IntactImage };
}

/** Large enough that what is done once a run costs nothing; a multiple of every block size. */
const runSize = 64 * 1024 * 1024;

/** Verifies data blocks that lie one after another. */
async function verifyRun(
  { superblock, geometry, hashing, data }: VerityTarget,
  tree: HashTree,
  first: number,
  count: number,
): Promise<Reason | null> {
  const blockSize = superblock.dataBlockSize;
  const offset = data.offset + first * blockSize;
  const run = { offset, blockSize, count, hashing, keepBlocks: false };
  const [{ digests }, trusted] = await Promise.all([
    digestBlocks(data.source, 'data', run),
    tree.digests(first, count),
  ]);
  const equal = equalDigests(digests, trusted.digests, geometry.digestSize);
  if (equal === count) return null;
  const fault = equal * geometry.digestSize < trusted.digests.length ? null : trusted.fault;
  return fault ?? corrupt(`Data block ${first + equal}`, data, offset + equal * blockSize);
}
