import { Malformed, Unsupported } from '../bytes/failures.ts';
import { type Hex, parseHex } from '../bytes/hex.ts';
import { type Reason, reason } from '../reasons.ts';
import { type ByteSource, type Extent, readExtent } from './byte-source.ts';
import { checkNoForeignFileSystem, findFileSystem } from './foreign-filesystem.ts';
import { type Partition, type PartitionTable, readGpt } from './gpt.ts';
import { guidText } from './guid.ts';
import type { Architecture, Designator, PartitionRole } from './partition-types.ts';
import {
  maximumSignaturePartition,
  parseSignaturePartition,
  type SignaturePartition,
} from './signature-json.ts';
import { treeGeometry } from './verity-geometry.ts';
import { parseVeritySuperblock, type VeritySuperblock, veritySuperblockSize } from './verity-superblock.ts';

/**
 * An extension image as it describes itself. It is well formed and its parts fit together; nothing in it is verified:
 * `verifyTree` says whether the data has a root hash, the trust room whether somebody signed that root hash.
 */
export interface Image {
  /** A discoverable disk image: GPT with a data partition and, mostly, its hash tree and signature. */
  readonly form: 'ddi';
  readonly architecture: Architecture;
  readonly designator: Designator;
  /** Bytes, as all sizes here. */
  readonly sectorSize: number;
  readonly data: Extent;
  readonly hashTree: Extent | null;
  readonly verity: VeritySuperblock | null;
  readonly signature: SignaturePartition | null;
  /** In the order of their text. */
  readonly partitionUuids: { readonly data: Hex; readonly hashTree: Hex | null };
  /** The root hash that the image names for itself, and where. */
  readonly claimedRootHash: Hex | null;
  readonly rootHashFrom: 'signature' | 'partition-uuids' | null;
}

/**
 * Opens an extension image: the one door through which a file becomes an `Image`.
 *
 * Trusts nothing: all bytes may be an attacker's. On return every extent lies inside the file, no two overlap, systemd
 * and the kernel find the same partitions, and no reader takes the file for a bare file system.
 *
 * @throws Malformed
 * @throws Unsupported for what is not a GPT image with exactly one data partition.
 * @throws CouldNotDecide if the source cannot be read.
 */
export async function openImage(source: ByteSource): Promise<Image> {
  const table = await readGpt(source);
  if (table === null) throw await withoutPartitionTable(source);
  await checkNoForeignFileSystem(source);
  const parts = findParts(table);
  const verity = parts.verity === null ? null : await readVerity(source, parts.verity, parts.data);
  const signature = parts.signature === null ? null : await readSignature(source, parts.signature);
  const partitionUuids = { data: parts.data.uuid, hashTree: parts.verity?.uuid ?? null };
  return {
    form: 'ddi',
    architecture: parts.data.architecture,
    designator: parts.data.designator,
    sectorSize: table.sectorSize,
    data: extent(parts.data),
    hashTree: parts.verity === null ? null : extent(parts.verity),
    verity,
    signature,
    partitionUuids,
    ...claimRootHash(signature, verity, partitionUuids),
  };
}

async function withoutPartitionTable(source: ByteSource): Promise<Unsupported> {
  const found = await findFileSystem(source);
  const kind = found === null ? 'no image that is known here' : `a bare ${found.name} file system`;
  return new Unsupported(
    'image',
    `has no GPT and seems to be ${kind}; only GPT images (DDIs) are handled so far`,
  );
}

interface Parts {
  readonly data: Partition;
  readonly verity: Partition | null;
  readonly signature: Partition | null;
}

function findParts({ partitions }: PartitionTable): Parts {
  const data = only(partitions, 'data');
  if (data === null) throw new Unsupported('image', 'has no data partition');
  const parts = { data, verity: only(partitions, 'verity'), signature: only(partitions, 'signature') };
  for (const { number, architecture, designator } of partitions) {
    if (architecture !== data.architecture || designator !== data.designator) {
      throw new Unsupported(
        `partition ${number}`,
        'is for another architecture or hierarchy than the data partition',
      );
    }
  }
  if (parts.signature !== null && parts.verity === null) {
    throw new Malformed('image', 'has a signature partition and no hash tree that it could be about');
  }
  return parts;
}

function only(partitions: readonly Partition[], role: PartitionRole['role']): Partition | null {
  const [first, ...others] = partitions.filter((partition) => partition.role === role);
  // Which of two systemd takes depends on its version, on labels and on the machine's architecture.
  if (others.length > 0) throw new Unsupported('image', `has more than one ${role} partition`);
  return first ?? null;
}

async function readVerity(source: ByteSource, tree: Partition, data: Partition): Promise<VeritySuperblock> {
  // No partition is smaller than a sector, and no sector than the superblock.
  const at = { offset: tree.offset, length: veritySuperblockSize };
  const superblock = parseVeritySuperblock(await readExtent(source, 'verity superblock', at));
  if (superblock.dataBlocks * superblock.dataBlockSize > data.length) {
    throw new Malformed('verity superblock: number of data blocks', 'is more than the data partition has');
  }
  if (treeGeometry(superblock).length > tree.length) {
    throw new Malformed(`partition ${tree.number}`, 'is too small for its hash tree');
  }
  return superblock;
}

async function readSignature(source: ByteSource, partition: Partition): Promise<SignaturePartition> {
  if (partition.length > maximumSignaturePartition) {
    throw new Malformed('signature partition', `has ${partition.length} bytes`, partition.offset);
  }
  return parseSignaturePartition(await readExtent(source, 'signature partition', extent(partition)));
}

function extent({ offset, length }: Extent): Extent {
  return { offset, length };
}

function claimRootHash(
  signature: SignaturePartition | null,
  verity: VeritySuperblock | null,
  uuids: Image['partitionUuids'],
): Pick<Image, 'claimedRootHash' | 'rootHashFrom'> {
  if (signature !== null) return { claimedRootHash: signature.rootHash, rootHashFrom: 'signature' };
  if (verity?.algorithm !== 'sha256' || uuids.hashTree === null)
    return { claimedRootHash: null, rootHashFrom: null };
  // As systemd guesses: the two UUIDs are the two halves of a hash of 32 bytes.
  const joined = parseHex(uuids.data + uuids.hashTree, 'partition UUIDs', 32);
  return { claimedRootHash: joined, rootHashFrom: 'partition-uuids' };
}

/**
 * Checks that the partitions are the ones systemd looks for when it knows the root hash: the data partition has its
 * first 16 bytes as UUID, the verity partition its last 16 (UAPI.2).
 */
export function checkPartitionUuids(image: Image, rootHash: Hex): Reason[] {
  const { data, hashTree } = image.partitionUuids;
  const reasons: Reason[] = [];
  if (data !== rootHash.slice(0, 32)) reasons.push(mismatch('data', data, 'begins', rootHash));
  if (hashTree !== null && hashTree !== rootHash.slice(-32)) {
    reasons.push(mismatch('verity', hashTree, 'ends', rootHash));
  }
  return reasons;
}

function mismatch(part: string, uuid: Hex, where: 'begins' | 'ends', rootHash: Hex): Reason {
  return reason(
    'root-hash-mismatch',
    `The UUID of the ${part} partition is ${guidText(uuid)}, which is not how the root hash ${rootHash} ${where}.`,
  );
}
