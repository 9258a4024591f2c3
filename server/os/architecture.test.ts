import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { hostArchitecture } from './architecture.ts';

test('this host has the architecture that systemd says it has', (context) => {
  const systemd = spawnSync('systemd-analyze', ['condition', `ConditionArchitecture=${hostArchitecture()}`]);
  if (systemd.error !== undefined) {
    context.skip('no systemd-analyze here');
    return;
  }
  assert.equal(systemd.status, 0, systemd.stderr.toString());
});

test('machines are named in systemd’s words, and an unknown one cannot be decided', () => {
  assert.equal(hostArchitecture('x86_64'), 'x86-64');
  assert.equal(hostArchitecture('aarch64'), 'arm64');
  assert.throws(() => hostArchitecture('toString'), CouldNotDecide);
});
