import { Cursor } from '../../bytes/cursor.ts';
import { Malformed } from '../../bytes/failures.ts';
import { EntryTable, maximumDirectoryBytes, parseEntryName } from './entry-names.ts';
import type { SquashfsInode } from './squashfs-inode.ts';
import type { SquashfsMetadata } from './squashfs-metadata.ts';

/** The length counts three bytes for `.` and `..`, which are nowhere. */
const uncounted = 3;
const maximumEntriesOfHeader = 256;

/**
 * The entries of a directory: headers that say where inodes are, each with up to 256 entries (fs/squashfs/dir.c). Gives
 * references of inodes by name.
 *
 * @throws Malformed
 */
export async function readSquashfsDirectory(
  metadata: SquashfsMetadata,
  { name, listing, length }: Extract<SquashfsInode, { kind: 'directory' }>,
): Promise<EntryTable<bigint>> {
  const table = new EntryTable<bigint>(name);
  if (length <= uncounted) return table;
  if (length > maximumDirectoryBytes) throw new Malformed(name, `is a directory of ${length} bytes`);
  const { bytes } = await metadata.read(listing, length - uncounted, name);
  const cursor = new Cursor(bytes, 'little');
  while (cursor.remaining > 0) takeRun(cursor, name, table);
  return table;
}

function takeRun(cursor: Cursor, name: string, table: EntryTable<bigint>): void {
  const count = cursor.u32(name) + 1;
  if (count > maximumEntriesOfHeader) throw new Malformed(name, `has ${count} entries under one header`);
  const block = BigInt(cursor.u32(name));
  cursor.take(4, name);
  for (let entry = 0; entry < count; entry++) {
    const offset = BigInt(cursor.u16(name));
    cursor.take(4, name);
    const length = cursor.u16(name) + 1;
    table.add(parseEntryName(cursor.take(length, name), name), (block << 16n) | offset);
  }
}
