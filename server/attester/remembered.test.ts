import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';

import { remembered } from './remembered.ts';

test('work is done once at a time and once in a while, whoever asks', async () => {
  let count = 0;
  const ask = remembered(40, async () => {
    await sleep(5);
    return ++count;
  });
  assert.deepEqual(await Promise.all([ask(), ask(), ask()]), [1, 1, 1]);
  assert.equal(await ask(), 1);
  await sleep(60);
  assert.equal(await ask(), 2);
});

test('what failed is not remembered', async () => {
  let count = 0;
  const ask = remembered(1000, () =>
    ++count === 1 ? Promise.reject(new Error('no')) : Promise.resolve(count),
  );
  await assert.rejects(ask());
  assert.equal(await ask(), 2);
});
