import type { Branded } from '../bytes/branded.ts';
import type { Hex } from '../bytes/hex.ts';
import type { Reason } from '../reasons.ts';
import { digestBlocks } from './block-digests.ts';
import { corrupt, equalDigests, HashTree, type TrustedDigests } from './hash-tree.ts';
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
  const run = { first: target.superblock.dataBlocks - 1, count: 1 };
  const trusted = await new HashTree(target).digests(run.first, run.count);
  const fault = compare(target, run, await digestRun(target, run), trusted);
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
  const count = runCount(target);
  const runAt = (index: number): Run | undefined => (index < count ? nthRun(target, index) : undefined);
  const firstRun = runAt(0);
  // The tree's few blocks are verified between two runs: beside one they would wait for a core until it is done, and the next
  // run for them. What is compared in JavaScript is compared while the next run is digested.
  let trusted = await tree.digests(0, firstRun?.count ?? 0);
  let data = firstRun === undefined ? null : digestRun(target, firstRun);
  try {
    let index = 0;
    for (let run = firstRun; run !== undefined; run = runAt(++index)) {
      const next = runAt(index + 1);
      const digests = await data;
      // What is wrong with this run is said before what cannot be read of the next.
      const [ahead] = await Promise.allSettled(
        next === undefined ? [] : [tree.digests(next.first, next.count)],
      );
      data = next === undefined || ahead?.status !== 'fulfilled' ? null : digestRun(target, next);
      const fault = compare(target, run, digests ?? new Uint8Array(), trusted);
      if (fault !== null) return { intact: false, reasons: [fault] };
      onProgress?.((run.first + run.count) * dataBlockSize);
      if (ahead?.status === 'rejected') throw ahead.reason;
      if (ahead?.status === 'fulfilled') trusted = ahead.value;
    }
  } finally {
    await Promise.allSettled([data]);
  }
  return { intact: true, image: { rootHash, dataBytes: dataBlocks * dataBlockSize } as IntactImage };
}

/** Data blocks that lie one after another. */
interface Run {
  readonly first: number;
  readonly count: number;
}

// One at a time: a sparse file can have as many blocks as there are numbers, and takes no space to have them.
function runCount({ superblock: { dataBlocks, dataBlockSize } }: VerityTarget): number {
  return Math.ceil(dataBlocks / (runSize / dataBlockSize));
}

function nthRun({ superblock: { dataBlocks, dataBlockSize } }: VerityTarget, index: number): Run {
  const size = runSize / dataBlockSize;
  return { first: index * size, count: Math.min(size, dataBlocks - index * size) };
}

/** Large enough that what is done once a run costs nothing; a multiple of every block size. */
const runSize = 128 * 1024 * 1024;

/** The digests of a run. */
function digestRun({ superblock, hashing, data }: VerityTarget, { first, count }: Run): Promise<Uint8Array> {
  const blockSize = superblock.dataBlockSize;
  const run = { offset: data.offset + first * blockSize, blockSize, count, hashing, keepBlocks: false };
  const digests = digestBlocks(data.source, 'data', run).then((digested) => digested.digests);
  digests.catch(() => null); // it is looked at when its turn comes, and may fail before
  return digests;
}

/** The first block that is not what the tree says; null if all are. */
function compare(
  { superblock, geometry, data }: VerityTarget,
  { first, count }: Run,
  digests: Uint8Array,
  trusted: TrustedDigests,
): Reason | null {
  const equal = equalDigests(digests, trusted.digests, geometry.digestSize);
  if (equal === count) return null;
  const fault = equal * geometry.digestSize < trusted.digests.length ? null : trusted.fault;
  const offset = data.offset + (first + equal) * superblock.dataBlockSize;
  return fault ?? corrupt(`Data block ${first + equal}`, data, offset);
}
