import { Cursor } from '../../bytes/cursor.ts';
import { Malformed } from '../../bytes/failures.ts';
import { EntryTable, parseEntryName } from './entry-names.ts';

const entrySize = 12;

/**
 * The entries of a directory: in each block an array of struct erofs_dirent, then the names in the same order
 * (fs/erofs/dir.c). Gives inode numbers by name.
 *
 * @throws Malformed
 */
export function parseErofsDirectory(bytes: Uint8Array, blockSize: number, name: string): EntryTable<number> {
  const table = new EntryTable<number>(name);
  for (let at = 0; at < bytes.length; at += blockSize)
    parseBlock(bytes.subarray(at, at + blockSize), name, table);
  return table;
}

interface Entry {
  readonly inode: number;
  readonly nameOffset: number;
}

function parseBlock(block: Uint8Array, name: string, table: EntryTable<number>): void {
  const entries = parseEntries(block, name);
  for (const [index, { inode, nameOffset }] of entries.entries()) {
    const end = entries[index + 1]?.nameOffset ?? block.length;
    if (end <= nameOffset || end > block.length) throw new Malformed(name, 'has names that are not in order');
    const padded = block.subarray(nameOffset, end);
    // Only the last name of a block can be shorter than its space.
    const zero = index === entries.length - 1 ? padded.indexOf(0) : -1;
    table.add(parseEntryName(zero === -1 ? padded : padded.subarray(0, zero), name), inode);
  }
}

function parseEntries(block: Uint8Array, name: string): Entry[] {
  const cursor = new Cursor(block, 'little');
  const first = takeEntry(cursor, name);
  const count = first.nameOffset / entrySize;
  if (!Number.isInteger(count) || count < 1 || first.nameOffset >= block.length)
    throw new Malformed(name, 'has a block whose first name is out of place');
  return [first, ...Array.from({ length: count - 1 }, () => takeEntry(cursor, name))];
}

function takeEntry(cursor: Cursor, name: string): Entry {
  const inode = cursor.u64Number(`${name}: inode number`);
  const nameOffset = cursor.u16(`${name}: name offset`);
  cursor.take(2, name);
  return { inode, nameOffset };
}
