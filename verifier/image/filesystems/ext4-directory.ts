import { Cursor } from '../../bytes/cursor.ts';
import { Malformed } from '../../bytes/failures.ts';
import { EntryTable, parseEntryName } from './entry-names.ts';

const headerSize = 8;
/** The number of the directory above, in place of `.` and `..`. */
const inlineHeaderSize = 4;
const inlineBlockSize = 60;

/**
 * The entries of a directory, block by block (Documentation/filesystems/ext4/directory.rst). The index of a large directory is
 * in entries without an inode, which are passed over as the kernel does when it reads a directory in order. Gives
 * inode numbers by name.
 *
 * @throws Malformed
 */
export function parseExt4Directory(
  bytes: Uint8Array,
  { blockSize, hasFileTypes }: { readonly blockSize: number; readonly hasFileTypes: boolean },
  name: string,
): EntryTable<number> {
  const table = new EntryTable<number>(name);
  for (let at = 0; at < bytes.length; at += blockSize)
    parseBlock(bytes.subarray(at, at + blockSize), hasFileTypes, name, table);
  return table;
}

/** The entries of a directory that stands in its inode. */
export function parseInlineDirectory(
  bytes: Uint8Array,
  hasFileTypes: boolean,
  name: string,
): EntryTable<number> {
  const table = new EntryTable<number>(name);
  parseBlock(bytes.subarray(inlineHeaderSize, inlineBlockSize), hasFileTypes, name, table);
  parseBlock(bytes.subarray(inlineBlockSize), hasFileTypes, name, table);
  return table;
}

function parseBlock(block: Uint8Array, hasFileTypes: boolean, name: string, table: EntryTable<number>): void {
  const cursor = new Cursor(block, 'little');
  while (cursor.remaining > 0) {
    const start = cursor.offset;
    const inode = cursor.u32(name);
    const length = recordLength(cursor.u16(name));
    const nameLength = hasFileTypes ? cursor.u8(name) : cursor.u16(name);
    if (hasFileTypes) cursor.take(1, name);
    if (length < headerSize + nameLength || length % 4 !== 0 || length > block.length - start)
      throw new Malformed(name, 'has an entry that does not fit in its block');
    const record = cursor.take(length - headerSize, name);
    if (inode !== 0) table.add(parseEntryName(record.subarray(0, nameLength), name), inode);
  }
}

/** 65,536 does not fit in 16 bits. */
function recordLength(length: number): number {
  return length === 0 || length === 65_535 ? 65_536 : length;
}
