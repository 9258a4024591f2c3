/**
 * What a worker thread runs: digests the blocks that it is asked for, of a file that the main thread has open. One
 * `readv` puts blocks between copies of the salt, so what is hashed is never moved.
 */
import { readSync, readvSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

import { digestSizes } from '../bytes/digest.ts';
import { writeDigest } from '../image/block-hash.ts';
import type { BlockRun, DigestedBlocks } from '../image/byte-source.ts';
import { DigestFailure, fileEnded } from './run-digester.ts';

export interface WorkerRequest {
  readonly file: number;
  readonly run: BlockRun;
}

export type WorkerAnswer = DigestedBlocks | { readonly code: string };

const readSize = 1024 * 1024;
/** IOV_MAX of Linux: `readv` takes no more buffers than that. */
const mostBuffers = 1024;

/** Memory for some salted blocks, and views of its parts. */
interface Strides {
  readonly blocks: readonly Uint8Array[];
  readonly salted: readonly Uint8Array[];
}

function strides({ blockSize, hashing }: BlockRun, count: number): Strides {
  const { salt, saltAfter } = hashing;
  const stride = salt.length + blockSize;
  const memory = new Uint8Array(stride * count);
  const salted = Array.from({ length: count }, (_, index) =>
    memory.subarray(index * stride, (index + 1) * stride),
  );
  for (const bytes of salted) bytes.set(salt, saltAfter ? blockSize : 0);
  const place = saltAfter ? 0 : salt.length;
  return { salted, blocks: salted.map((bytes) => bytes.subarray(place, place + blockSize)) };
}

/** Those of the last request: the next one mostly wants the same, and memory that is left behind stays taken for long. */
let last: { readonly key: string; readonly strides: Strides } | null = null;

function stridesFor(run: BlockRun): Strides {
  const { salt, saltAfter } = run.hashing;
  const key = [Buffer.from(salt).toString('hex'), saltAfter, run.blockSize].join();
  if (last?.key !== key)
    last = { key, strides: strides(run, Math.min(readSize / run.blockSize, mostBuffers)) };
  return last.strides;
}

function digestRun({ file, run }: WorkerRequest): DigestedBlocks {
  const { offset, blockSize, count, hashing, keepBlocks } = run;
  const digestSize = digestSizes[hashing.algorithm];
  const digests = Buffer.alloc(count * digestSize);
  const kept = keepBlocks ? new Uint8Array(count * blockSize) : null;
  const { blocks, salted } = stridesFor(run);
  for (let first = 0; first < count; first += blocks.length) {
    const read = blocks.slice(0, count - first);
    readExactly(file, read, blockSize, offset + first * blockSize);
    for (const [index, block] of read.entries()) {
      writeDigest(hashing.algorithm, salted[index] ?? block, digests, (first + index) * digestSize);
      kept?.set(block, (first + index) * blockSize);
    }
  }
  return { digests, blocks: kept };
}

/** Fills the blocks; what `readv` leaves out is read block by block, which finds out why. */
function readExactly(file: number, blocks: readonly Uint8Array[], blockSize: number, offset: number): void {
  const whole = Math.floor(readvSync(file, blocks, offset) / blockSize);
  for (let index = whole; index < blocks.length; index++) {
    for (let at = 0; at < blockSize;) {
      const block = blocks[index] ?? new Uint8Array();
      const got = readSync(file, block, at, blockSize - at, offset + index * blockSize + at);
      if (got === 0) throw new DigestFailure(fileEnded);
      at += got;
    }
  }
}

parentPort?.on('message', (request: WorkerRequest) => {
  parentPort?.postMessage(answer(request));
});

function answer(request: WorkerRequest): WorkerAnswer {
  try {
    return digestRun(request);
  } catch (error) {
    return { code: error instanceof Error && 'code' in error ? String(error.code) : String(error) };
  }
}
