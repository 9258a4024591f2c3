import { Malformed } from '../../bytes/failures.ts';

const what = 'lz4 block';

/**
 * Decompresses one LZ4 block (lz4_Block_format.md of the LZ4 project): literals and matches in turn, the last sequence being
 * literals alone.
 *
 * @throws Malformed if the block is broken, or gives more than `maximumBytes`.
 */
export function decompressLz4Block(block: Uint8Array, maximumBytes: number): Uint8Array {
  return decompress(block, maximumBytes, false);
}

/**
 * Decompresses as much of an LZ4 block as gives `length` bytes; what comes after that is not looked at.
 *
 * @returns fewer bytes if the block ends before.
 * @throws Malformed if it is broken before.
 */
export function decompressLz4Prefix(block: Uint8Array, length: number): Uint8Array {
  return decompress(block, length, true);
}

function decompress(block: Uint8Array, maximumBytes: number, isCut: boolean): Uint8Array {
  const reader = new Lz4Reader(block);
  const output = new Uint8Array(maximumBytes);
  let length = 0;
  /** As much of `count` as there is room for. */
  const fit = (count: number): number => {
    if (count > maximumBytes - length && !isCut) throw new Malformed(what, 'gives more than it may');
    return Math.min(count, maximumBytes - length);
  };
  for (;;) {
    const token = reader.byte();
    const literals = reader.bytes(fit(reader.length(token >> 4)));
    output.set(literals, length);
    length += literals.length;
    if (reader.isAtEnd() || (isCut && length === maximumBytes)) return output.slice(0, length);
    const distance = reader.byte() | (reader.byte() << 8);
    const count = fit(4 + reader.length(token & 15));
    if (distance === 0 || distance > length) throw new Malformed(what, 'repeats what was never there');
    // A match may reach into what it makes itself: each copy makes more that can be copied.
    for (let made = 0; made < count;) {
      const part = Math.min(count - made, distance + made);
      output.copyWithin(length + made, length - distance, length - distance + part);
      made += part;
    }
    length += count;
    if (isCut && length === maximumBytes) return output;
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
