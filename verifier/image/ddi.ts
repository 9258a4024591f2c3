import { Malformed, Unsupported } from '../bytes/failures.ts';
import type { Hex } from '../bytes/hex.ts';
import { type ByteSource, type Extent, readExtent } from './byte-source.ts';
import type { Partition, PartitionTable } from './gpt.ts';
import type { Architecture, Designator, PartitionRole } from './partition-types.ts';
import {
  maximumSignaturePartition,
  parseSignaturePartition,
  type SignaturePartition,
} from './signature-json.ts';

/** The partitions of a discoverable disk image (UAPI.2, UAPI.3) that make an extension. */
export interface DiscoveredParts {
  readonly architecture: Architecture;
  readonly designator: Designator;
  readonly data: Extent;
  readonly hashTree: Extent | null;
  readonly signature: SignaturePartition | null;
  /** In the order of their text. */
  readonly partitionUuids: PartitionUuids;
}

export interface PartitionUuids {
  readonly data: Hex;
  readonly hashTree: Hex | null;
}

/**
 * Finds the parts of an extension among the partitions: one data partition, at most one hash tree and one signature, all
 * for the same architecture and hierarchy.
 *
 * @throws Malformed
 * @throws Unsupported where systemd would have to choose.
 */
export async function discoverParts(source: ByteSource, table: PartitionTable): Promise<DiscoveredParts> {
  const { data, verity, signature } = findPartitions(table);
  return {
    architecture: data.architecture,
    designator: data.designator,
    data: extent(data),
    hashTree: verity === null ? null : extent(verity),
    signature: signature === null ? null : await readSignature(source, signature),
    partitionUuids: { data: data.uuid, hashTree: verity?.uuid ?? null },
  };
}

interface FoundPartitions {
  readonly data: Partition;
  readonly verity: Partition | null;
  readonly signature: Partition | null;
}

function findPartitions({ partitions }: PartitionTable): FoundPartitions {
  const data = only(partitions, 'data');
  if (data === null) throw new Unsupported('image', 'has no data partition');
  const found = { data, verity: only(partitions, 'verity'), signature: only(partitions, 'signature') };
  for (const { number, architecture, designator } of partitions) {
    if (architecture !== data.architecture || designator !== data.designator) {
      throw new Unsupported(
        `partition ${number}`,
        'is for another architecture or hierarchy than the data partition',
      );
    }
  }
  if (found.signature !== null && found.verity === null) {
    throw new Malformed('image', 'has a signature partition and no hash tree that it could be about');
  }
  return found;
}

function only(partitions: readonly Partition[], role: PartitionRole['role']): Partition | null {
  const [first, ...others] = partitions.filter((partition) => partition.role === role);
  // Which of two systemd takes depends on its version, on labels and on the machine's architecture.
  if (others.length > 0) throw new Unsupported('image', `has more than one ${role} partition`);
  return first ?? null;
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
