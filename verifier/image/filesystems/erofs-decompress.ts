import { createInflateRaw, inflateRawSync } from 'node:zlib';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import type { ErofsAlgorithm } from './erofs-compression.ts';
import { decompressMicroLzma } from './erofs-micro-lzma.ts';
import { decompressLz4Block, decompressLz4Prefix } from './lz4-block.ts';
import { decompressZstdFrame, decompressZstdPrefix } from './zstd-frame.ts';

const maximumLzmaBytes = 4 * 1024 * 1024;

/**
 * Decompresses the data of one piece of a file. No more than `length` bytes are ever made of it, give or take a buffer.
 *
 * @param isPartial whether it gives more, of which the beginning is wanted.
 * @throws Malformed if it does not give exactly `length` bytes, or at least that many.
 * @throws Unsupported for more than 4 MiB of LZMA at once.
 */
export async function decompressErofs(
  algorithm: ErofsAlgorithm,
  data: Uint8Array,
  length: number,
  isPartial: boolean,
): Promise<Uint8Array> {
  const bytes = await run(algorithm, data, length, isPartial);
  if (bytes.length !== length)
    throw new Malformed(`erofs ${algorithm} data`, `gives ${bytes.length} bytes instead of ${length}`);
  return bytes;
}

function run(
  algorithm: ErofsAlgorithm,
  data: Uint8Array,
  length: number,
  isPartial: boolean,
): Uint8Array | Promise<Uint8Array> {
  switch (algorithm) {
    case 'lz4':
      return isPartial ? decompressLz4Prefix(data, length) : decompressLz4Block(data, length);
    case 'deflate':
      return isPartial ? inflatePrefix(data, length) : inflate(data, length);
    case 'zstd':
      return isPartial ? decompressZstdPrefix(data, length) : decompressZstdFrame(data, length);
    case 'lzma':
      // Bit by bit in JavaScript: what the others do in milliseconds takes seconds.
      if (length > maximumLzmaBytes)
        throw new Unsupported('erofs lzma data', `is to give more than ${maximumLzmaBytes} bytes at once`);
      return decompressMicroLzma(data, length, isPartial);
  }
}

function inflate(data: Uint8Array, length: number): Uint8Array {
  try {
    return inflateRawSync(data, { maxOutputLength: length });
  } catch (error) {
    throw broken(error);
  }
}

/** By a stream, which can be left when there is enough. */
async function inflatePrefix(data: Uint8Array, length: number): Promise<Uint8Array> {
  const stream = createInflateRaw();
  const pieces: Uint8Array[] = [];
  let missing = length;
  try {
    stream.end(data);
    for await (const piece of stream) {
      if (!(piece instanceof Uint8Array)) continue;
      pieces.push(piece.subarray(0, missing));
      missing -= Math.min(missing, piece.length);
      if (missing === 0) break;
    }
  } catch (error) {
    throw broken(error);
  } finally {
    stream.destroy();
  }
  return new Uint8Array(Buffer.concat(pieces));
}

function broken(error: unknown): Malformed {
  return new Malformed(
    'erofs deflate data',
    `cannot be decompressed (${error instanceof Error ? error.message : 'unknown'})`,
  );
}
