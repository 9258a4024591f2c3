import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';

import { Malformed } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { readErofsPiece } from './erofs-compressed-data.ts';
import type { ErofsAlgorithm } from './erofs-compression.ts';
import { refuses, superblock } from './tests/erofs-parts.ts';

const text = Buffer.from('touchstone '.repeat(500));
/** Data as mkfs.erofs puts it: at the end of its blocks. */
const padded = (data: Uint8Array, blocks = 1) =>
  Buffer.concat([Buffer.alloc(blocks * 4096 - data.length), data]);
const read = (
  data: Uint8Array,
  length: number,
  {
    algorithm = 'deflate',
    isPartial = false,
    hasZeroPadding = true,
  }: Partial<{
    readonly algorithm: ErofsAlgorithm;
    readonly isPartial: boolean;
    readonly hasZeroPadding: boolean;
  }> = {},
) =>
  readErofsPiece(
    bytesSource(data),
    { ...superblock, hasZeroPadding },
    {
      ...{ start: 0, length },
      from: { kind: 'compressed', extent: { offset: 0, length: data.length }, algorithm, isPartial },
    },
    'erofs inode 1',
  );

test('data gives exactly the piece, or more where the piece is its beginning', async () => {
  const data = padded(deflateRawSync(text));
  assert.ok(text.equals(await read(data, text.length)));
  assert.ok(text.subarray(0, 70).equals(await read(data, 70, { isPartial: true })));
  await refuses(() => read(data, text.length - 1), Malformed, /deflate data: cannot be decompressed/);
  await refuses(() => read(data, text.length + 1), Malformed, /gives 5500 bytes instead of 5501/);
  await refuses(
    () => read(data, text.length + 1, { isPartial: true }),
    Malformed,
    /gives 5500 bytes instead of 5501/,
  );
  await refuses(
    () => read(padded(Buffer.of(7)), 10, { isPartial: true }),
    Malformed,
    /cannot be decompressed/,
  );
});

test('of data that gives very much, no more is made than is wanted', async () => {
  const data = deflateRawSync(Buffer.alloc(200_000_000));
  const bomb = padded(data, Math.ceil(data.length / 4096));
  const before = process.memoryUsage().rss;
  assert.equal((await read(bomb, 1000, { isPartial: true })).length, 1000);
  await refuses(() => read(bomb, 1000), Malformed, /cannot be decompressed/);
  assert.ok(process.memoryUsage().rss - before < 100_000_000);
});

/** A literal, a match of 7 that repeats it, and 2 literals. */
const lz4 = Buffer.of(0x13, 0x61, 1, 0, 0x20, 0x62, 0x63);

test('LZ4 data ends with its blocks, or where there is enough of it in images of old', async () => {
  const expected = Buffer.from('aaaaaaaabc');
  assert.ok(expected.equals(await read(padded(lz4), 10, { algorithm: 'lz4' })));
  const old = Buffer.concat([lz4, Buffer.alloc(4096 - lz4.length, 7)]);
  assert.ok(expected.equals(await read(old, 10, { algorithm: 'lz4', hasZeroPadding: false })));
  await refuses(() => read(old, 10, { algorithm: 'lz4' }), Malformed, /lz4 block/);
  for (const length of [1, 2, 8, 9])
    assert.ok(
      expected
        .subarray(0, length)
        .equals(await read(padded(lz4), length, { algorithm: 'lz4', isPartial: true })),
    );
  await refuses(
    () => read(padded(lz4), 11, { algorithm: 'lz4', isPartial: true }),
    Malformed,
    /instead of 11/,
  );
  await refuses(() => read(padded(lz4), 9, { algorithm: 'lz4' }), Malformed, /more than it may/);
});

test('only zeros in the first block are no data', async () => {
  const late = Buffer.concat([Buffer.alloc(4096), padded(deflateRawSync(text))]);
  await refuses(() => read(late, text.length), Malformed, /nothing but zeros/);
});

test('zstd data is cut where there is enough of it', async () => {
  const frame = Buffer.from('28b52ffd0058180000010203190000040506', 'hex');
  const data = padded(frame);
  assert.deepEqual([...(await read(data, 6, { algorithm: 'zstd' }))], [1, 2, 3, 4, 5, 6]);
  assert.deepEqual([...(await read(data, 2, { algorithm: 'zstd', isPartial: true }))], [1, 2]);
  await refuses(() => read(data, 5, { algorithm: 'zstd' }), Malformed, /more than it may/);
  await refuses(
    () => read(data, 7, { algorithm: 'zstd', isPartial: true }),
    Malformed,
    /gives 6 bytes instead/,
  );
});

test('data that is stored as it is may begin in the middle of its block', async () => {
  const block = Buffer.concat([Buffer.alloc(4000, 'b'), Buffer.alloc(96, 'a')]);
  const extent = { offset: 0, length: 4096 };
  const piece = { start: 4000, length: 100, from: { kind: 'stored', extent, turn: 4000 } } as const;
  const bytes = await readErofsPiece(bytesSource(block), superblock, piece, 'erofs inode 1');
  assert.equal(Buffer.from(bytes).toString(), `${'a'.repeat(96)}bbbb`);
});
