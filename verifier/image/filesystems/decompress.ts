import { inflateSync } from 'node:zlib';

import { Malformed } from '../../bytes/failures.ts';
import { decompressLz4Block } from './lz4-block.ts';
import { decompressZstdFrame } from './zstd-frame.ts';

/** By squashfs's names: zlib streams, LZ4 blocks, Zstandard frames. */
export type Compressor = 'gzip' | 'lz4' | 'zstd';

/**
 * Decompresses one block.
 *
 * @throws Malformed if it is broken, or gives more than `maximumBytes`; nothing much larger is ever allocated.
 * @throws Unsupported for what the format allows and nobody here reads.
 */
export function decompress(compressor: Compressor, block: Uint8Array, maximumBytes: number): Uint8Array {
  switch (compressor) {
    case 'gzip':
      return inflate(block, maximumBytes);
    case 'lz4':
      return decompressLz4Block(block, maximumBytes);
    case 'zstd':
      return decompressZstdFrame(block, maximumBytes);
  }
}

function inflate(block: Uint8Array, maximumBytes: number): Uint8Array {
  try {
    return inflateSync(block, { maxOutputLength: maximumBytes });
  } catch (error) {
    throw new Malformed(
      'zlib stream',
      `cannot be decompressed (${error instanceof Error ? error.message : 'unknown'})`,
    );
  }
}
