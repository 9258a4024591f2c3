import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { readErofsAlgorithms } from './erofs-compression.ts';
import { refuses } from './tests/erofs-parts.ts';

/** One configuration with its length before it, filled up to four bytes. */
const configuration = (...bytes: readonly number[]) => {
  const data = Buffer.alloc(Math.ceil((bytes.length + 2) / 4) * 4);
  data.writeUInt16LE(bytes.length, 0);
  data.set(bytes, 2);
  return data;
};
const padded = (size: number, ...bytes: readonly number[]) =>
  configuration(...bytes, ...Array.from({ length: size - bytes.length }, () => 0));
const lz4 = padded(14, 0xff, 0xff, 0, 1);
const lzma = padded(14, 0, 0, 0x80, 0);
const deflate = padded(6, 15);
const zstd = padded(6, 0, 10);

const read = (bits: number, ...configurations: readonly Buffer[]) =>
  readErofsAlgorithms(bytesSource(Buffer.concat(configurations)), bits, 0, 4096);

test('each bit is an algorithm that has a configuration, one after another', async () => {
  assert.deepEqual([...(await read(0))], []);
  assert.deepEqual([...(await read(0xf, lz4, lzma, deflate, zstd))], ['lz4', 'lzma', 'deflate', 'zstd']);
  assert.deepEqual([...(await read(0xc, padded(7, 15), zstd))], ['deflate', 'zstd']);
  const long = Buffer.alloc(2 + 0x10000);
  assert.deepEqual([...(await read(0x1, long))], ['lz4']);
});

test('what no kernel mounts is not opened', async () => {
  await refuses(() => read(0x10, lz4), Unsupported, /algorithms: are 0x10/);
  await refuses(() => read(0x3, lz4), Malformed, /lzma: needs 2 bytes/);
  await refuses(() => read(0x1, lz4.subarray(0, 10)), Malformed, /lz4: needs 14 bytes/);
  await refuses(() => read(0x1, padded(13)), Malformed, /lz4: has a configuration of 13 bytes/);
  await refuses(() => read(0x2, padded(13)), Malformed, /lzma: has a configuration of 13 bytes/);
  await refuses(() => read(0x4, padded(5)), Malformed, /deflate: has a configuration of 5 bytes/);
  await refuses(() => read(0x8, padded(5)), Malformed, /zstd: has a configuration of 5 bytes/);
  await refuses(() => read(0x1, padded(14, 0, 0, 1, 1)), Malformed, /lz4: .* no kernel takes/);
  await refuses(() => read(0x2, padded(14, 0xff, 0xf)), Malformed, /lzma: .* no kernel takes/);
  await refuses(() => read(0x2, padded(14, 1, 0, 0x80)), Malformed, /lzma: .* no kernel takes/);
  await refuses(() => read(0x2, padded(14, 0, 0, 0x80, 0, 1)), Malformed, /lzma: .* no kernel takes/);
  await refuses(() => read(0x4, padded(6, 16)), Malformed, /deflate: .* no kernel takes/);
  await refuses(() => read(0x8, padded(6, 1, 10)), Malformed, /zstd: .* no kernel takes/);
  await refuses(() => read(0x8, padded(6, 0, 11)), Malformed, /zstd: .* no kernel takes/);
});
