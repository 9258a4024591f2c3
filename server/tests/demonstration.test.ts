import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { demonstrate } from '../demo/demonstrate.ts';
import { lastingSetting } from '../demo/setting.ts';
import { startSoftwareTpm } from '../tpm-device/software-tpm.ts';

test('npm start -- --once shows one image accepted, two refused, and a convinced verifier', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/server/demo/main.js', '--once'], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^sysext signed: accepted$/m);
  assert.match(stdout, /^sysext tampered: refused\n {2}because +data-corrupt: /m);
  assert.match(stdout, /^sysext unsigned: refused\n {2}because +unsigned: /m);
  assert.match(stdout, /^TRUSTWORTHY$/m);
  assert.match(stdout, /^Nothing was merged: /m);
  assert.doesNotMatch(stdout, /confirmed as merged/);
  assert.ok(stdout.split('\n').length <= 40, 'a screenful');
});

test('--tpm without a TPM says what to do', () => {
  const { status, stderr } = spawnSync(process.execPath, ['dist/server/demo/main.js', '--once', '--tpm'], {
    encoding: 'utf8',
  });
  if (status === 0) return; // This machine has one.
  assert.equal(status, 3);
  assert.match(stderr, /there is no \/dev\/tpmrm0; leave --tpm away/);
});

test('on a TPM that outlasts the demonstration it works twice in a row', async () => {
  const tpm = await startSoftwareTpm();
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-lasting-'));
  try {
    for (let time = 0; time < 2; time++) {
      assert.equal(await demonstrate(await lastingSetting(directory, tpm.tcti), true), 0);
    }
  } finally {
    await tpm.stop();
    rmSync(directory, { recursive: true });
  }
});
