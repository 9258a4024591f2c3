import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';

import fc from 'fast-check';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { type Compressor, decompress } from './decompress.ts';

const text = Buffer.from('touchstone '.repeat(500));
/** One literal, then itself over and over: the match reaches into what it makes. */
const lz4Run = (count: number): Buffer => {
  const more = count - 1 - 4 - 15;
  const bytes = [
    0x1f,
    0x61,
    1,
    0,
    ...Array.from({ length: Math.floor(more / 255) }, () => 255),
    more % 255,
    0x00,
  ];
  return Buffer.from(bytes);
};

test('zlib streams are read up to the size that is allowed', () => {
  const block = deflateSync(text);
  assert.deepEqual(Buffer.from(decompress('gzip', block, text.length)), text);
  assert.throws(() => decompress('gzip', block, text.length - 1), Malformed);
  assert.throws(() => decompress('gzip', block.subarray(0, 10), text.length), Malformed);
});

test('LZ4 blocks are read up to the size that is allowed', () => {
  assert.equal(Buffer.from(decompress('lz4', lz4Run(600), 8192)).toString(), 'a'.repeat(600));
  assert.throws(() => decompress('lz4', lz4Run(600), 599), /more than it may/);
  assert.throws(() => decompress('lz4', Buffer.of(0x10, 0x61, 2, 0, 0), 100), /never there/);
  assert.throws(() => decompress('lz4', Buffer.of(0x10, 0x61, 0, 0, 0), 100), /never there/);
  assert.throws(() => decompress('lz4', Buffer.of(0xf0, 255), 100), /ends in the middle/);
  assert.throws(() => decompress('lz4', Buffer.of(0x50, 1, 2), 100), /ends in the middle/);
  assert.throws(() => decompress('lz4', Buffer.of(0x30, 1, 2, 3), 2), /more than it may/);
  assert.throws(() => decompress('lz4', Buffer.alloc(0), 100), Malformed);
});

/** A frame of one raw block. */
const zstd = (descriptor: number, header: readonly number[], ...blocks: readonly number[][]): Buffer =>
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd, descriptor, ...header, ...blocks.flat()]);
const raw = [0x19, 0, 0, 1, 2, 3];

test('zstd frames are read, and what they claim is checked before it is believed', () => {
  assert.deepEqual([...decompress('zstd', zstd(0x20, [3], raw), 8192)], [1, 2, 3]);
  assert.deepEqual([...decompress('zstd', zstd(0x00, [0x58], raw), 8192)], [1, 2, 3]);
  assert.throws(() => decompress('zstd', zstd(0x20, [3], raw), 2), /more than it may/);
  assert.throws(() => decompress('zstd', zstd(0x00, [0xf8], raw), 8192), Unsupported);
  assert.throws(() => decompress('zstd', zstd(0xe0, [0, 0, 0, 0, 1, 0, 0, 0], raw), 8192), Unsupported);
  assert.throws(() => decompress('zstd', zstd(0x21, [0, 3], raw), 8192), Unsupported);
  assert.throws(() => decompress('zstd', zstd(0x20, [3], [...raw, 0]), 8192), /after its end/);
  assert.throws(() => decompress('zstd', zstd(0x20, [3], [0x1f, 0, 0, 1]), 8192), /no known kind/);
  assert.throws(() => decompress('zstd', zstd(0x20, [3], [0x18, 0, 0, 1, 2, 3]), 8192), Malformed);
  const bomb = Array.from({ length: 100 }, () => [0x02, 0, 0x10, 7]).concat([[0x03, 0, 0x10, 7]]);
  assert.throws(() => decompress('zstd', zstd(0x00, [0x58], ...bomb), 8192), /more than it may/);
});

// Found by mutating an image: the decoder never returned.
test('Huffman weights by a table of one symbol, whose end nothing comes to, are refused', () => {
  const hex =
    '28b52ffd20ef6503000246131cf1ffcffdfe996f3395b899e38f3fb805fcb39bc8eeeede297ffc3980706641a98f879f31f623ff6ad1ea379e9d' +
    'b5de425a454ed910b42e96caebc81ff8d5efa6d927d2eb572be8150d20402df286d895c1749989f7cb7c5d98a3ee4e0a7f6361c805585a670028b5';
  assert.throws(() => decompress('zstd', Buffer.from(hex, 'hex'), 8192), /table of one symbol/);
});

test('real zstd frames are read', (context) => {
  let frame: Buffer;
  try {
    frame = execFileSync('zstd', ['-q', '-19', '--no-check', '-c'], { input: text });
  } catch {
    context.skip('zstd is not installed; mksquashfs makes real frames in the tests of squashfs');
    return;
  }
  assert.deepEqual(Buffer.from(decompress('zstd', frame, text.length)), text);
});

test('whatever the bytes, there is an answer within the size or a refusal', () => {
  const seeds: readonly (readonly [Compressor, Buffer])[] = [
    ['gzip', deflateSync(text)],
    ['lz4', lz4Run(600)],
    ['zstd', zstd(0x20, [3], raw)],
  ];
  for (const [compressor, seed] of seeds)
    fc.assert(
      fc.property(fc.nat(seed.length - 1), fc.uint8Array({ maxLength: 20 }), (at, bytes) => {
        const block = Buffer.concat([seed.subarray(0, at), bytes, seed.subarray(at + bytes.length)]);
        try {
          assert.ok(decompress(compressor, block, 8192).length <= 8192);
        } catch (error) {
          assert.ok(error instanceof Malformed || error instanceof Unsupported, String(error));
        }
      }),
      { numRuns: 1000 },
    );
});
