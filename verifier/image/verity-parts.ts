import { digestSizes } from '../bytes/digest.ts';
import { fromHex, type Hex } from '../bytes/hex.ts';
import { type Reason, reason } from '../reasons.ts';
import type { BlockHashing } from './block-hash.ts';
import type { ByteSource, Extent } from './byte-source.ts';
import { type TreeGeometry, treeGeometry } from './verity-geometry.ts';
import {
  checkSupportedVerity,
  isSupportedVerity,
  type SupportedSuperblock,
  type VeritySuperblock,
} from './verity-superblock.ts';

/** A part of a file, and how messages name that file: `the file`, `the .verity file`. */
export interface StoredExtent extends Extent {
  readonly source: ByteSource;
  readonly file: string;
}

/** Data and the hash tree over it, which may be in different files. Nothing of it is verified. */
export interface VerityParts {
  readonly superblock: VeritySuperblock;
  /** The data; it may go on behind what the tree covers. */
  readonly data: StoredExtent;
  /** From the superblock on; behind the tree may be other things, for example FEC data. */
  readonly tree: StoredExtent;
}

/** Parts that fit together and can be verified against a root hash of the right length. */
export interface VerityTarget {
  readonly superblock: SupportedSuperblock;
  readonly geometry: TreeGeometry;
  readonly hashing: BlockHashing;
  readonly data: StoredExtent;
  readonly tree: StoredExtent;
  readonly rootHash: Uint8Array;
}

/** What has to be right before anything is read. Or why not. */
export function toVerityTarget(
  { superblock, data, tree }: VerityParts,
  rootHash: Hex,
): VerityTarget | Reason {
  if (!isSupportedVerity(superblock)) {
    return checkSupportedVerity(superblock)[0] ?? reason('unsupported', 'The hash tree is not supported.');
  }
  const { algorithm, salt, hashType } = superblock;
  if (rootHash.length !== digestSizes[algorithm] * 2) {
    return reason('root-hash-mismatch', `The root hash is not a ${algorithm} digest, as the hash tree has.`);
  }
  const geometry = treeGeometry(superblock);
  if (superblock.dataBlocks * superblock.dataBlockSize > data.length) {
    return reason('malformed', 'The hash tree is about more data blocks than there are.');
  }
  if (geometry.length > tree.length) return reason('malformed', 'The hash tree does not fit into its place.');
  const hashing = { algorithm, salt, saltAfter: hashType === 0 };
  return { superblock, geometry, hashing, data, tree, rootHash: fromHex(rootHash) };
}
