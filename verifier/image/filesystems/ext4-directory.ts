import { Malformed } from '../../bytes/failures.ts';
import { EntryTable, parseEntryName } from './entry-names.ts';
import type { Ext4Inode } from './ext4-inode.ts';
import { checkChecksum } from './ext4-volume.ts';

const headerSize = 8;
/** With a name of one byte, and what it takes to begin at a multiple of four. */
const minimumSize = 12;
/** What ends a block with a checksum looks like an unused entry with a type of its own. */
const tailSize = 12;
const tailMark = Buffer.from([0, 0, 0, 0, tailSize, 0, 0, 0xde]);
/** The number of the directory above, in place of `.` and `..`. */
const inlineHeaderSize = 4;

type DirectoryInode = Pick<Ext4Inode, 'name' | 'block' | 'isIndexed' | 'checksumSeed'>;

/**
 * The entries of a directory, block by block (Documentation/filesystems/ext4/directory.rst). The index of a large directory is
 * in what looks like unused entries, so that who reads the blocks in their order finds all entries without it; and that is
 * what happens here. (An image could be made whose index does not lead to all of them, so that the kernel
 * lists an entry and does not find it.) The type that an entry says its inode has is not looked at. Gives inode numbers by name.
 *
 * @throws Malformed
 */
export function parseExt4Directory(
  bytes: Uint8Array,
  blockSize: number,
  inode: DirectoryInode,
): EntryTable<number> {
  if (bytes.length % blockSize !== 0)
    throw new Malformed(inode.name, 'is a directory that ends within a block');
  const table = new EntryTable<number>(inode.name);
  for (let at = 0; at < bytes.length; at += blockSize) {
    const block = Buffer.from(bytes.subarray(at, at + blockSize));
    if (!isIndex(block, inode, at === 0)) checkTail(block, inode);
    parseEntries(block, inode.name, table);
  }
  return table;
}

/** The entries of a directory that stands in its inode. */
export function parseInlineDirectory(bytes: Uint8Array, { block, name }: DirectoryInode): EntryTable<number> {
  const table = new EntryTable<number>(name);
  parseEntries(Buffer.from(bytes.subarray(inlineHeaderSize, block.length)), name, table);
  parseEntries(Buffer.from(bytes.subarray(block.length)), name, table);
  return table;
}

/** Blocks of the index have checksums elsewhere, and no entries but `.` and `..`. */
function isIndex(block: Buffer, { isIndexed }: DirectoryInode, isFirst: boolean): boolean {
  return isIndexed && (isFirst || recordLength(block, 0) === block.length);
}

function checkTail(block: Buffer, { checksumSeed, name }: DirectoryInode): void {
  if (checksumSeed === null) return;
  const end = block.length - tailSize;
  if (!block.subarray(end, end + headerSize).equals(tailMark))
    throw new Malformed(name, 'has a block without a checksum');
  checkChecksum(
    block.subarray(0, end),
    checksumSeed,
    { stored: block.readUInt32LE(end + 8), bits: 32 },
    name,
  );
}

/** __ext4_check_dir_entry() in fs/ext4/dir.c. */
function parseEntries(block: Buffer, name: string, table: EntryTable<number>): void {
  for (let at = 0; at < block.length;) {
    const left = block.length - at;
    const length = left < minimumSize ? 0 : recordLength(block, at);
    if (length < minimumSize || length % 4 !== 0 || length > left)
      throw new Malformed(name, 'has an entry that does not fit in its block');
    const nameLength = block.readUInt8(at + 6);
    if (headerSize + nameLength > length)
      throw new Malformed(name, 'has a name that does not fit in its entry');
    const inode = block.readUInt32LE(at);
    const nameStart = at + headerSize;
    if (inode !== 0)
      table.add(parseEntryName(block.subarray(nameStart, nameStart + nameLength), name), inode);
    at += length;
  }
}

/** 65,536 does not fit in 16 bits. */
function recordLength(block: Buffer, at: number): number {
  const length = block.readUInt16LE(at + 4);
  return block.length === 65_536 && (length === 0 || length === 65_535) ? 65_536 : length;
}
