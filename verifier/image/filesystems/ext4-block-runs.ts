/** Blocks of a file that lie one after another in the image; null: zeros that are stored nowhere. */
export interface BlockRun {
  readonly block: number | null;
  readonly count: number;
}

/** Collects where the blocks of a file are, in their order: what nothing is said of is a hole. */
export class BlockRuns {
  readonly #blocks: number;
  readonly #runs: BlockRun[] = [];
  #next = 0;

  /** @param blocks how many the file has by its size; what is behind them is not wanted. */
  constructor(blocks: number) {
    this.#blocks = blocks;
  }

  /** The first block of the file that nothing was said of yet. */
  get next(): number {
    return this.#next;
  }

  /** Whether all blocks of the file are known. */
  get isComplete(): boolean {
    return this.#next >= this.#blocks;
  }

  /** @param first the block of the file, not before `next`. @param block where it is in the image. */
  add(first: number, count: number, block: number | null): void {
    if (first > this.#next) this.#push(first - this.#next, null);
    this.#push(count, block);
  }

  finish(): readonly BlockRun[] {
    this.#push(Math.max(0, this.#blocks - this.#next), null);
    return this.#runs;
  }

  #push(count: number, block: number | null): void {
    const wanted = Math.max(0, Math.min(count, this.#blocks - this.#next));
    this.#next += count;
    if (wanted === 0) return;
    const last = this.#runs.at(-1);
    const isMore = last !== undefined && follows(last, block);
    if (isMore) this.#runs[this.#runs.length - 1] = { block: last.block, count: last.count + wanted };
    else this.#runs.push({ block, count: wanted });
  }
}

function follows(last: BlockRun, block: number | null): boolean {
  return last.block === null ? block === null : block === last.block + last.count;
}
