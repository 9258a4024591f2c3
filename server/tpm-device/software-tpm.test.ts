import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { digest, type DigestName } from '../../verifier/bytes/digest.ts';
import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import { attestationHandle } from './keys.ts';
import { startSoftwareTpm } from './software-tpm.ts';
import { openTpm } from './tpm2-tools.ts';

test('several software TPMs run side by side and end when they are stopped', async () => {
  const tpms = await Promise.all(Array.from({ length: 4 }, () => startSoftwareTpm()));
  assert.equal(new Set(tpms.map(({ tcti }) => tcti)).size, 4);
  await Promise.all(tpms.map(({ tcti }) => openTpm({ tcti }).activeBanks()));
  await Promise.all(tpms.map(({ stop }) => stop()));
  await tpms[0]?.stop();
  assert.deepEqual(
    tpms.filter(({ pid }) => existsSync(`/proc/${pid}/exe`)),
    [],
  );
});

test('a kept state directory survives a reset: keys stay, PCRs begin anew', async () => {
  const state = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  try {
    const first = await startSoftwareTpm({ stateDirectory: state });
    const device = openTpm({ tcti: first.tcti });
    const key = await device.createAttestationKey();
    const banks = await device.activeBanks();
    await device.extendPcr(13, [new Map(banks.map((bank: DigestName) => [bank, digest(bank, 'x')]))]);
    await first.stop();
    const second = await startSoftwareTpm({ stateDirectory: state });
    const again = openTpm({ tcti: second.tcti });
    assert.deepEqual(await again.readPublic(attestationHandle), key.public);
    assert.equal(toHex((await again.readPcrs('sha256', [13])).get(13) ?? new Uint8Array()), '00'.repeat(32));
    await second.stop();
  } finally {
    rmSync(state, { recursive: true });
  }
});

test('a state directory that is not there is named as the reason', async () => {
  await assert.rejects(startSoftwareTpm({ stateDirectory: '/nonexistent/touchstone' }), (error) => {
    assert.ok(error instanceof CouldNotDecide);
    assert.match(error.message, /swtpm did not start/);
    return true;
  });
  for (const path of ['relative', '/tmp,mode=0777']) {
    await assert.rejects(startSoftwareTpm({ stateDirectory: path }), /cannot keep its state in/);
  }
});
