import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';

import { createClientRate } from './client-rate.ts';

test('a client may ask in a burst, and then as often as the rate says; others are not concerned', async () => {
  const mayAsk = createClientRate({ burst: 3, perSecond: 20 });
  assert.deepEqual(
    Array.from({ length: 5 }, () => mayAsk('a')),
    [true, true, true, false, false],
  );
  assert.equal(mayAsk('b'), true);
  await sleep(120);
  assert.equal(mayAsk('a'), true);
});

test('clients without number are forgotten, the oldest first', () => {
  const mayAsk = createClientRate({ burst: 1, perSecond: 0 });
  assert.equal(mayAsk('first'), true);
  assert.equal(mayAsk('first'), false);
  for (let index = 0; index < 4096; index++) mayAsk(String(index));
  assert.equal(mayAsk('4095'), false);
  assert.equal(mayAsk('first'), true);
});
