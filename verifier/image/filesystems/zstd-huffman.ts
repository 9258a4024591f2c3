import { Malformed } from '../../bytes/failures.ts';

const compressedBlock = 2;
const compressedLiterals = 2;
/** A larger header byte says that the weights are not compressed. */
const largestCompressedWeights = 127;
const mostSymbols = 256;

/**
 * Refuses a block whose Huffman weights are compressed by a table of a single symbol. Its states take no bits, so that nothing
 * ever comes to the end of such weights; the decoder would go on for ever. No encoder makes one: weights that are all alike
 * are written as they are.
 *
 * @param block with its header of 3 bytes.
 * @throws Malformed
 */
export function checkHuffmanWeights(block: Uint8Array): void {
  const weights = weightsOf(block);
  if (weights !== null && hasOneSymbol(weights))
    throw new Malformed('zstd block: Huffman weights', 'are compressed by a table of one symbol');
}

/** The compressed weights of a block; null if it has none (RFC 8878 sections 3.1.1.3.1.1 and 4.2.1). */
function weightsOf(block: Uint8Array): Uint8Array | null {
  const [kind = 0, , , literals = 0] = block;
  if (((kind >> 1) & 3) !== compressedBlock || (literals & 3) !== compressedLiterals) return null;
  const sizes = [3, 3, 4, 5][(literals >> 2) & 3] ?? 5;
  const size = block[3 + sizes] ?? 0;
  return size > largestCompressedWeights ? null : block.subarray(3 + sizes + 1);
}

/** Reads the distribution of an FSE table (RFC 8878 section 4.1.1) until all of it is given out. */
function hasOneSymbol(bytes: Uint8Array): boolean {
  const total = 1 << (((bytes[0] ?? 0) & 15) + 5);
  let at = 4;
  let symbols = 0;
  for (let left = total; left > 0 && symbols < mostSymbols;) {
    const width = Math.floor(Math.log2(left + 1)) + 1;
    const spare = 2 ** width - 1 - (left + 1);
    const value = bitsAt(bytes, at, width);
    const low = value & (2 ** (width - 1) - 1);
    const isShort = low < spare;
    at += isShort ? width - 1 : width;
    const probability = (isShort ? low : value < 2 ** (width - 1) ? value : value - spare) - 1;
    if (probability === total) return true;
    left -= Math.abs(probability);
    symbols++;
    for (let repeat = probability === 0 ? 3 : 0; repeat === 3; at += 2, symbols += repeat)
      repeat = bitsAt(bytes, at, 2);
  }
  return false;
}

// Behind the end there are zeros, as for the decoder.
function bitsAt(bytes: Uint8Array, at: number, width: number): number {
  const first = at >> 3;
  const [a = 0, b = 0, c = 0] = bytes.subarray(first, first + 3);
  return ((a | (b << 8) | (c << 16)) >> (at & 7)) & (2 ** width - 1);
}
