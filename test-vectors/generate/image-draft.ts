import { partitionRole } from '../../verifier/image/partition-types.ts';
import { takeGuid } from '../../verifier/image/guid.ts';
import { Cursor } from '../../verifier/bytes/cursor.ts';
import type { ImageEdit } from './image-edit.ts';

interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** An image that is to be a case. */
export interface ImageDraft {
  readonly id: string;
  readonly flags: readonly string[];
  readonly refused: ImageEdit['refused'];
  readonly bytes: Buffer;
  readonly sectorSize: number;
  /** Whether the image it was made from has a signature partition. */
  readonly signed: boolean;
  /** Where its partitions are, by its primary table. */
  readonly parts: {
    readonly data: Extent | null;
    readonly tree: Extent | null;
    readonly signature: Extent | null;
  };
  /** The one that the image names, or that of the image it was made from. */
  readonly rootHash: string;
  readonly certificate: string | null;
}

/** Where partitions are, for tools that judge them one by one; null where the table names none of that kind in the file. */
export function findParts(bytes: Buffer, sectorSize: number): ImageDraft['parts'] {
  const found = { data: null, tree: null, signature: null } as Record<
    'data' | 'tree' | 'signature',
    Extent | null
  >;
  const header = bytes.subarray(sectorSize);
  const count = header.length < 92 ? 0 : Math.min(header.readUInt32LE(80), 256);
  for (let index = 0; index < count; index++) {
    const entry = bytes.subarray(2 * sectorSize + index * 128).subarray(0, 128);
    if (entry.length < 128) break;
    const role = partitionRole(takeGuid(new Cursor(entry, 'little'), 'type'))?.role;
    if (role === undefined) continue;
    const [first, last] = [Number(entry.readBigUInt64LE(32)), Number(entry.readBigUInt64LE(40))];
    const extent = { offset: first * sectorSize, length: (last - first + 1) * sectorSize };
    if (extent.length > 0 && extent.offset + extent.length <= bytes.length)
      found[role === 'verity' ? 'tree' : role] ??= extent;
  }
  return found;
}

/** The root hash in the text of a signature partition; null if there is none to be seen. */
export function namedRootHash(bytes: Buffer, { signature }: ImageDraft['parts']): string | null {
  if (signature === null) return null;
  const text = bytes.toString('latin1', signature.offset, signature.offset + signature.length);
  return /"rootHash":\s*"((?:[0-9a-f]{2})+)"/.exec(text)?.[1] ?? null;
}
