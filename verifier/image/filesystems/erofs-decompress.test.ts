import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { decompressErofs } from './erofs-decompress.ts';
import { refuses } from './tests/erofs-parts.ts';

/** A zstd frame of blocks; the last is one byte as it is. */
const frame = (...blocks: readonly (readonly number[])[]) =>
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, ...blocks.flat(), 9, 0, 0, 7]);

test('a zstd frame of very many blocks that give nothing is not worked through', async () => {
  const empty = (count: number) => frame(...Array.from({ length: count }, () => [0, 0, 0]));
  assert.deepEqual([...(await decompressErofs('zstd', empty(10), 1, false))], [7]);
  await refuses(
    () => decompressErofs('zstd', empty(100), 1, false),
    Unsupported,
    /has 101 blocks for 1 bytes/,
  );
  await refuses(
    () => decompressErofs('zstd', empty(100), 1, true),
    Unsupported,
    /has 101 blocks for 1 bytes/,
  );
});

test('a zstd frame that is broken is malformed, whether all of it is wanted or not', async () => {
  const broken = frame([0x1c, 0, 0, 0xff, 0xff, 0xff]);
  const other = Buffer.from(frame());
  other.writeUInt8(0x29, 0);
  for (const isPartial of [false, true]) {
    await refuses(() => decompressErofs('zstd', broken, 1, isPartial), Malformed, /cannot be decompressed/);
    await refuses(() => decompressErofs('zstd', other, 1, isPartial), Malformed, /magic: is another/);
  }
});

test('more LZMA at once than takes a moment is not worked through', async () => {
  await refuses(
    () => decompressErofs('lzma', new Uint8Array(16), 4 * 1024 * 1024 + 1, false),
    Unsupported,
    /more than 4194304 bytes at once/,
  );
});
