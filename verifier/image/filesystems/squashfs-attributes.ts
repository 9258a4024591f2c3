import { Cursor } from '../../bytes/cursor.ts';
import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { readExtent } from '../byte-source.ts';
import { maximumAttributeBytes } from './entry-names.ts';
import type { SquashfsContext } from './squashfs-data.ts';
import type { MetadataPlace } from './squashfs-metadata.ts';

const prefixes = ['user.', 'trusted.', 'security.'];
/** The value stands somewhere else. */
const outOfLine = 0x100;
const idSize = 16;
const idsOfBlock = 512;
const maximumAttributes = 1000;

/**
 * The value of an extended attribute (fs/squashfs/xattr.c). Null if there is none.
 *
 * @param index of the inode, in the table of attribute lists.
 */
export async function readSquashfsAttribute(
  context: SquashfsContext,
  index: number,
  name: string,
): Promise<Uint8Array | null> {
  const { list, count, base } = await findList(context, index);
  let place = list;
  for (let attribute = 0; attribute < count; attribute++) {
    const found = await readAttribute(context, place, base);
    if (found.name === name) return found.value();
    place = found.next;
  }
  return null;
}

const what = 'squashfs attributes';

interface AttributeList {
  readonly list: MetadataPlace;
  readonly count: number;
  /** What references of values are relative to. */
  readonly base: number;
}

async function findList(
  { source, metadata, superblock }: SquashfsContext,
  index: number,
): Promise<AttributeList> {
  const table = superblock.attributeTable;
  if (table === null) throw new Malformed(what, 'are not in the image, which has an inode with some');
  const head = new Cursor(await readExtent(source, what, { offset: table, length: 16 }), 'little');
  const base = head.u64Number(`${what}: table`);
  if (index >= head.u32(what)) throw new Malformed(what, 'are fewer than an inode says');
  const pointer = { offset: table + 16 + Math.floor(index / idsOfBlock) * 8, length: 8 };
  const block = new Cursor(await readExtent(source, what, pointer), 'little').u64Number(`${what}: index`);
  const place = { block, offset: (index % idsOfBlock) * idSize };
  const id = new Cursor((await metadata.read(place, idSize, what)).bytes, 'little');
  const list = toPlace(id.u64(what), base);
  const count = id.u32(what);
  if (count > maximumAttributes) throw new Unsupported(what, `are ${count} of one inode`);
  return { list, count, base };
}

function toPlace(reference: bigint, base: number): MetadataPlace {
  if (reference >> 48n !== 0n) throw new Malformed(what, 'are at a place that is none');
  return { block: base + Number(reference >> 16n), offset: Number(reference & 0xffffn) };
}

interface FoundAttribute {
  readonly name: string;
  readonly value: () => Promise<Uint8Array>;
  readonly next: MetadataPlace;
}

async function readAttribute(
  context: SquashfsContext,
  place: MetadataPlace,
  base: number,
): Promise<FoundAttribute> {
  const { metadata } = context;
  const head = await metadata.read(place, 4, what);
  const header = new Cursor(head.bytes, 'little');
  const type = header.u16(what);
  const suffix = await metadata.read(head.next, header.u16(what), what);
  const value = await readValue(context, suffix.next);
  const prefix = prefixes[type & 0xff] ?? `${type & 0xff}:`;
  return {
    name: `${prefix}${Buffer.from(suffix.bytes).toString('latin1')}`,
    value: async () => ((type & outOfLine) === 0 ? value.bytes : readReferenced(context, value.bytes, base)),
    next: value.next,
  };
}

async function readValue({ metadata }: SquashfsContext, place: MetadataPlace) {
  const head = await metadata.read(place, 4, what);
  const length = new Cursor(head.bytes, 'little').u32(what);
  if (length > maximumAttributeBytes) throw new Malformed(what, `have a value of ${length} bytes`);
  return metadata.read(head.next, length, what);
}

async function readReferenced(
  context: SquashfsContext,
  reference: Uint8Array,
  base: number,
): Promise<Uint8Array> {
  const cursor = new Cursor(reference, 'little');
  const place = toPlace(cursor.u64(what), base);
  cursor.end(what);
  return (await readValue(context, place)).bytes;
}
