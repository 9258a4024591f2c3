import { Cursor } from '../bytes/cursor.ts';
import { Malformed, Unsupported } from '../bytes/failures.ts';
import type { Hex } from '../bytes/hex.ts';
import type { Extent } from './byte-source.ts';
import type { GptHeader } from './gpt-header.ts';
import { guidText, takeGuid } from './guid.ts';
import { partitionRole, type PartitionRole } from './partition-types.ts';
import { isZero } from './zero.ts';

const entrySize = 128;

/** A partition as its GPT entry describes it; `offset` and `length` are bytes. */
export interface Partition extends PartitionRole, Extent {
  /** From 1, as in device names. */
  readonly number: number;
  /** In the order of the text: what systemd compares with root hashes. */
  readonly uuid: Hex;
  readonly name: string;
}

/**
 * Parses the array of partition entries (UEFI 2.10 section 5.3.3). libblkid leaves out entries that overflow the usable
 * sectors and systemd those it has no use for; here each is an error, so that all readers see the same partitions.
 *
 * @throws Malformed
 * @throws Unsupported for a partition that has no part in an extension image.
 */
export function parseGptEntries(
  bytes: Uint8Array,
  header: GptHeader,
  sectorSize: number,
): readonly Partition[] {
  const partitions: Partition[] = [];
  const uuids = new Set<Hex>();
  for (let index = 0; index < header.entryCount; index++) {
    const entry = bytes.subarray(index * entrySize, (index + 1) * entrySize);
    if (isZero(entry)) continue;
    const partition = parseEntry(entry, index + 1, header, sectorSize);
    if (uuids.has(partition.uuid)) throw new Malformed(`partition ${index + 1}`, 'has the UUID of another');
    uuids.add(partition.uuid);
    partitions.push(partition);
  }
  return partitions;
}

function parseEntry(entry: Uint8Array, number: number, header: GptHeader, sectorSize: number): Partition {
  const field = `partition ${number}`;
  const cursor = new Cursor(entry, 'little');
  const type = takeGuid(cursor, `${field}: type`);
  const uuid = takeGuid(cursor, `${field}: UUID`);
  const first = cursor.u64Number(`${field}: first LBA`);
  const last = cursor.u64Number(`${field}: last LBA`);
  checkAttributes(cursor.u64(`${field}: attributes`), field);
  const name = parseName(cursor, field);
  if (isZero(entry.subarray(0, 16))) throw new Malformed(field, 'is unused but not empty');
  if (isZero(entry.subarray(16, 32))) throw new Malformed(field, 'has no UUID');
  if (first < header.firstUsableLba || last > header.lastUsableLba || first > last) {
    throw new Malformed(field, 'lies outside the usable sectors');
  }
  const role = partitionRole(type);
  if (role === undefined)
    throw new Unsupported(field, `is of type ${guidText(type)}, which no extension image has`);
  return { ...role, number, uuid, name, offset: first * sectorSize, length: (last - first + 1) * sectorSize };
}

const readOnly = 1n << 60n;
const growFileSystem = 1n << 59n;

function checkAttributes(attributes: bigint, field: string): void {
  // With "no auto" (bit 63) systemd passes over a partition: set on the hash tree, the data would be mounted without it.
  const others = attributes & ~(readOnly | growFileSystem);
  if (others !== 0n) throw new Unsupported(`${field}: attributes`, `has the bits 0x${others.toString(16)}`);
}

function parseName(cursor: Cursor, field: string): string {
  const units = Array.from({ length: 36 }, () => cursor.u16(`${field}: name`));
  const end = units.indexOf(0);
  const used = end === -1 ? units : units.slice(0, end);
  // The first name of a table with 512-byte sectors lies where ext2/3/4 have their magic (byte 1080), others where UFS has:
  // printable ASCII in UTF-16 is none of them.
  if (
    !used.every((unit) => unit >= 0x20 && unit < 0x7f) ||
    units.slice(used.length).some((unit) => unit !== 0)
  ) {
    throw new Malformed(`${field}: name`, 'is not printable ASCII padded with zeros');
  }
  const name = String.fromCharCode(...used);
  // systemd-sysupdate's label of a partition without content, which readers pass over.
  if (name === '_empty') throw new Unsupported(`${field}: name`, 'says that the partition is empty');
  return name;
}
