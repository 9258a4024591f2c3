import type { Hex } from '../bytes/hex.ts';
import { guidText } from './guid.ts';
import { partitionTypes } from './partition-type-table.ts';

/** systemd's names, as in `ARCHITECTURE=` of an extension-release file. */
export type Architecture = keyof typeof partitionTypes;

/** Which hierarchy a partition holds: a whole root directory, or what belongs below /usr. */
export type Designator = 'root' | 'usr';

export interface PartitionRole {
  readonly architecture: Architecture;
  readonly designator: Designator;
  readonly role: 'data' | 'verity' | 'signature';
}

/** Whether a word is systemd's name of an architecture that has partition types. */
export function isArchitecture(name: string): name is Architecture {
  return Object.hasOwn(partitionTypes, name);
}

/** All of them, in the order of the alphabet. */
export const architectures: readonly Architecture[] = Object.keys(partitionTypes).filter(isArchitecture);

/** What a partition is for, by its type GUID in the order of the text; undefined if it has no part in an extension. */
export function partitionRole(type: Hex): PartitionRole | undefined {
  return roles.get(guidText(type));
}

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
