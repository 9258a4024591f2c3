import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkContinuity, type ProvedMoment } from './check-continuity.ts';

interface Shown {
  readonly boot?: string;
  readonly resets?: number;
  readonly restarts?: number;
  readonly clock?: bigint;
  readonly safe?: boolean;
  readonly log?: string;
  readonly firmware?: bigint;
}

function shown({
  boot = 'a',
  resets = 7,
  restarts = 1,
  clock = 1000n,
  safe = true,
  log = 'one',
  firmware = 5n,
}: Shown): ProvedMoment {
  const clockInfo = { resetCount: resets, restartCount: restarts, clock, safe };
  return { clockInfo, firmwareVersion: firmware, bootId: boot, log: Buffer.from(log) };
}

function problemOf(now: Shown, before: Shown = {}): string | null {
  const [first, ...others] = checkContinuity(shown(now), shown(before));
  assert.equal(others.length, 0);
  assert.equal(first?.code ?? 'discontinuous', 'discontinuous');
  return first?.message ?? null;
}

test('the same again, more of the same boot, and another boot all continue', () => {
  assert.equal(problemOf({}), null);
  assert.equal(problemOf({ clock: 2000n, log: 'one, two' }), null);
  assert.equal(problemOf({ restarts: 2, clock: 2000n }), null);
  assert.equal(problemOf({ boot: 'b', resets: 8, restarts: 0, clock: 2000n, log: '' }), null);
});

test('after a reset the clock may be behind, if the TPM says so itself', () => {
  const rebooted = { boot: 'b', resets: 8, clock: 900n, log: '' };
  assert.equal(problemOf({ ...rebooted, safe: false }), null);
  assert.match(problemOf(rebooted) ?? '', /^The clock of the TPM shows 900 ms; it had shown 1000/);
  assert.match(problemOf({ clock: 900n, safe: false }) ?? '', /^The clock/);
});

test('counters do not go back', () => {
  assert.match(problemOf({ resets: 6, boot: 'b', clock: 2000n }) ?? '', /counts 6 resets; it had counted 7/);
  assert.match(problemOf({ restarts: 0, clock: 2000n }) ?? '', /counts 0 restarts; it had counted 1/);
});

test('a TPM that was reset without its host, and a host that was booted without its TPM, are told', () => {
  assert.match(problemOf({ resets: 8, clock: 2000n }) ?? '', /TPM was reset .* not booted again/);
  assert.match(problemOf({ boot: 'b', clock: 2000n }) ?? '', /booted again .* without a reset/);
});

test('within a boot the log only grows', () => {
  assert.match(problemOf({ log: 'two' }) ?? '', /does not begin with the log/);
  assert.match(problemOf({ log: 'on' }) ?? '', /does not begin with the log/);
});

test('a TPM has new firmware only after a reset', () => {
  assert.equal(problemOf({ resets: 8, boot: 'b', firmware: 6n }), null);
  assert.equal(problemOf({ resets: 8, boot: 'b', firmware: 4n }), null, 'a policy may have it otherwise');
  assert.match(problemOf({ restarts: 2, firmware: 6n }) ?? '', /other firmware/);
});
