import { Cursor } from '../../bytes/cursor.ts';
import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';

/** How data can be compressed, in the order of their numbers (Z_EROFS_COMPRESSION_LZ4 and those after it). */
export const erofsAlgorithms = ['lz4', 'lzma', 'deflate', 'zstd'] as const;
export type ErofsAlgorithm = (typeof erofsAlgorithms)[number];

const field = (algorithm: ErofsAlgorithm): string => `erofs compression: ${algorithm}`;
const maximumClusterBytes = 1024 * 1024;

/** The configuration of an algorithm, as far as the kernel looks at it: it mounts no image that fails these checks. */
interface Configuration {
  /** Bytes it has at least. */
  readonly size: number;
  readonly isAllowed: (cursor: Cursor, what: string, blockSize: number) => boolean;
}

/** By struct z_erofs_lz4_cfgs and those like it in the kernel's fs/erofs/erofs_fs.h. */
const configurations: Readonly<Record<ErofsAlgorithm, Configuration>> = {
  lz4: {
    size: 14,
    isAllowed: (cursor, what, blockSize) => {
      cursor.take(2, what);
      return cursor.u16(what) <= maximumClusterBytes / blockSize;
    },
  },
  lzma: {
    size: 14,
    isAllowed: (cursor, what) => {
      const dictionary = cursor.u32(what);
      return cursor.u16(what) === 0 && dictionary >= 4096 && dictionary <= 8 * maximumClusterBytes;
    },
  },
  deflate: { size: 6, isAllowed: (cursor, what) => cursor.u8(what) <= 15 },
  zstd: { size: 6, isAllowed: (cursor, what) => cursor.u8(what) === 0 && cursor.u8(what) <= 10 },
};

/**
 * Reads which algorithms an image may use: a bit each, and for each bit a configuration behind the superblock, one after
 * another (z_erofs_parse_cfgs() in the kernel's fs/erofs/decompressor.c).
 *
 * @param offset of the first configuration.
 * @throws Malformed | Unsupported
 */
export async function readErofsAlgorithms(
  source: ByteSource,
  bits: number,
  offset: number,
  blockSize: number,
): Promise<ReadonlySet<ErofsAlgorithm>> {
  if (bits >= 2 ** erofsAlgorithms.length)
    throw new Unsupported('erofs compression: algorithms', `are 0x${bits.toString(16)}`);
  const available = erofsAlgorithms.filter((_, number) => (bits & (1 << number)) !== 0);
  let at = offset;
  for (const algorithm of available) at = await checkConfiguration(source, algorithm, at, blockSize);
  return new Set(available);
}

/** Gives where the next one begins. */
async function checkConfiguration(
  source: ByteSource,
  algorithm: ErofsAlgorithm,
  offset: number,
  blockSize: number,
): Promise<number> {
  const what = field(algorithm);
  const head = new Cursor(await readExtent(source, what, { offset, length: 2 }), 'little');
  // In two bytes there is no room for the largest length, and no length is of no use.
  const length = head.u16(what) || 0x10000;
  const { size, isAllowed } = configurations[algorithm];
  if (length < size) throw new Malformed(what, `has a configuration of ${length} bytes`, offset);
  const bytes = await readExtent(source, what, { offset: offset + 2, length });
  if (!isAllowed(new Cursor(bytes, 'little'), what, blockSize))
    throw new Malformed(what, 'has a configuration that no kernel takes', offset);
  return Math.ceil((offset + 2 + length) / 4) * 4;
}
