import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { qualifiedNameUnder } from '../../verifier/tpm/qualified-name.ts';
import { startSoftwareTpm } from '../tpm-device/software-tpm.ts';
import { openTpm } from '../tpm-device/tpm2-tools.ts';
import { ensureIdentity } from './identity.ts';

/** A host's directory and the state of its TPM, which outlasts the TPM's process as a chip's outlasts a reboot. */
async function withHost(use: (root: string, state: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-identity-'));
  const state = mkdtempSync(join(directory, 'tpm-'));
  try {
    await use(mkdtempSync(join(directory, 'root-')), state);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** One boot: the TPM is reset, and the endpoint starts. `then` happens while the host is up. */
async function boot(root: string, state: string, then: readonly string[] = []) {
  const tpm = await startSoftwareTpm({ stateDirectory: state });
  try {
    const host = await ensureIdentity(root, openTpm({ tcti: tpm.tcti }));
    const again = await ensureIdentity(root, openTpm({ tcti: tpm.tcti }));
    assert.equal(again.origin, 'kept');
    assert.deepEqual(again.identity, host.identity);
    const [tool, ...args] = then;
    if (tool !== undefined) {
      const env = { ...process.env, TPM2TOOLS_TCTI: tpm.tcti };
      const { status, stderr } = spawnSync(tool, args, { env });
      assert.equal(status, 0, stderr.toString());
    }
    return host;
  } finally {
    await tpm.stop();
  }
}

test('the keys outlast restarts of the endpoint and of the host', async () => {
  await withHost(async (root, state) => {
    const first = await boot(root, state);
    const second = await boot(root, state);
    assert.deepEqual([first.origin, second.origin], ['created', 'kept']);
    assert.deepEqual(second.identity, first.identity);
  });
});

test('after the TPM was cleared the attestation key is another one, and that is said', async () => {
  await withHost(async (root, state) => {
    const first = await boot(root, state, ['tpm2_clear', '-c', 'p']);
    const second = await boot(root, state);
    assert.equal(second.origin, 'replaced');
    assert.notDeepEqual(second.identity.attestation, first.identity.attestation);
    // The endorsement key is made from a seed that clearing leaves alone: it is the same TPM still.
    assert.deepEqual(second.identity.endorsement, first.identity.endorsement);
    assert.equal((await boot(root, state)).origin, 'kept');
  });
});

test('so it is after the endorsement seed was changed, or in another TPM', async () => {
  await withHost(async (root, state) => {
    const first = await boot(root, state, ['tpm2_changeeps']);
    const second = await boot(root, state);
    assert.equal(second.origin, 'replaced');
    assert.notDeepEqual(second.identity.endorsement, first.identity.endorsement);
    const other = await startSoftwareTpm();
    const third = await ensureIdentity(root, openTpm({ tcti: other.tcti }));
    await other.stop();
    assert.equal(third.origin, 'replaced');
  });
});

test('the attestation key is a child of the endorsement key, by the name that the TPM itself gives it', async () => {
  await withHost(async (root, state) => {
    const host = await boot(root, state);
    const file = join(root, 'qualified-name');
    const handle = `0x${host.attestationKeyHandle.toString(16)}`;
    await boot(root, state, ['tpm2_readpublic', '-c', handle, '-q', file]);
    const { endorsement, attestation } = host.identity;
    assert.equal(qualifiedNameUnder(endorsement.public, attestation.public), readFileSync(file, 'hex'));
  });
});
