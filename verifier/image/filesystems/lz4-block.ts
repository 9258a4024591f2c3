import { Malformed } from '../../bytes/failures.ts';

const what = 'lz4 block';

/**
 * Decompresses one LZ4 block (lz4_Block_format.md of the LZ4 project): literals and matches in turn, the last sequence being
 * literals alone.
 *
 * @throws Malformed if the block is broken, or gives more than `maximumBytes`.
 */
export function decompressLz4Block(block: Uint8Array, maximumBytes: number): Uint8Array {
  const reader = new Lz4Reader(block);
  const output = new Uint8Array(maximumBytes);
  let length = 0;
  for (;;) {
    const token = reader.byte();
    const literals = reader.bytes(reader.length(token >> 4));
    if (literals.length > maximumBytes - length) throw new Malformed(what, 'gives more than it may');
    output.set(literals, length);
    length += literals.length;
    if (reader.isAtEnd()) return output.slice(0, length);
    const distance = reader.byte() | (reader.byte() << 8);
    const count = 4 + reader.length(token & 15);
    if (distance === 0 || distance > length) throw new Malformed(what, 'repeats what was never there');
    if (count > maximumBytes - length) throw new Malformed(what, 'gives more than it may');
    // A match may reach into what it makes itself, so it is not one copy.
    for (let made = 0; made < count; made++, length++) output[length] = output[length - distance] ?? 0;
  }
}

class Lz4Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw new Malformed(what, 'ends in the middle', this.#at);
    this.#at++;
    return value;
  }

  bytes(count: number): Uint8Array {
    if (count > this.#bytes.length - this.#at) throw new Malformed(what, 'ends in the middle', this.#at);
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** Four bits, and while it is all ones, further bytes that are added. */
  length(nibble: number): number {
    if (nibble < 15) return nibble;
    let sum = 15;
    for (let more = 255; more === 255; sum += more) more = this.byte();
    return sum;
  }
}
