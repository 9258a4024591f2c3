import { CouldNotDecide, Malformed } from '../bytes/failures.ts';
import type { BlockHashing } from './block-hash.ts';

/**
 * Where an image's bytes come from: a file, memory, one day a network. Readers in this room never see a path.
 *
 * Contract: `size` is fixed for the life of the source. `read` gives exactly `length` bytes from `offset`, in memory
 * that the source does not write to again, or throws `CouldNotDecide`; it never gives fewer. Callers have checked that the
 * extent lies inside `size` and is small enough to hold in memory: `readExtent` checks the first.
 */
export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * Digests many blocks, for a source that can do it faster than by `read`; `digestBlocks` in block-digests.ts calls it.
   * Same contract: all of it or `CouldNotDecide`, and callers have checked that the blocks lie inside `size`. Several runs
   * may be asked for at once; the source decides how many it works on.
   */
  digestBlocks?(run: BlockRun): Promise<DigestedBlocks>;
}

/** Blocks of one size that lie one after another in a source, and what is wanted of them. */
export interface BlockRun {
  /** Bytes, as all sizes here. */
  readonly offset: number;
  readonly blockSize: number;
  /** At least one. */
  readonly count: number;
  readonly hashing: BlockHashing;
  /** Whether the blocks are wanted as well. What is to be used must not be read again: it may have changed. */
  readonly keepBlocks: boolean;
}

export interface DigestedBlocks {
  /** One after another, in the order of the blocks. */
  readonly digests: Uint8Array;
  /** Exactly the bytes that were digested; null if they were not asked for. */
  readonly blocks: Uint8Array | null;
}

/** A part of a source, in bytes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads an extent that untrusted input named.
 *
 * @throws Malformed naming `field` if the extent is not inside the source.
 * @throws CouldNotDecide if it cannot be read.
 */
export async function readExtent(
  source: ByteSource,
  field: string,
  { offset, length }: Extent,
): Promise<Uint8Array> {
  checkInside(source, field, { offset, length });
  const bytes = await source.read(offset, length);
  if (bytes.length !== length) {
    throw new CouldNotDecide(`reading ${field} gave ${bytes.length} bytes instead of ${length}`);
  }
  return bytes;
}

/**
 * Checks that an extent that untrusted input named is inside the source.
 *
 * @throws Malformed naming `field`.
 */
export function checkInside(source: ByteSource, field: string, { offset, length }: Extent): void {
  const exact = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (!exact || offset < 0 || length < 0) throw new Malformed(field, 'has no sensible place in the file');
  if (length > source.size - offset) {
    throw new Malformed(field, `needs ${length} bytes, the file has ${source.size}`, offset);
  }
}
