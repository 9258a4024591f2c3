import { Worker } from 'node:worker_threads';

import { digestSizes } from '../bytes/digest.ts';
import type { BlockRun, DigestedBlocks } from '../image/byte-source.ts';
import type { WorkerAnswer, WorkerRequest } from './hash-worker.ts';
import { DigestFailure, type RunDigester } from './run-digester.ts';

/** Bytes of data that a worker gets at a time: it takes some milliseconds, and no worker waits for long at the end. */
const pieceSize = 4 * 1024 * 1024;

interface Piece {
  readonly request: WorkerRequest;
  resolve(answer: DigestedBlocks): void;
  reject(error: unknown): void;
}

/**
 * Digests by worker threads of this process, started when the first run comes. While they have nothing to do they do not
 * keep the process from ending.
 */
export class WorkerDigester implements RunDigester {
  readonly #size: number;
  readonly #waiting: Piece[] = [];
  /** All workers, and what each is working on. */
  readonly #workers = new Map<Worker, Piece | null>();

  constructor(size: number) {
    this.#size = size;
  }

  async digest(file: number, run: BlockRun): Promise<DigestedBlocks> {
    const count = pieceSize / run.blockSize;
    const pieces: Promise<DigestedBlocks>[] = [];
    for (let first = 0; first < run.count; first += count) {
      const offset = run.offset + first * run.blockSize;
      pieces.push(
        this.#enqueue({ file, run: { ...run, offset, count: Math.min(count, run.count - first) } }),
      );
    }
    // All of them, also after a failure: then no worker uses the file any more.
    const settled = await Promise.allSettled(pieces);
    const failed = settled.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    return join(run, await Promise.all(pieces));
  }

  async close(): Promise<void> {
    const workers = [...this.#workers.keys()];
    this.#workers.clear();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #enqueue(request: WorkerRequest): Promise<DigestedBlocks> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      const idle = [...this.#workers].find(([, piece]) => piece === null)?.[0];
      if (idle !== undefined) this.#next(idle);
      else if (this.#workers.size < this.#size) this.#next(this.#start());
    });
  }

  #start(): Worker {
    // A thread that makes nothing but short strings needs no more; without this it takes tens of megabytes.
    const resourceLimits = { maxYoungGenerationSizeMb: 4 };
    // No options of the main thread, of which some, as --input-type, make no sense to a thread.
    const options = { resourceLimits, execArgv: [] };
    const worker = new Worker(new URL('./hash-worker.js', import.meta.url), options);
    worker.on('message', (answer: WorkerAnswer) => {
      const piece = this.#workers.get(worker);
      if ('code' in answer) piece?.reject(new DigestFailure(answer.code));
      else piece?.resolve(answer);
      this.#next(worker);
    });
    worker.on('error', (error) => {
      const lost = [this.#workers.get(worker), ...this.#waiting.splice(0)];
      this.#workers.delete(worker);
      for (const piece of lost) piece?.reject(error);
    });
    this.#workers.set(worker, null);
    return worker;
  }

  #next(worker: Worker): void {
    const piece = this.#waiting.shift() ?? null;
    this.#workers.set(worker, piece);
    if (piece === null) worker.unref();
    else {
      worker.ref();
      worker.postMessage(piece.request);
    }
  }
}

function join(run: BlockRun, pieces: readonly DigestedBlocks[]): DigestedBlocks {
  const digests = new Uint8Array(run.count * digestSizes[run.hashing.algorithm]);
  const blocks = run.keepBlocks ? new Uint8Array(run.count * run.blockSize) : null;
  let at = { digest: 0, block: 0 };
  for (const piece of pieces) {
    digests.set(piece.digests, at.digest);
    if (piece.blocks !== null) blocks?.set(piece.blocks, at.block);
    at = { digest: at.digest + piece.digests.length, block: at.block + (piece.blocks?.length ?? 0) };
  }
  return { digests, blocks };
}
