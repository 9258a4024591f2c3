import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { within } from './within.ts';

const never = new Promise<never>(() => undefined);

test('what ends in time is passed on, good or bad', async () => {
  assert.equal(await within(1000, 'too late', Promise.resolve(7)), 7);
  const failure = new CouldNotDecide('not now');
  await assert.rejects(within(1000, 'too late', Promise.reject(failure)), failure);
});

test('what does not end in time is not waited for', async () => {
  await assert.rejects(within(10, 'too late', never), new CouldNotDecide('too late'));
});
