import type { Hex } from '../bytes/hex.ts';
import type { Reason } from '../reasons.ts';
import { type BlockHash, blockHash } from './block-hash.ts';
import { type ByteSource, checkInside, readExtent } from './byte-source.ts';
import { corrupt, HashTree } from './hash-tree.ts';
import { toVerityTarget, type VerityParts, type VerityTarget } from './verity-parts.ts';

/** Thrown by a verified source in the middle of a read: there are no bytes with that root hash. Pipelines refuse. */
export class CorruptData extends Error {
  override readonly name = 'CorruptData';
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(reason.message);
    this.reason = reason;
  }
}

/**
 * The data that a hash tree covers, as a source of its own: offset 0 is the first byte of the data. Each read verifies the
 * blocks that it touches, root first, and gives exactly the bytes that were hashed: whoever changes the file between two
 * reads, or between a check and its use, is found out.
 *
 * @throws CorruptData at once if the parts do not fit together or cannot be verified; reads throw it, with the block and its
 * place in the file, for what does not have that root hash.
 */
export function verifiedSource(parts: VerityParts, rootHash: Hex): ByteSource {
  const target = toVerityTarget(parts, rootHash);
  if ('code' in target) throw new CorruptData(target);
  return new VerifiedData(target);
}

/** Bytes. Directories and inode tables are read a few bytes at a time, and again and again. */
const cacheSize = 1024 * 1024;
const readSize = 1024 * 1024;

class VerifiedData implements ByteSource {
  readonly size: number;
  readonly #target: VerityTarget;
  readonly #tree: HashTree;
  readonly #hash: BlockHash;
  readonly #blockSize: number;
  /** Verified blocks by their index, the one not used for longest first. */
  readonly #cache = new Map<number, Uint8Array>();

  constructor(target: VerityTarget) {
    this.#target = target;
    this.#tree = new HashTree(target);
    this.#blockSize = target.superblock.dataBlockSize;
    this.#hash = blockHash(target.hashing, this.#blockSize);
    this.size = target.superblock.dataBlocks * this.#blockSize;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkInside(this, 'verified data', { offset, length });
    // The reader's own copy: nothing that it writes there gets into the cache.
    const bytes = new Uint8Array(length);
    const size = this.#blockSize;
    const end = Math.ceil((offset + length) / size);
    for (let index = Math.floor(offset / size); index < end && length > 0;) {
      const cached = this.#take(index);
      const found = cached === null ? await this.#verify(index, end) : [cached];
      for (const block of found) {
        const at = index * size - offset;
        bytes.set(block.subarray(Math.max(0, -at), length - at), Math.max(0, at));
        index++;
      }
    }
    return bytes;
  }

  #take(index: number): Uint8Array | null {
    const block = this.#cache.get(index);
    if (block === undefined) return null;
    this.#cache.delete(index);
    this.#cache.set(index, block);
    return block;
  }

  /** Reads and verifies blocks from `first` on: as many of those before `end` as make a read of good size. */
  async #verify(first: number, end: number): Promise<readonly Uint8Array[]> {
    const size = this.#blockSize;
    const { data, geometry } = this.#target;
    const count = Math.min(end - first, readSize / size);
    const { digests, fault } = await this.#tree.digests(first, count);
    const offset = data.offset + first * size;
    const bytes = await readExtent(data.source, 'data', { offset, length: count * size });
    const blocks: Uint8Array[] = [];
    const digest = Buffer.alloc(geometry.digestSize);
    for (let index = 0; index < count; index++) {
      // A copy: a view would keep all that was read, and see what becomes of memory that the source only lent.
      const block = new Uint8Array(bytes.subarray(index * size, (index + 1) * size));
      const trusted = digests.subarray(index * geometry.digestSize, (index + 1) * geometry.digestSize);
      if (trusted.length === 0 && fault !== null) throw new CorruptData(fault);
      this.#hash(block, digest, 0);
      if (!digest.equals(trusted)) {
        throw new CorruptData(corrupt(`Data block ${first + index}`, data, offset + index * size));
      }
      blocks.push(block);
      this.#keep(first + index, block);
    }
    return blocks;
  }

  #keep(index: number, block: Uint8Array): void {
    this.#cache.set(index, block);
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= cacheSize / this.#blockSize) return;
      this.#cache.delete(oldest);
    }
  }
}
