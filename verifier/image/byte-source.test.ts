import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CouldNotDecide, Malformed } from '../bytes/failures.ts';
import { readExtent } from './byte-source.ts';
import { bytesSource } from './bytes-source.ts';

const source = bytesSource(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7));

test('an extent is read to the byte, up to the end and of no length', async () => {
  assert.deepEqual(await readExtent(source, 'x', { offset: 6, length: 2 }), Uint8Array.of(6, 7));
  assert.deepEqual(await readExtent(source, 'x', { offset: 8, length: 0 }), new Uint8Array());
});

test('an extent that is not inside the source is malformed, whatever its numbers', async () => {
  const hostile = [
    [7, 2],
    [9, 0],
    [0, 9],
    [-1, 1],
    [0, -1],
    [2 ** 60, 1],
    [0, 2 ** 60],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [0.5, 1],
    [Number.NaN, 1],
  ] as const;
  for (const [offset, length] of hostile) {
    await assert.rejects(
      readExtent(source, 'the field', { offset, length }),
      (error) => error instanceof Malformed && error.field === 'the field',
      `${offset} ${length}`,
    );
  }
});

test('a source that gives fewer bytes than it must is not believed', async () => {
  const short = { size: 8, read: () => Promise.resolve(new Uint8Array(3)) };
  await assert.rejects(readExtent(short, 'x', { offset: 0, length: 4 }), CouldNotDecide);
});
