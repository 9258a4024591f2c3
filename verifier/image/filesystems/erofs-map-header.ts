import { Cursor } from '../../bytes/cursor.ts';
import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import { type ErofsAlgorithm, erofsAlgorithms } from './erofs-compression.ts';
import type { ErofsInode } from './erofs-inode.ts';
import type { ErofsSuperblock } from './erofs-superblock.ts';

/** What stands before the index of a compressed file (struct z_erofs_map_header): how to read it. */
export interface ErofsMapHeader {
  /** In the image: of the first entry. */
  readonly indexOffset: number;
  /** Whether most entries of a compact index have two bytes instead of four. */
  readonly hasShortEntries: boolean;
  /** Whether data of the first and the second algorithm may have more than one block. */
  readonly hasLargeClusters: readonly [boolean, boolean];
  /** Data that is stored as it is lies in its block where it lies in a block of the file, instead of at its beginning. */
  readonly isInterlaced: boolean;
  readonly algorithms: readonly [ErofsAlgorithm, ErofsAlgorithm];
  /** Where the last piece of the file is, if it has no blocks of its own. */
  readonly tail: ErofsTail | null;
}

/** Bytes behind the index, or the place in the packed inode, of which a full index has the upper half. */
export type ErofsTail =
  | { readonly kind: 'inline'; readonly length: number }
  | { readonly kind: 'fragment'; readonly offset: number };

/** A file that is wholly in the packed inode. */
export interface ErofsWholeFragment {
  readonly fragmentOffset: number;
}

const headerSize = 8;
const advice = {
  shortEntries: 0x1,
  /** The same bit, for a full index. */
  extents: 0x1,
  largeFirst: 0x2,
  largeSecond: 0x4,
  inlineTail: 0x8,
  interlaced: 0x10,
  fragmentTail: 0x20,
} as const;
const known = 0x3f;
/** Of the eight bytes: all others are a place then. */
const wholeFragment = 0x80;

/**
 * Reads the header (z_erofs_fill_inode() in the kernel's fs/erofs/zmap.c). What older and newer kernels read in different
 * ways is refused: they could see different files.
 *
 * @throws Malformed | Unsupported
 */
export async function readErofsMapHeader(
  source: ByteSource,
  superblock: ErofsSuperblock,
  inode: ErofsInode,
): Promise<ErofsMapHeader | ErofsWholeFragment> {
  const what = `${inode.name}: map header`;
  const offset = Math.ceil((inode.attributesOffset + inode.attributesLength) / 8) * 8;
  const bytes = await readExtent(source, what, { offset, length: headerSize });
  const last = bytes[headerSize - 1] ?? 0;
  if ((last & wholeFragment) !== 0) return { fragmentOffset: parseFragmentOffset(bytes, what) };
  if (last !== 0) throw new Unsupported(what, 'has clusters that are not blocks, or a bit that is reserved');
  const cursor = new Cursor(bytes, 'little');
  const tailOffset = cursor.u32(what);
  const advise = cursor.u16(what);
  const has = (bit: number): boolean => (advise & bit) !== 0;
  const isFull = inode.layout === 'full';
  if ((advise & ~known) !== 0 || (isFull && has(advice.extents)))
    throw new Unsupported(what, `advises 0x${advise.toString(16)}: extents, or what is not known here`);
  const hasLargeClusters = [has(advice.largeFirst), has(advice.largeSecond)] as const;
  if (!superblock.hasLargeClusters && hasLargeClusters.includes(true))
    throw new Malformed(what, 'has clusters of many blocks, which the superblock denies', offset);
  if (!isFull && hasLargeClusters[0] !== hasLargeClusters[1])
    throw new Malformed(what, 'has clusters of many blocks for one algorithm only', offset);
  if (has(advice.inlineTail) && has(advice.fragmentTail))
    throw new Malformed(what, 'has a tail in two places', offset);
  return {
    indexOffset: offset + headerSize + (isFull ? 8 : 0),
    hasShortEntries: !isFull && has(advice.shortEntries),
    hasLargeClusters,
    isInterlaced: has(advice.interlaced),
    algorithms: parseAlgorithms(cursor.u8(what), what),
    tail: has(advice.fragmentTail)
      ? { kind: 'fragment', offset: tailOffset }
      : has(advice.inlineTail)
        ? { kind: 'inline', length: parseInlineLength(tailOffset, what, offset) }
        : null,
  };
}

function parseFragmentOffset(bytes: Uint8Array, what: string): number {
  const place = Uint8Array.from(bytes);
  place[headerSize - 1] = (place[headerSize - 1] ?? 0) & ~wholeFragment;
  return new Cursor(place, 'little').u64Number(`${what}: fragment`);
}

/** The upper half is the length, the lower half is reserved. */
function parseInlineLength(value: number, what: string, offset: number): number {
  const length = value >>> 16;
  if (length === 0) throw new Malformed(what, 'has an empty tail', offset);
  return length;
}

function parseAlgorithms(value: number, what: string): readonly [ErofsAlgorithm, ErofsAlgorithm] {
  const [first, second] = [erofsAlgorithms[value & 15], erofsAlgorithms[value >> 4]];
  if (first === undefined || second === undefined)
    throw new Unsupported(`${what}: algorithms`, `are 0x${value.toString(16)}`);
  return [first, second];
}
