import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import { Malformed } from '../../bytes/failures.ts';
import { decompressMicroLzma } from './erofs-micro-lzma.ts';
import { refuses } from './tests/erofs-parts.ts';
import { noise, words } from './tests/erofs-tree.ts';

/** What xz makes of a text, with the first byte as MicroLZMA has it, and without the mark of an end. */
function compress(text: string, options = 'preset=6'): Buffer {
  const alone = execFileSync('xz', ['--format=raw', `--lzma1=${options}`, '-c'], {
    input: text,
    maxBuffer: 1e8,
  });
  const pb = Number(/pb=(\d)/.exec(options)?.[1] ?? 2);
  const lp = Number(/lp=(\d)/.exec(options)?.[1] ?? 0);
  const lc = Number(/lc=(\d)/.exec(options)?.[1] ?? 3);
  alone.writeUInt8(~((pb * 5 + lp) * 9 + lc) & 0xff, 0);
  return alone;
}

test('what xz compresses is read, with all properties', () => {
  const text = `${words(3000)}${noise(3000)}${words(5000)}${'\0'.repeat(9000)}${words(100)}`;
  for (const options of [
    'preset=6',
    'lc=0,lp=0,pb=0',
    'lc=4,lp=0,pb=4',
    'lc=0,lp=4,pb=2',
    'lc=2,lp=2,pb=1,mode=fast',
  ])
    assert.equal(
      Buffer.from(decompressMicroLzma(compress(text, options), text.length, true)).toString(),
      text,
      options,
    );
  assert.equal(Buffer.from(decompressMicroLzma(compress(text), 1000, true)).toString(), text.slice(0, 1000));
});

test('a stream that is broken, or gives more or less, is malformed', async () => {
  const text = words(500);
  const data = compress(text);
  await refuses(() => decompressMicroLzma(data, 100, false), Malformed, /gives more than 100 bytes/);
  await refuses(
    () => decompressMicroLzma(data.subarray(0, 100), text.length, true),
    Malformed,
    /ends in the middle/,
  );
  await refuses(() => decompressMicroLzma(data.subarray(0, 4), 1, true), Malformed, /ends in the middle/);
  const wrong = (value: number) =>
    decompressMicroLzma(Buffer.concat([Buffer.of(~value & 0xff), data.subarray(1)]), 9, true);
  await refuses(() => wrong(225), Malformed, /properties that are none/);
  await refuses(() => wrong(1 * 9 + 4), Malformed, /properties that are none/);
  // The mark of an end: a distance that nothing can have.
  await refuses(() => decompressMicroLzma(data, text.length + 1, true), Malformed, /never there/);
});

test('of a stream that gives very much, no more is made than is wanted', () => {
  const data = compress('\0'.repeat(10_000_000));
  assert.equal(decompressMicroLzma(data, 10, true).length, 10);
});
