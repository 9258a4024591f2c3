import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed } from '../verifier/bytes/failures.ts';
import { makeMutant, runCampaign } from './campaign.ts';
import type { Target } from './target.ts';
import { targetMakers } from './targets.ts';

const campaign = { target: 'test', seed: 1, first: 0, count: 300 };
const ignore = (): void => undefined;
const target = (run: Target['run'], meanings: Target['meanings'] = null): Target => ({
  ...{ name: 'test', seeds: [Buffer.from('some bytes to change'), Buffer.alloc(64, 7)], meanings, run },
});

for (const [name, make] of targetMakers) {
  test(`300 mutants of ${name} are refused, or mean what the seeds mean`, async () => {
    const made = await make();
    assert.ok(made.seeds.length > 0);
    const { failures } = await runCampaign(made, { ...campaign, target: name }, ignore);
    assert.deepEqual(failures, []);
  });
}

test('a mutant is the same every time, and others are others', () => {
  const made = target(() => null);
  const mutants = Array.from({ length: 50 }, (_, number) => makeMutant(made, 1, number));
  assert.deepEqual(
    mutants,
    Array.from({ length: 50 }, (_, number) => makeMutant(made, 1, number)),
  );
  assert.ok(new Set(mutants.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).size > 40);
  assert.notDeepEqual(makeMutant(made, 2, 0), makeMutant(made, 1, 0));
});

test('an exception that is no refusal is a failure with the number of its mutant', async () => {
  const { failures } = await runCampaign(
    target((mutant) => {
      if (mutant.length % 2 === 0) throw new Malformed('x', 'is bad');
      throw new TypeError('boom');
    }),
    campaign,
    ignore,
  );
  assert.ok(failures.length > 0);
  for (const { mutant, problem } of failures) {
    assert.match(problem, /throws TypeError: boom/);
    assert.equal(
      makeMutant(
        target(() => null),
        1,
        mutant,
      ).bytes.length % 2,
      1,
    );
  }
});

test('an accepted mutant with a meaning of its own is a failure, one with a known meaning is not', async () => {
  const { failures, accepted } = await runCampaign(
    target((mutant) => (mutant[0] === 115 ? 'known' : 'new'), new Set(['known'])),
    { ...campaign, count: 15 },
    ignore,
  );
  assert.equal(accepted, 15);
  assert.ok(failures.length > 0 && failures.length < 15);
  assert.match(failures[0]?.problem ?? '', /meaning that no seed has: new/);
});

test('what takes longer than a second each time is a failure', async () => {
  const slow = target(() => {
    const end = performance.now() + 1100;
    while (performance.now() < end);
    return null;
  });
  const { failures } = await runCampaign(slow, { ...campaign, count: 1 }, ignore);
  assert.match(failures[0]?.problem ?? '', /takes \d+ ms/);
});
