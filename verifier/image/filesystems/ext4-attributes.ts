import { Cursor } from '../../bytes/cursor.ts';
import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import type { Ext4Inode } from './ext4-inode.ts';

/** Documentation/filesystems/ext4/attributes.rst: what the index of a name stands for. */
const prefixes: ReadonlyMap<number, string> = new Map([
  [1, 'user.'],
  [2, 'system.posix_acl_access'],
  [3, 'system.posix_acl_default'],
  [4, 'trusted.'],
  [6, 'security.'],
  [7, 'system.'],
]);
const magic = 0xea020000;
const blockHeaderSize = 32;

/** The value of an extended attribute of an inode: in the inode itself, or in the one block it has for more. */
export async function readExt4Attribute(
  source: ByteSource,
  blockSize: number,
  inode: Ext4Inode,
  name: string,
): Promise<Uint8Array | null> {
  const own = findInInode(inode, name);
  if (own !== null || inode.attributeBlock === 0) return own;
  const what = `${inode.name}: attribute block`;
  const extent = { offset: inode.attributeBlock * blockSize, length: blockSize };
  const block = await readExtent(source, what, extent);
  const cursor = new Cursor(block, 'little');
  if (cursor.u32(what) !== magic) throw new Malformed(what, 'has no magic');
  cursor.take(blockHeaderSize - 4, what);
  return find(cursor, block, name, what);
}

/** What an inode has of an attribute in itself. */
export function findInInode({ tail, name: inode }: Ext4Inode, name: string): Uint8Array | null {
  const what = `${inode}: attributes`;
  if (tail.length < 4) return null;
  const cursor = new Cursor(tail, 'little');
  return cursor.u32(what) === magic ? find(cursor, tail.subarray(4), name, what) : null;
}

/** @param base what the offsets of values are relative to. */
function find(cursor: Cursor, base: Uint8Array, name: string, what: string): Uint8Array | null {
  while (cursor.remaining >= 16) {
    const nameLength = cursor.u8(what);
    const index = cursor.u8(what);
    const offset = cursor.u16(what);
    const inode = cursor.u32(what);
    const size = cursor.u32(what);
    // Four zero bytes are the end.
    if (nameLength === 0 && index === 0 && offset === 0) return null;
    cursor.take(4, what);
    const found = `${prefixes.get(index) ?? `${index}:`}${latin1(cursor.take(nameLength, what))}`;
    if (found === name) return takeValue(base, { offset, size, inode }, what);
    cursor.take(Math.min(-nameLength & 3, cursor.remaining), what);
  }
  return null;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function takeValue(
  base: Uint8Array,
  { offset, size, inode }: { readonly offset: number; readonly size: number; readonly inode: number },
  what: string,
): Uint8Array {
  if (inode !== 0) throw new Unsupported(what, 'have a value in an inode of its own');
  if (offset > base.length || size > base.length - offset)
    throw new Malformed(what, 'have a value out of place');
  return base.subarray(offset, offset + size);
}
