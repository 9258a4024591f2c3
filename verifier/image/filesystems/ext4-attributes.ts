import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { type Ext4Attribute, parseAttributes } from './ext4-attribute-area.ts';
import type { Ext4Inode } from './ext4-inode.ts';
import { checkChecksum, type Ext4Volume, readBlock, seedWith, without } from './ext4-volume.ts';

const magic = 0xea020000;
const magicSize = 4;
const blockHeaderSize = 32;
const checksumOffset = 16;

/**
 * The value of an extended attribute of an inode: in the inode itself, or in the one block that it has for more; null if there
 * is none.
 *
 * @throws Malformed
 * @throws Unsupported for a value that is an inode of its own (the feature ea_inode).
 */
export async function readExt4Attribute(
  volume: Ext4Volume,
  inode: Ext4Inode,
  name: string,
): Promise<Uint8Array | null> {
  const own = findInInode(inode, name);
  if (own !== null || inode.attributeBlock === 0) return own;
  const what = `${inode.name}: attribute block`;
  const bytes = await readBlock(volume, inode.attributeBlock, what);
  if (bytes.readUInt32LE(0) !== magic || bytes.readUInt32LE(8) !== 1)
    throw new Malformed(what, 'is no block of attributes');
  const seed = seedWith(volume.superblock.checksumSeed, inode.attributeBlock, 8);
  const stored = bytes.readUInt32LE(checksumOffset);
  checkChecksum(without(bytes, checksumOffset, checksumOffset + 2), seed, { stored, bits: 32 }, what);
  const attributes = parseAttributes({ bytes, start: blockHeaderSize, base: 0, what });
  checkOrder(attributes, what);
  return find(attributes, name, what);
}

/** What an inode has of an attribute in itself. */
export function findInInode({ tail, name: inode }: Ext4Inode, name: string): Uint8Array | null {
  // Without the magic there are none: the kernel does not look further.
  if (tail.length < magicSize || tail.readUInt32LE(0) !== magic) return null;
  const what = `${inode}: attributes`;
  return find(parseAttributes({ bytes: tail, start: magicSize, base: magicSize, what }), name, what);
}

/** As the kernel does, the first of a name. */
function find(attributes: readonly Ext4Attribute[], name: string, what: string): Uint8Array | null {
  const found = attributes.find((attribute) => attribute.name === name);
  if (found?.value === null) throw new Unsupported(what, 'have a value in an inode of its own');
  return found?.value ?? null;
}

/** In a block, and only there, the kernel does not look for a name behind its place. */
function checkOrder(attributes: readonly Ext4Attribute[], what: string): void {
  for (const [at, attribute] of attributes.entries()) {
    const next = attributes[at + 1];
    if (next !== undefined && compare(attribute, next) > 0) throw new Malformed(what, 'are not in order');
  }
}

function compare(a: Ext4Attribute, b: Ext4Attribute): number {
  if (a.index !== b.index) return a.index - b.index;
  if (a.suffix.length !== b.suffix.length) return a.suffix.length - b.suffix.length;
  return a.suffix < b.suffix ? -1 : a.suffix === b.suffix ? 0 : 1;
}
