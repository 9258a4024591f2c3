import type { Hex } from '../bytes/hex.ts';
import { guidText } from './guid.ts';

/** Partition type GUIDs of the UAPI.2 Discoverable Partitions Specification, by systemd's architecture names. */
export const partitionTypes = {
  'x86-64': {
    root: {
      data: '4f68bce3-e8cd-4db1-96e7-fbcaf984b709',
      verity: '2c7357ed-ebd2-46d9-aec1-23d437ec2bf5',
      signature: '41092b05-9fc8-4523-994f-2def0408b176',
    },
    usr: {
      data: '8484680c-9521-48c6-9c11-b0720656f69e',
      verity: '77ff5f63-e7b6-4633-acf4-1565b864c0e6',
      signature: 'e7bb33fb-06cf-4e81-8273-e543b413e2e2',
    },
  },
  arm64: {
    root: {
      data: 'b921b045-1df0-41c3-af44-4c6f280d3fae',
      verity: 'df3300ce-d69f-4c92-978c-9bfb0f38d820',
      signature: '6db69de6-29f4-4758-a7a5-962190f00ce3',
    },
    usr: {
      data: 'b0e01050-ee5f-4390-949a-9101b17104e9',
      verity: '6e11a4e7-fbca-4ded-b9e9-e1a512bb664e',
      signature: 'c23ce4ff-44bd-4b00-b2d4-b41b3419e02a',
    },
  },
} as const;

/** systemd's names, as in `ARCHITECTURE=` of an extension-release file. */
export type Architecture = keyof typeof partitionTypes;

/** Which hierarchy a partition holds: a whole root directory, or what belongs below /usr. */
export type Designator = 'root' | 'usr';

export interface PartitionRole {
  readonly architecture: Architecture;
  readonly designator: Designator;
  readonly role: 'data' | 'verity' | 'signature';
}

/** What a partition is for, by its type GUID in the order of the text; undefined if it has no part in an extension. */
export function partitionRole(type: Hex): PartitionRole | undefined {
  return roles.get(guidText(type));
}

const architectures = ['x86-64', 'arm64'] as const satisfies readonly Architecture[];
const designators = ['root', 'usr'] as const;
const parts = ['data', 'verity', 'signature'] as const;

const roles: ReadonlyMap<string, PartitionRole> = new Map(
  architectures.flatMap((architecture) =>
    designators.flatMap((designator) =>
      parts.map((role) => [
        partitionTypes[architecture][designator][role],
        { architecture, designator, role },
      ]),
    ),
  ),
);
