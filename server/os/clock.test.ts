import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { bootId, bootTimeMicroseconds } from './clock.ts';

test('the boot time is in microseconds and goes on', async () => {
  const kernel = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1e6;
  const first = bootTimeMicroseconds();
  assert.ok(Number.isSafeInteger(first));
  assert.ok(first >= kernel - 1 && first < kernel + 1e6);
  await sleep(30);
  assert.ok(bootTimeMicroseconds() > first);
});

test('the boot id is the kernel’s without dashes', () => {
  assert.equal(
    bootId(),
    readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim().replaceAll('-', ''),
  );
});
