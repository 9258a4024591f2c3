import { Cursor } from '../../bytes/cursor.ts';
import { Malformed } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import { type Compressor, decompress } from './decompress.ts';

/** What a metadata block holds when it is decompressed. */
export const metadataBlockSize = 8192;

/** A place in a table of metadata blocks: where the block is in the image, and a byte in what it holds. */
export interface MetadataPlace {
  readonly block: number;
  readonly offset: number;
}

interface MetadataBlock {
  readonly bytes: Uint8Array;
  readonly next: number;
}

const cachedBlocks = 64;

/** Reads what stands in metadata blocks, one after another (fs/squashfs/cache.c, squashfs_read_metadata()). */
export class SquashfsMetadata {
  readonly #source: ByteSource;
  readonly #compressor: Compressor;
  readonly #cache = new Map<number, MetadataBlock>();

  constructor(source: ByteSource, compressor: Compressor) {
    this.#source = source;
    this.#compressor = compressor;
  }

  /** `length` bytes from a place on, over as many blocks as it takes; and the place after them. */
  async read(
    place: MetadataPlace,
    length: number,
    what: string,
  ): Promise<{ readonly bytes: Uint8Array; readonly next: MetadataPlace }> {
    const bytes = new Uint8Array(length);
    let { block, offset } = place;
    for (let at = 0; at < length;) {
      const { bytes: held, next } = await this.#block(block, what);
      // A block that gives nothing would be read for ever.
      if (offset >= held.length) throw new Malformed(what, 'is not in its metadata block', block);
      const part = held.subarray(offset, offset + length - at);
      bytes.set(part, at);
      at += part.length;
      offset += part.length;
      if (offset === held.length) [block, offset] = [next, 0];
    }
    return { bytes, next: { block, offset } };
  }

  async #block(offset: number, what: string): Promise<MetadataBlock> {
    const cached = this.#cache.get(offset);
    if (cached !== undefined) return cached;
    const header = new Cursor(await readExtent(this.#source, what, { offset, length: 2 }), 'little').u16(
      what,
    );
    const length = header & 0x7fff;
    const isStored = (header & 0x8000) !== 0;
    if (length === 0 || length > metadataBlockSize)
      throw new Malformed(what, `has a block of ${length} bytes`, offset);
    const stored = await readExtent(this.#source, what, { offset: offset + 2, length });
    const bytes = isStored ? stored : decompress(this.#compressor, stored, metadataBlockSize);
    const block = { bytes, next: offset + 2 + length };
    const [oldest] = this.#cache.keys();
    if (oldest !== undefined && this.#cache.size >= cachedBlocks) this.#cache.delete(oldest);
    this.#cache.set(offset, block);
    return block;
  }
}
