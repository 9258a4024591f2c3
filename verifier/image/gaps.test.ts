import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed, Unsupported } from '../bytes/failures.ts';
import { bytesSource } from './bytes-source.ts';
import { checkGaps } from './gaps.ts';

const parts = [
  { field: 'second', offset: 1_100_000, length: 10 },
  { field: 'first', offset: 0, length: 5 },
];

test('parts may come in any order and fill the file', async () => {
  await checkGaps(bytesSource(new Uint8Array(1_100_010)), parts);
});

test('each byte outside the parts is looked at', async () => {
  for (const at of [5, 1_048_580, 1_048_581, 1_099_999, 1_100_010]) {
    const bytes = new Uint8Array(1_100_011);
    bytes[at] = 1;
    await assert.rejects(
      checkGaps(bytesSource(bytes), parts),
      (error) => error instanceof Malformed && error.offset === at,
    );
  }
});

test('parts that overlap each other or the end of the file are malformed', async () => {
  const overlapping = [...parts, { field: 'third', offset: 4, length: 1 }];
  await assert.rejects(checkGaps(bytesSource(new Uint8Array(1_100_010)), overlapping), /third: overlaps/);
  await assert.rejects(checkGaps(bytesSource(new Uint8Array(1_100_009)), parts), /end of the file: overlaps/);
});

test('a file of endless empty space is refused without reading it', async () => {
  const source = {
    size: 2 ** 40,
    read: () => Promise.reject(new assert.AssertionError({ message: 'was read' })),
  };
  await assert.rejects(checkGaps(source, parts), Unsupported);
});
