import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { Hanging, isHanging, within } from './within.ts';

const never = new Promise<never>(() => undefined);

test('what ends in time is passed on, good or bad', async () => {
  assert.equal(await within(1000, 'too late', Promise.resolve(7)), 7);
  const failure = new CouldNotDecide('not now');
  await assert.rejects(within(1000, 'too late', Promise.reject(failure)), failure);
});

test('what does not end in time is not waited for, and known to go on until it ends', async () => {
  assert.equal(isHanging(), false);
  let end = (): void => undefined;
  const slow = new Promise<void>((resolve) => (end = resolve));
  await assert.rejects(within(10, 'too late', slow), new Hanging('too late'));
  assert.equal(isHanging(), true);
  end();
  await new Promise(setImmediate);
  assert.equal(isHanging(), false);
  await assert.rejects(within(10, 'too late', never), new Hanging('too late'));
  assert.equal(isHanging(), true);
});
