import assert from 'node:assert/strict';
import { test } from 'node:test';

import { crc32c } from './crc32c.ts';

test('the check value of the polynomial comes out, in one piece or two', () => {
  const text = Buffer.from('123456789');
  assert.equal(~crc32c(text) >>> 0, 0xe3069283);
  assert.equal(crc32c(text.subarray(4), crc32c(text.subarray(0, 4))), crc32c(text));
  assert.equal(~crc32c(new Uint8Array(32)) >>> 0, 0x8a9136aa);
});
