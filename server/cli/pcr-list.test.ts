import assert from 'node:assert/strict';
import { test } from 'node:test';

import { UsageError } from './output.ts';
import { parsePcrList } from './pcr-list.ts';

test('numbers and ranges of PCRs are read, each PCR once', () => {
  assert.deepEqual(parsePcrList('0-7,11-15'), [0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15]);
  assert.deepEqual(parsePcrList('9,7,7-8'), [7, 8, 9]);
});

test('what is no PCR is refused', () => {
  for (const text of ['', '24', '7-4', '1,', 'x', '-1', '1-', '0x1', ' 1', '1-24'])
    assert.throws(() => parsePcrList(text), UsageError, text);
});
