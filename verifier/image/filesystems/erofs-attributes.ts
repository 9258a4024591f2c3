import { Cursor } from '../../bytes/cursor.ts';
import { Unsupported } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import type { ErofsInode } from './erofs-inode.ts';
import type { ErofsSuperblock } from './erofs-superblock.ts';

/** Numbers that stand for the beginning of a name (EROFS_XATTR_INDEX_*). */
const prefixes: ReadonlyMap<number, string> = new Map([
  [1, 'user.'],
  [2, 'system.posix_acl_access'],
  [3, 'system.posix_acl_default'],
  [4, 'trusted.'],
  [6, 'security.'],
]);
const longPrefix = 0x80;
const headerSize = 12;
const entryHeaderSize = 4;

/**
 * The value of an extended attribute of an inode: first what stands behind the inode, then what it shares with others
 * (fs/erofs/xattr.c). Null if there is none.
 */
export async function readErofsAttribute(
  source: ByteSource,
  superblock: ErofsSuperblock,
  inode: ErofsInode,
  name: string,
): Promise<Uint8Array | null> {
  if (inode.attributesLength === 0) return null;
  const what = `${inode.name}: attributes`;
  const extent = { offset: inode.attributesOffset, length: inode.attributesLength };
  const cursor = new Cursor(await readExtent(source, what, extent), 'little');
  cursor.take(4, what);
  const sharedCount = cursor.u8(what);
  cursor.take(headerSize - 5, what);
  const shared = Array.from({ length: sharedCount }, () => cursor.u32(`${what}: shared`));
  const own = findOwn(cursor, name, what);
  if (own !== null) return own;
  for (const index of shared) {
    const value = await readShared(source, superblock.sharedAttributesOffset + index * 4, name, what);
    if (value !== null) return value;
  }
  return null;
}

function findOwn(cursor: Cursor, name: string, what: string): Uint8Array | null {
  // What is left over after the last entry is less than the header of one.
  while (cursor.remaining >= entryHeaderSize) {
    const entry = takeEntry(cursor, what);
    if (entry.name === name) return entry.value;
    cursor.take(Math.min(-cursor.offset & 3, cursor.remaining), what);
  }
  return null;
}

async function readShared(
  source: ByteSource,
  offset: number,
  name: string,
  what: string,
): Promise<Uint8Array | null> {
  const head = await readExtent(source, what, { offset, length: entryHeaderSize });
  const header = new Cursor(head, 'little');
  const length = entryHeaderSize + header.u8(what) + (header.take(1, what), header.u16(what));
  const entry = takeEntry(new Cursor(await readExtent(source, what, { offset, length }), 'little'), what);
  return entry.name === name ? entry.value : null;
}

function takeEntry(cursor: Cursor, what: string): { readonly name: string; readonly value: Uint8Array } {
  const nameLength = cursor.u8(what);
  const index = cursor.u8(what);
  const valueLength = cursor.u16(what);
  if ((index & longPrefix) !== 0) throw new Unsupported(what, 'have names with prefixes of their own');
  const suffix = Buffer.from(cursor.take(nameLength, what)).toString('latin1');
  return { name: `${prefixes.get(index) ?? `${index}:`}${suffix}`, value: cursor.take(valueLength, what) };
}
