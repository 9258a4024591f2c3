import { digestSizes } from '../bytes/digest.ts';
import { CouldNotDecide } from '../bytes/failures.ts';
import { blockHash } from './block-hash.ts';
import {
  type BlockRun,
  type ByteSource,
  checkInside,
  type DigestedBlocks,
  readExtent,
} from './byte-source.ts';

/**
 * Digests blocks that lie one after another, by the source itself where it can.
 *
 * @throws Malformed naming `field` if the blocks are not inside the source.
 * @throws CouldNotDecide if they cannot be read.
 */
export async function digestBlocks(
  source: ByteSource,
  field: string,
  run: BlockRun,
): Promise<DigestedBlocks> {
  const length = run.count * run.blockSize;
  checkInside(source, field, { offset: run.offset, length });
  const digested = await (source.digestBlocks?.(run) ?? readAndDigest(source, field, run));
  const wanted = {
    digests: run.count * digestSizes[run.hashing.algorithm],
    blocks: run.keepBlocks ? length : 0,
  };
  // A source that gives less must not make a comparison end early.
  if (digested.digests.length !== wanted.digests || (digested.blocks?.length ?? 0) !== wanted.blocks) {
    throw new CouldNotDecide(`reading ${field} did not give the digests of all blocks`);
  }
  return digested;
}

const readSize = 1024 * 1024;

/** Digests blocks in this thread, a megabyte at a time. */
export async function readAndDigest(
  source: ByteSource,
  field: string,
  run: BlockRun,
): Promise<DigestedBlocks> {
  const { offset, blockSize, count, hashing } = run;
  const hash = blockHash(hashing, blockSize);
  const digestSize = digestSizes[hashing.algorithm];
  const digests = Buffer.alloc(count * digestSize);
  const blocks = run.keepBlocks ? new Uint8Array(count * blockSize) : null;
  const atOnce = readSize / blockSize;
  for (let first = 0; first < count; first += atOnce) {
    const length = Math.min(atOnce, count - first) * blockSize;
    const bytes = await readExtent(source, field, { offset: offset + first * blockSize, length });
    blocks?.set(bytes, first * blockSize);
    for (let at = 0; at < length; at += blockSize) {
      hash(bytes.subarray(at, at + blockSize), digests, (first + at / blockSize) * digestSize);
    }
  }
  return { digests, blocks };
}
