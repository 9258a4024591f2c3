import { Malformed } from '../../bytes/failures.ts';

const one = 2048;
const half = one / 2;

/** How likely each of some bits is to be 0, in parts of 2048: learnt from those that came before. */
export class Bits {
  readonly chances: Uint16Array;

  constructor(count: number) {
    this.chances = new Uint16Array(count).fill(half);
  }
}

/** Decodes the bits of an LZMA stream (lzma-specification.txt of the LZMA SDK, "Range decoder"). */
export class RangeDecoder {
  readonly #data: Uint8Array;
  readonly #what: string;
  #range = 0xffff_ffff;
  #code = 0;
  /** The first byte is no part of the code. */
  #at = 1;

  /** @throws Malformed if there is not even one code. */
  constructor(data: Uint8Array, what: string) {
    this.#data = data;
    this.#what = what;
    for (let byte = 0; byte < 4; byte++) this.#code = ((this.#code << 8) | this.#next()) >>> 0;
  }

  bit(bits: Bits, index: number): 0 | 1 {
    this.#normalize();
    const chance = bits.chances[index] ?? half;
    const bound = (this.#range >>> 11) * chance;
    if (this.#code < bound) {
      this.#range = bound;
      bits.chances[index] = chance + ((one - chance) >> 5);
      return 0;
    }
    this.#range -= bound;
    this.#code -= bound;
    bits.chances[index] = chance - (chance >> 5);
    return 1;
  }

  /** `count` bits, the highest first, each guessed from those before it. */
  tree(bits: Bits, base: number, count: number): number {
    let node = 1;
    for (let done = 0; done < count; done++) node = (node << 1) | this.bit(bits, base + node);
    return node - 2 ** count;
  }

  /** The same, the lowest first. */
  reverseTree(bits: Bits, base: number, count: number): number {
    let [node, value] = [1, 0];
    for (let done = 0; done < count; done++) {
      const bit = this.bit(bits, base + node);
      node = (node << 1) | bit;
      value |= bit << done;
    }
    return value;
  }

  /** `count` bits that are as likely as not, the highest first. */
  direct(count: number): number {
    let value = 0;
    for (let done = 0; done < count; done++) {
      this.#normalize();
      this.#range >>>= 1;
      const bit = this.#code < this.#range ? 0 : 1;
      if (bit === 1) this.#code -= this.#range;
      value = value * 2 + bit;
    }
    return value;
  }

  /** Whether everything was decoded that was encoded. */
  isFinished(): boolean {
    this.#normalize();
    return this.#code === 0 && this.#at === this.#data.length;
  }

  #normalize(): void {
    if (this.#range >= 2 ** 24) return;
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | this.#next()) >>> 0;
  }

  #next(): number {
    const byte = this.#data[this.#at];
    if (byte === undefined) throw new Malformed(this.#what, 'ends in the middle', this.#at);
    this.#at++;
    return byte;
  }
}
