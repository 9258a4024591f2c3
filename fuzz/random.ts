/** Numbers that look random and are the same for the same seed: a mutant is known by its seed and its number. */
export class Random {
  #state: Uint32Array;

  constructor(seed: number, stream: number) {
    this.#state = Uint32Array.of(seed, stream, 0x9e3779b9, 1);
    for (let round = 0; round < 12; round++) this.next();
  }

  /** 32 bits (sfc32). */
  next(): number {
    const [a = 0, b = 0, c = 0, counter = 0] = this.#state;
    const sum = (a + b + counter) >>> 0;
    this.#state = Uint32Array.of(
      b ^ (b >>> 9),
      c + (c << 3),
      (((c << 21) | (c >>> 11)) + sum) >>> 0,
      counter + 1,
    );
    return sum;
  }

  /** From 0 up to, and without, `limit`. */
  below(limit: number): number {
    return limit <= 1 ? 0 : Math.floor((this.next() / 2 ** 32) * limit);
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
}
