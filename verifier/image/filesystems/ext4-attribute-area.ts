import { Malformed } from '../../bytes/failures.ts';

/** An extended attribute as it stands in the image. */
export interface Ext4Attribute {
  /** The full name, as it is outside of the image. */
  readonly name: string;
  /** What stands for the beginning of the name, and what is stored of it. */
  readonly index: number;
  readonly suffix: string;
  /** Null: it is in an inode of its own. */
  readonly value: Uint8Array | null;
}

/** A part of the image with attributes in it. Entries come first, values last. */
export interface AttributeArea {
  readonly bytes: Buffer;
  /** Where the first entry is. */
  readonly start: number;
  /** What the offsets of values count from. */
  readonly base: number;
  /** For messages. */
  readonly what: string;
}

/** What the index of a name stands for (Documentation/filesystems/ext4/attributes.rst). */
const prefixes: ReadonlyMap<number, string> = new Map([
  [1, 'user.'],
  [2, 'system.posix_acl_access'],
  [3, 'system.posix_acl_default'],
  [4, 'trusted.'],
  [6, 'security.'],
  [7, 'system.'],
]);
const entrySize = 16;

/**
 * Parses all attributes of an area, in their order (check_xattrs() in fs/ext4/xattr.c).
 *
 * @throws Malformed if any of them is out of place, whichever is asked for.
 */
export function parseAttributes(area: AttributeArea): readonly Ext4Attribute[] {
  const { starts, end } = findEntries(area);
  return starts.map((at) => parseEntry(area, at, end));
}

/** Where the entries are, and where they end: after four bytes of zeros. */
function findEntries({ bytes, start, what }: AttributeArea): { starts: readonly number[]; end: number } {
  const starts: number[] = [];
  for (let at = start; ;) {
    if (at > bytes.length - 4) throw new Malformed(what, 'do not end');
    if (bytes.readUInt32LE(at) === 0) return { starts, end: at + 4 };
    starts.push(at);
    const next = padded(at + entrySize + bytes.readUInt8(at));
    if (next > bytes.length) throw new Malformed(what, 'have a name out of place');
    at = next;
  }
}

function parseEntry(area: AttributeArea, at: number, end: number): Ext4Attribute {
  const { bytes, what } = area;
  const index = bytes.readUInt8(at + 1);
  const nameAt = at + entrySize;
  const suffix = bytes.toString('latin1', nameAt, nameAt + bytes.readUInt8(at));
  if (suffix.includes('\0')) throw new Malformed(what, 'have a name with a NUL in it');
  const name = `${prefixes.get(index) ?? `${index}:`}${suffix}`;
  return { name, index, suffix, value: parseValue(area, at, end) };
}

function parseValue({ bytes, base, what }: AttributeArea, at: number, end: number): Uint8Array | null {
  if (bytes.readUInt32LE(at + 4) !== 0) return null;
  const size = bytes.readUInt32LE(at + 8);
  if (size === 0) return new Uint8Array();
  const start = base + bytes.readUInt16LE(at + 2);
  if (start < end || padded(size) > bytes.length - start)
    throw new Malformed(what, 'have a value out of place');
  return bytes.subarray(start, start + size);
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}
