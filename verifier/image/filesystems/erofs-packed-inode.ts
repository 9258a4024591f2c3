import { Malformed, Unsupported } from '../../bytes/failures.ts';
import type { ByteSource } from '../byte-source.ts';
import { type ErofsDataPiece, readErofsPiece } from './erofs-compressed-data.ts';
import { readErofsPieces } from './erofs-compressed-map.ts';
import { flatRuns } from './erofs-flat-data.ts';
import { type ErofsInode, readErofsInode } from './erofs-inode.ts';
import { readErofsMapHeader } from './erofs-map-header.ts';
import type { ErofsSuperblock } from './erofs-superblock.ts';
import { type FileRun, readRuns } from './file-range.ts';

/** What is decompressed, over and over again where it is: more than this for every byte is work that nobody has to do. */
const maximumGrowth = 8;
const alwaysAllowed = 32 * 1024 * 1024;

/**
 * The file that keeps parts of other files ("fragments"), which may be compressed itself. Other than of those, only what is
 * wanted of it is read, and the piece that was decompressed last is kept: files that lie beside each other share it.
 */
export class ErofsPackedInode {
  readonly #source: ByteSource;
  readonly #superblock: ErofsSuperblock;
  #last: { readonly start: number; readonly bytes: Uint8Array } | null = null;
  #decompressed = 0;
  #wanted = 0;

  constructor(source: ByteSource, superblock: ErofsSuperblock) {
    this.#source = source;
    this.#superblock = superblock;
  }

  /**
   * @param length more than 0, and no more than the caller can hold.
   * @throws Malformed | Unsupported
   */
  async read(offset: number, length: number, what: string): Promise<Uint8Array> {
    const { packedInode } = this.#superblock;
    if (packedInode === null)
      throw new Malformed(what, 'is in a packed inode, and the superblock names none');
    const inode = await readErofsInode(this.#source, this.#superblock, packedInode);
    if (inode.type !== 0o100000) throw new Malformed(inode.name, 'is packed, and no file');
    if (length > inode.size - offset)
      throw new Malformed(what, `needs ${length} bytes of the packed inode, which has ${inode.size}`, offset);
    switch (inode.layout) {
      case 'plain':
      case 'inline': {
        const runs = cut(flatRuns(this.#superblock, inode), offset, length);
        return readRuns(this.#source, runs, length, inode.name);
      }
      case 'full':
      case 'compact':
        return this.#readCompressed(inode, offset, length);
      case 'chunks':
        throw new Unsupported(inode.name, 'is packed, and in chunks');
    }
  }

  async #readCompressed(inode: ErofsInode, from: number, length: number): Promise<Uint8Array> {
    const header = await readErofsMapHeader(this.#source, this.#superblock, inode);
    const to = from + length;
    if ('fragmentOffset' in header) throw new Malformed(inode.name, 'is packed into itself');
    this.#wanted += length;
    const bytes = new Uint8Array(length);
    const pieces = await readErofsPieces(this.#source, this.#superblock, inode, header, { from, to });
    for (const { start, length: size, from: data } of pieces) {
      if (data.kind === 'fragment') throw new Malformed(inode.name, 'is packed into itself');
      const piece = await this.#readPiece({ start, length: size, from: data }, inode.name);
      bytes.set(piece.subarray(Math.max(0, from - start), to - start), Math.max(0, start - from));
    }
    return bytes;
  }

  async #readPiece(piece: ErofsDataPiece, name: string): Promise<Uint8Array> {
    if (this.#last?.start === piece.start) return this.#last.bytes;
    // A directory, or a path, can lead to many files that have a few bytes each of many large pieces.
    this.#decompressed += piece.length + piece.from.extent.length;
    if (this.#decompressed > maximumGrowth * this.#wanted + alwaysAllowed)
      throw new Unsupported(name, `is packed, and takes ${this.#decompressed} bytes for ${this.#wanted}`);
    const bytes = await readErofsPiece(this.#source, this.#superblock, piece, name);
    this.#last = { start: piece.start, bytes };
    return bytes;
  }
}

/** The part of some runs that begins `offset` bytes into them. */
function cut(runs: readonly FileRun[], offset: number, length: number): readonly FileRun[] {
  let at = 0;
  return runs.flatMap((run) => {
    const begin = Math.max(0, offset - at);
    const end = Math.min(run.length, offset + length - at);
    at += run.length;
    if (begin >= end) return [];
    return { offset: run.offset === null ? null : run.offset + begin, length: end - begin };
  });
}
