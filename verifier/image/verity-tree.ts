import type { Branded } from '../bytes/branded.ts';
import { digestSizes } from '../bytes/digest.ts';
import type { Hex } from '../bytes/hex.ts';
import { type Reason, reason } from '../reasons.ts';
import { type BlockHash, blockHash } from './block-hash.ts';
import { type ByteSource, readExtent } from './byte-source.ts';
import { corrupt, HashTree } from './hash-tree.ts';
import type { Image } from './image.ts';
import type { VeritySuperblock } from './verity-superblock.ts';

/** Proof that every data block and every hash block of an image was read and has this root hash. */
export type IntactImage = Branded<{ readonly rootHash: Hex; readonly dataBytes: number }, 'IntactImage'>;

export type TreeVerdict =
  | { readonly intact: true; readonly image: IntactImage }
  | { readonly intact: false; readonly reasons: readonly Reason[] };

/**
 * Verifies the top of the hash tree, the way from there to the last data block, and that block. It catches a root hash or a
 * superblock that was exchanged, since the end of the data is where its size shows; a changed block elsewhere is found
 * when it is read, by the kernel or by `verifyTree`.
 *
 * @returns no reasons if these blocks have that root hash.
 * @throws CouldNotDecide if the source cannot be read.
 */
export async function verifyRootBlock(
  image: Image,
  source: ByteSource,
  rootHash: Hex,
): Promise<readonly Reason[]> {
  const verity = openTree(image, source, rootHash);
  if ('code' in verity) return [verity];
  return verifyRun(verity, verity.superblock.dataBlocks - 1, 1);
}

/**
 * Recomputes the whole hash tree, root first, in constant memory.
 *
 * @param onProgress called with the number of data bytes verified so far.
 * @returns the proof, or the first block in the order of the data that is not what the root hash says.
 * @throws CouldNotDecide if the source cannot be read.
 */
export async function verifyTree(
  image: Image,
  source: ByteSource,
  rootHash: Hex,
  onProgress?: (bytes: number) => void,
): Promise<TreeVerdict> {
  const verity = openTree(image, source, rootHash);
  if ('code' in verity) return { intact: false, reasons: [verity] };
  const { dataBlocks, dataBlockSize } = verity.superblock;
  const run = Math.max(1, readSize / dataBlockSize);
  for (let first = 0; first < dataBlocks; first += run) {
    const count = Math.min(run, dataBlocks - first);
    const reasons = await verifyRun(verity, first, count);
    if (reasons.length > 0) return { intact: false, reasons };
    onProgress?.((first + count) * dataBlockSize);
  }
  return { intact: true, image: { rootHash, dataBytes: dataBlocks * dataBlockSize } as IntactImage };
}

const readSize = 1024 * 1024;

interface OpenTree {
  readonly source: ByteSource;
  readonly superblock: VeritySuperblock;
  readonly dataOffset: number;
  readonly tree: HashTree;
  readonly hash: BlockHash;
}

function openTree(image: Image, source: ByteSource, rootHash: Hex): OpenTree | Reason {
  const { verity: superblock, hashTree } = image;
  if (superblock === null || hashTree === null) {
    return reason('unsupported', 'The image has no hash tree, so no root hash says what its data is.');
  }
  if (rootHash.length !== digestSizes[superblock.algorithm] * 2) {
    return reason(
      'root-hash-mismatch',
      `The root hash is not a ${superblock.algorithm} digest, as the hash tree has.`,
    );
  }
  const tree = new HashTree(source, hashTree, superblock, rootHash);
  const hash = blockHash(superblock, superblock.dataBlockSize);
  return { source, superblock, dataOffset: image.data.offset, tree, hash };
}

/** Verifies `count` data blocks that lie one after another. */
async function verifyRun(verity: OpenTree, first: number, count: number): Promise<readonly Reason[]> {
  const { source, tree, hash, superblock, dataOffset } = verity;
  const { fanOut, digestSize } = tree.geometry;
  const size = superblock.dataBlockSize;
  const offset = dataOffset + first * size;
  const bytes = await readExtent(source, 'data partition', { offset, length: count * size });
  let leaf = await tree.leaf(Math.floor(first / fanOut));
  for (let index = first; index < first + count; index++) {
    if (index % fanOut === 0) leaf = await tree.leaf(index / fanOut);
    if (!(leaf instanceof Uint8Array)) return [leaf];
    const at = (index - first) * size;
    const digest = (index % fanOut) * digestSize;
    if (!hash(bytes.subarray(at, at + size)).equals(leaf.subarray(digest, digest + digestSize))) {
      return [corrupt(`Data block ${index}`, offset + at)];
    }
  }
  return [];
}
