import { Cursor } from '../../bytes/cursor.ts';
import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import type { Compressor } from './decompress.ts';

/** struct squashfs_super_block of the kernel's fs/squashfs/squashfs_fs.h. Offsets are in the image. */
export interface SquashfsSuperblock {
  readonly compressor: Compressor;
  /** Of file data, in bytes. */
  readonly blockSize: number;
  readonly fragmentCount: number;
  readonly rootInode: bigint;
  readonly inodeTable: number;
  readonly directoryTable: number;
  readonly fragmentTable: number;
  /** Null: no inode has extended attributes. */
  readonly attributeTable: number | null;
}

const compressors: ReadonlyMap<number, string> = new Map([
  [1, 'gzip'],
  [2, 'lzma'],
  [3, 'lzo'],
  [4, 'xz'],
  [5, 'lz4'],
  [6, 'zstd'],
]);
const size = 96;
const absent = 0xffff_ffff_ffff_ffffn;
const field = (name: string): string => `squashfs superblock: ${name}`;

/** @throws Malformed | Unsupported */
export async function readSquashfsSuperblock(source: ByteSource): Promise<SquashfsSuperblock> {
  const bytes = await readExtent(source, 'squashfs superblock', { offset: 0, length: size });
  const cursor = new Cursor(bytes, 'little');
  if (cursor.u32(field('magic')) !== 0x73717368)
    throw new Malformed('squashfs superblock', 'has no magic', 0);
  cursor.take(8, field('inodes, time'));
  const blockSize = cursor.u32(field('block size'));
  const fragmentCount = cursor.u32(field('fragments'));
  const compressor = parseCompressor(cursor.u16(field('compressor')));
  const blockBits = cursor.u16(field('block log'));
  if (blockBits < 12 || blockBits > 20 || blockSize !== 2 ** blockBits)
    throw new Malformed(field('block size'), `is ${blockSize}`, 12);
  cursor.take(4, field('flags, ids'));
  const version = [cursor.u16(field('version')), cursor.u16(field('version'))].join('.');
  if (version !== '4.0') throw new Unsupported(field('version'), `is ${version} and not 4.0`);
  const rootInode = cursor.u64(field('root inode'));
  if (cursor.u64Number(field('bytes used')) > source.size)
    throw new Malformed(field('bytes used'), 'are more than the image has', 40);
  cursor.take(8, field('id table'));
  const attributes = cursor.u64(field('attribute table'));
  const tables = {
    inodeTable: cursor.u64Number(field('inode table')),
    directoryTable: cursor.u64Number(field('directory table')),
  };
  const fragments = cursor.u64(field('fragment table'));
  return {
    ...{ compressor, blockSize, fragmentCount, rootInode, ...tables },
    fragmentTable: fragmentCount === 0 ? 0 : toOffset(fragments, source, 'fragment table'),
    attributeTable: attributes === absent ? null : toOffset(attributes, source, 'attribute table'),
  };
}

function parseCompressor(number: number): Compressor {
  const name = compressors.get(number);
  if (name === 'gzip' || name === 'lz4' || name === 'zstd') return name;
  throw new Unsupported(field('compressor'), `is ${name ?? number}, which is not read here`);
}

function toOffset(offset: bigint, source: ByteSource, name: string): number {
  if (offset >= BigInt(source.size)) throw new Malformed(field(name), 'is not in the image');
  return Number(offset);
}
