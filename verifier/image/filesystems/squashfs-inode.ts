import { Cursor } from '../../bytes/cursor.ts';
import { Malformed } from '../../bytes/failures.ts';
import { maximumTargetBytes } from './entry-names.ts';
import type { MetadataPlace, SquashfsMetadata } from './squashfs-metadata.ts';
import type { SquashfsSuperblock } from './squashfs-superblock.ts';

/** Number of an entry in the table of extended attributes; null: none. */
type AttributeIndex = number | null;

/** An inode as the image has it (fs/squashfs/inode.c). */
export type SquashfsInode = { readonly name: string; readonly attributes: AttributeIndex } & (
  | { readonly kind: 'file'; readonly size: number; readonly data: SquashfsData }
  | { readonly kind: 'directory'; readonly listing: MetadataPlace; readonly length: number }
  | { readonly kind: 'link'; readonly target: Uint8Array }
  | { readonly kind: 'special' }
);

/** Where the content of a file is: blocks one after another, what is left over in a fragment that files share. */
export interface SquashfsData {
  readonly start: number;
  readonly fragment: { readonly index: number; readonly offset: number } | null;
  /** Where the sizes of the blocks are listed, and how many there are. */
  readonly sizes: MetadataPlace;
  readonly blocks: number;
}

const none = 0xffff_ffff;
/** Of any inode without what may follow it: a list of blocks, a link's target. */
const longest = 56;

/** @param reference as directories and the superblock have it: block in the inode table, and offset in the block. */
export async function readSquashfsInode(
  metadata: SquashfsMetadata,
  superblock: SquashfsSuperblock,
  reference: bigint,
): Promise<SquashfsInode> {
  const name = `squashfs inode 0x${reference.toString(16)}`;
  if (reference >> 48n !== 0n) throw new Malformed(name, 'is at a place that is none');
  const block = superblock.inodeTable + Number(reference >> 16n);
  const place = { block, offset: Number(reference & 0xffffn) };
  const type = new Cursor((await metadata.read(place, 2, name)).bytes, 'little').u16(name);
  const length = sizes.get(type);
  if (length === undefined) throw new Malformed(name, `is of type ${type}`);
  const { bytes, next } = await metadata.read(place, length, name);
  const cursor = new Cursor(bytes, 'little');
  cursor.take(16, name);
  return parseBody(cursor, { type, name, next, metadata, superblock });
}

/** Bytes of each type of inode; the extended ones are 7 more than the others. */
const sizes: ReadonlyMap<number, number> = new Map([
  ...([1, 2] as const).map((type): [number, number] => [type, 32]),
  [3, 24],
  [4, 24],
  [5, 24],
  [6, 20],
  [7, 20],
  [8, 40],
  [9, longest],
  [10, 24],
  [11, 28],
  [12, 28],
  [13, 24],
  [14, 24],
]);

interface Body {
  readonly type: number;
  readonly name: string;
  /** What comes behind the inode. */
  readonly next: MetadataPlace;
  readonly metadata: SquashfsMetadata;
  readonly superblock: SquashfsSuperblock;
}

async function parseBody(cursor: Cursor, body: Body): Promise<SquashfsInode> {
  switch (body.type) {
    case 1:
      return parseDirectory(cursor, body);
    case 8:
      return parseLongDirectory(cursor, body);
    case 2:
      return parseFile(cursor, body);
    case 9:
      return parseLongFile(cursor, body);
    case 3:
    case 10:
      return parseLink(cursor, body);
    default:
      return parseSpecial(cursor, body);
  }
}

function parseDirectory(cursor: Cursor, { name, superblock }: Body): SquashfsInode {
  const start = cursor.u32(name);
  cursor.take(4, name);
  const length = cursor.u16(name);
  const listing = { block: superblock.directoryTable + start, offset: cursor.u16(name) };
  return { kind: 'directory', name, attributes: null, listing, length };
}

function parseLongDirectory(cursor: Cursor, { name, superblock }: Body): SquashfsInode {
  cursor.take(4, name);
  const length = cursor.u32(name);
  const start = cursor.u32(name);
  cursor.take(6, name);
  const listing = { block: superblock.directoryTable + start, offset: cursor.u16(name) };
  return { kind: 'directory', name, attributes: takeAttributes(cursor, name), listing, length };
}

function parseFile(cursor: Cursor, body: Body): SquashfsInode {
  const start = cursor.u32(body.name);
  const fragment = takeFragment(cursor, body.name);
  const size = cursor.u32(body.name);
  return { ...toFile(body, start, fragment, size), attributes: null };
}

function parseLongFile(cursor: Cursor, body: Body): SquashfsInode {
  const { name } = body;
  const start = cursor.u64Number(`${name}: start`);
  const size = cursor.u64Number(`${name}: size`);
  cursor.take(12, name);
  const fragment = takeFragment(cursor, name);
  return { ...toFile(body, start, fragment, size), attributes: takeAttributes(cursor, name) };
}

function toFile(
  { name, next, superblock }: Body,
  start: number,
  fragment: SquashfsData['fragment'],
  size: number,
) {
  const blocks =
    fragment === null ? Math.ceil(size / superblock.blockSize) : Math.floor(size / superblock.blockSize);
  return { kind: 'file', name, size, data: { start, fragment, sizes: next, blocks } } as const;
}

function takeFragment(cursor: Cursor, name: string): SquashfsData['fragment'] {
  const [index, offset] = [cursor.u32(name), cursor.u32(name)];
  return index === none ? null : { index, offset };
}

async function parseLink(cursor: Cursor, { type, name, next, metadata }: Body): Promise<SquashfsInode> {
  cursor.take(4, name);
  const length = cursor.u32(name);
  if (length > maximumTargetBytes) throw new Malformed(name, `is a link of ${length} bytes`);
  const target = await metadata.read(next, length, name);
  const attributes = type === 3 ? null : await readAttributesBehind(metadata, target.next, name);
  return { kind: 'link', name, attributes, target: target.bytes };
}

async function readAttributesBehind(
  metadata: SquashfsMetadata,
  place: MetadataPlace,
  name: string,
): Promise<AttributeIndex> {
  return takeAttributes(new Cursor((await metadata.read(place, 4, name)).bytes, 'little'), name);
}

function parseSpecial(cursor: Cursor, { type, name }: Body): SquashfsInode {
  if (type < 8) return { kind: 'special', name, attributes: null };
  cursor.take(cursor.remaining - 4, name);
  return { kind: 'special', name, attributes: takeAttributes(cursor, name) };
}

function takeAttributes(cursor: Cursor, name: string): AttributeIndex {
  const index = cursor.u32(`${name}: attributes`);
  return index === none ? null : index;
}
