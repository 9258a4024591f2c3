import { Malformed } from '../../bytes/failures.ts';
import { Bits, RangeDecoder } from './erofs-range-decoder.ts';

const what = 'erofs lzma data';

/**
 * Decompresses MicroLZMA: an LZMA stream (lzma-specification.txt of the LZMA SDK) without a header, whose first byte, which is
 * always 0, is the complement of the byte of properties instead (lzma_microlzma_decoder() in liblzma's lzma/container.h).
 * There is no dictionary but what was made before.
 *
 * @param isPartial whether it gives more than `length` bytes, of which the beginning is wanted.
 * @throws Malformed if it does not give `length` bytes.
 */
export function decompressMicroLzma(data: Uint8Array, length: number, isPartial: boolean): Uint8Array {
  const properties = ~(data[0] ?? 0) & 0xff;
  const [lc, rest] = [properties % 9, Math.floor(properties / 9)];
  const [lp, pb] = [rest % 5, Math.floor(rest / 5)];
  // Tables grow with these: more is in LZMA, but not in what comes from the format of xz.
  if (pb > 4 || lc + lp > 4) throw new Malformed(what, 'has properties that are none', 0);
  const range = new RangeDecoder(data, what);
  const output = new Uint8Array(length);
  new LzmaDecoder(range, output, { lc, lp, pb }).run();
  if (!isPartial && !range.isFinished()) throw new Malformed(what, `gives more than ${length} bytes`);
  return output;
}

/** Literal context bits, literal position bits, position bits. */
interface Properties {
  readonly lc: number;
  readonly lp: number;
  readonly pb: number;
}

const states = 12;
const firstMatchState = 7;
const minimumMatch = 2;

class LzmaDecoder {
  readonly #range: RangeDecoder;
  readonly #output: Uint8Array;
  readonly #literalContextBits: number;
  readonly #literalPositions: number;
  readonly #positions: number;
  readonly #literals: Bits;
  readonly #isMatch = new Bits(states * 16);
  readonly #isRepeat = new Bits(states);
  readonly #isOther = [new Bits(states), new Bits(states), new Bits(states)] as const;
  readonly #isLong = new Bits(states * 16);
  readonly #matchLength = new LengthDecoder();
  readonly #repeatLength = new LengthDecoder();
  readonly #slots = [new Bits(64), new Bits(64), new Bits(64), new Bits(64)] as const;
  readonly #middle = new Bits(128);
  readonly #low = new Bits(16);
  /** Distances that were last, less one. */
  #distances: readonly [number, number, number, number] = [0, 0, 0, 0];
  #state = 0;
  #at = 0;

  constructor(range: RangeDecoder, output: Uint8Array, { lc, lp, pb }: Properties) {
    this.#range = range;
    this.#output = output;
    this.#literalContextBits = lc;
    this.#literalPositions = 2 ** lp - 1;
    this.#positions = 2 ** pb - 1;
    this.#literals = new Bits(0x300 * 2 ** (lc + lp));
  }

  /** Until the output is full. */
  run(): void {
    while (this.#at < this.#output.length) {
      const position = this.#at & this.#positions;
      if (this.#range.bit(this.#isMatch, this.#state * 16 + position) === 0) this.#literal();
      else this.#copy(this.#match(position));
    }
  }

  #literal(): void {
    const previous = this.#at === 0 ? 0 : (this.#output[this.#at - 1] ?? 0);
    const place = (this.#at & this.#literalPositions) << this.#literalContextBits;
    const base = 0x300 * (place + (previous >> (8 - this.#literalContextBits)));
    this.#output[this.#at] =
      this.#state < firstMatchState
        ? this.#range.tree(this.#literals, base, 8)
        : this.#literalAfterMatch(base, this.#output[this.#at - this.#distances[0] - 1] ?? 0);
    this.#at++;
    this.#state = this.#state < 4 ? 0 : this.#state - (this.#state < 10 ? 3 : 6);
  }

  /** What a match would have given here helps to guess, as long as it is right. */
  #literalAfterMatch(base: number, guess: number): number {
    let symbol = 1;
    for (let bits = guess, isRight = true; symbol < 0x100; bits <<= 1) {
      const guessed = (bits >> 7) & 1;
      const bit = this.#range.bit(this.#literals, base + (isRight ? (1 + guessed) << 8 : 0) + symbol);
      isRight &&= bit === guessed;
      symbol = (symbol << 1) | bit;
    }
    return symbol & 0xff;
  }

  /** Gives how many bytes to copy, from the first of the distances. */
  #match(position: number): number {
    const [first, second, third, fourth] = this.#distances;
    const isLiteralBefore = this.#state < firstMatchState;
    if (this.#range.bit(this.#isRepeat, this.#state) === 0) {
      const length = this.#matchLength.decode(this.#range, position);
      this.#distances = [this.#distance(length), first, second, third];
      this.#state = isLiteralBefore ? 7 : 10;
      return length + minimumMatch;
    }
    if (this.#range.bit(this.#isOther[0], this.#state) === 0) {
      if (this.#range.bit(this.#isLong, this.#state * 16 + position) === 0) {
        this.#state = isLiteralBefore ? 9 : 11;
        return 1;
      }
    } else if (this.#range.bit(this.#isOther[1], this.#state) === 0) {
      this.#distances = [second, first, third, fourth];
    } else if (this.#range.bit(this.#isOther[2], this.#state) === 0) {
      this.#distances = [third, first, second, fourth];
    } else {
      this.#distances = [fourth, first, second, third];
    }
    this.#state = isLiteralBefore ? 8 : 11;
    return this.#repeatLength.decode(this.#range, position) + minimumMatch;
  }

  #distance(length: number): number {
    const slot = this.#range.tree(
      this.#slots[length === 0 ? 0 : length === 1 ? 1 : length === 2 ? 2 : 3],
      0,
      6,
    );
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) * 2 ** bits;
    if (slot < 14) return base + this.#range.reverseTree(this.#middle, base - slot, bits);
    const direct = this.#range.direct(bits - 4) * 16;
    return base + direct + this.#range.reverseTree(this.#low, 0, 4);
  }

  #copy(wanted: number): void {
    const from = this.#at - this.#distances[0] - 1;
    // The mark of an end is a distance that is too long, too: nothing but the length ends what is here.
    if (from < 0) throw new Malformed(what, 'repeats what was never there');
    const end = Math.min(this.#at + wanted, this.#output.length);
    for (let source = from; this.#at < end; source++, this.#at++)
      this.#output[this.#at] = this.#output[source] ?? 0;
  }
}

class LengthDecoder {
  readonly #choices = new Bits(2);
  readonly #low = new Bits(16 * 8);
  readonly #middle = new Bits(16 * 8);
  readonly #high = new Bits(256);

  decode(range: RangeDecoder, position: number): number {
    if (range.bit(this.#choices, 0) === 0) return range.tree(this.#low, position * 8, 3);
    if (range.bit(this.#choices, 1) === 0) return 8 + range.tree(this.#middle, position * 8, 3);
    return 16 + range.tree(this.#high, 0, 8);
  }
}
