import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { runCommandLine } from '../cli/command-line.ts';
import { type Endpoint, startEndpoint } from '../cli/endpoint.ts';
import { urlOf } from '../http/listen.ts';
import { openTpm } from '../tpm-device/tpm2-tools.ts';
import { collect, SampleMachine } from './sample-machine.ts';

/** A host whose TPM is cleared after it was enrolled. */

let machine: SampleMachine;
before(async () => {
  machine = await SampleMachine.start();
});
after(() => machine.stop());

async function touchstone(...args: readonly string[]) {
  const collected = collect();
  const code = await runCommandLine(args, collected.output);
  return { code, out: collected.out, err: collected.err };
}

async function withEndpoint(use: (url: string, logged: readonly string[]) => Promise<void>): Promise<void> {
  const logged: string[] = [];
  const endpoint: Endpoint = await startEndpoint({
    ...{ root: machine.root, device: openTpm({ tcti: machine.tpm.tcti }), measurePcr: 13 },
    log: (message, { level = 'info' } = {}) => void logged.push(`${level}: ${message}`),
    address: { host: '127.0.0.1', port: 0 },
  });
  try {
    await use(urlOf(endpoint.server), logged);
  } finally {
    await endpoint.stop();
  }
}

const readiness = async (url: string): Promise<unknown> => (await fetch(`${url}/readyz`)).json();

test('after the TPM was cleared the endpoint warns of it, and a verifier is told what to do', async () => {
  const record = join(machine.root, 'host.json');
  const enroll = (url: string, out: string) =>
    touchstone('enroll', url, '--trust-on-first-use', '--out', out);
  const attest = (url: string, identity: string) =>
    touchstone('attest', url, '--identity', identity, '--policy', machine.policyFile);
  await withEndpoint(async (url, logged) => {
    assert.deepEqual(await readiness(url), { status: 'ready', attestationKey: 'created' });
    assert.equal((await enroll(url, record)).code, 0);
    assert.doesNotMatch((await attest(url, record)).out, /another attestation key/);
    assert.ok(!logged.some((line) => line.startsWith('warn: the attestation key')));
  });
  const env = { ...process.env, TPM2TOOLS_TCTI: machine.tpm.tcti };
  execFileSync('tpm2_clear', ['-c', 'p'], { env, stdio: 'pipe', timeout: 20_000 });
  await withEndpoint(async (url, logged) => {
    assert.deepEqual(await readiness(url), { status: 'ready', attestationKey: 'replaced' });
    assert.ok(
      logged.some((line) => /^warn: the attestation key is not the one of the last start/.test(line)),
    );
    const { code, out } = await attest(url, record);
    assert.equal(code, 1);
    assert.match(out, /identity-mismatch/);
    assert.match(out, /if its TPM was cleared, enroll it anew/);
    const anew = join(machine.root, 'anew.json');
    assert.equal((await enroll(url, anew)).code, 0);
    assert.doesNotMatch((await attest(url, anew)).out, /identity-mismatch/);
  });
  await withEndpoint(async (url) => {
    assert.deepEqual(await readiness(url), { status: 'ready', attestationKey: 'kept' });
  });
});
