import { Cursor } from '../../bytes/cursor.ts';
import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import type { ErofsSuperblock } from './erofs-superblock.ts';

/** An inode as the image has it (struct erofs_inode_compact, erofs_inode_extended). */
export interface ErofsInode {
  readonly number: number;
  /** For messages. */
  readonly name: string;
  /** File type bits of st_mode. */
  readonly type: number;
  readonly size: number;
  /** The last two are of compressed files: with an index of fixed size, or one that is packed. */
  readonly layout: 'plain' | 'inline' | 'chunks' | 'full' | 'compact';
  /** First block of the data, or how it is cut into chunks, or how many blocks of compressed data there are. */
  readonly union: number;
  /** In the image: of the attributes, and of what comes after them. */
  readonly attributesOffset: number;
  readonly attributesLength: number;
}

const layouts: ReadonlyMap<number, ErofsInode['layout']> = new Map([
  [0, 'plain'],
  [1, 'full'],
  [2, 'inline'],
  [3, 'compact'],
  [4, 'chunks'],
]);

/** @throws Malformed | Unsupported */
export async function readErofsInode(
  source: ByteSource,
  { metadataOffset }: ErofsSuperblock,
  number: number,
): Promise<ErofsInode> {
  const name = `erofs inode ${number}`;
  const offset = metadataOffset + number * 32;
  const head = await readExtent(source, name, { offset, length: 32 });
  const format = new Cursor(head, 'little').u16(name);
  const isExtended = (format & 1) === 1;
  const length = isExtended ? 64 : 32;
  const bytes = isExtended ? await readExtent(source, name, { offset, length }) : head;
  const cursor = new Cursor(bytes, 'little');
  cursor.take(2, name);
  const layout = parseLayout(format, name);
  const attributeUnits = cursor.u16(`${name}: attributes`);
  const mode = cursor.u16(`${name}: mode`);
  cursor.take(2, `${name}: links`);
  const size = isExtended ? cursor.u64Number(`${name}: size`) : cursor.u32(`${name}: size`);
  if (!isExtended) cursor.take(4, `${name}: time`);
  return {
    ...{ number, name, type: mode & 0o170000, size, layout },
    union: cursor.u32(`${name}: data address`),
    attributesOffset: offset + length,
    attributesLength: attributeUnits === 0 ? 0 : 12 + (attributeUnits - 1) * 4,
  };
}

function parseLayout(format: number, name: string): ErofsInode['layout'] {
  if (format >> 4 !== 0) throw new Unsupported(`${name}: format`, `is 0x${format.toString(16)}`);
  const kind = (format >> 1) & 7;
  const layout = layouts.get(kind);
  if (layout !== undefined) return layout;
  throw new Malformed(`${name}: data layout`, `is ${kind}`);
}
