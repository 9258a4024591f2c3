import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { appraise, trustOnlyPolicy } from '../../verifier/index.ts';
import { createAttester, defaultBatchLimits } from '../attester/attester.ts';
import { ensureIdentity, type HostIdentity } from '../attester/identity.ts';
import { createApp } from '../http/app.ts';
import { listen, type Listening, urlOf } from '../http/listen.ts';
import { freePortPair } from '../os/loopback-ports.ts';
import { openTpm } from '../tpm-device/tpm2-tools.ts';
import { Contract } from './contract.ts';

/** What happens to a TPM while verifiers keep asking: every answer is evidence that convinces, or 503 with Retry-After. */

const contract = new Contract();
const scratch = mkdtempSync(join(tmpdir(), 'touchstone-faults-'));
const root = join(scratch, 'root');
let port: number;
let tpm: ChildProcess;
let identity: HostIdentity;
let endpoint: Listening;

const tcti = (): string => `swtpm:host=127.0.0.1,port=${port.toString()}`;

/** A software TPM on the port that the endpoint knows. @param state the directory with its keys. */
async function startTpm(state: string): Promise<void> {
  mkdirSync(join(scratch, state), { recursive: true });
  const ports = [
    '--server',
    `type=tcp,port=${port.toString()}`,
    '--ctrl',
    `type=tcp,port=${(port + 1).toString()}`,
  ];
  const flags = ['--flags', 'not-need-init,startup-clear', '--tpmstate', `dir=${join(scratch, state)}`];
  for (let turn = 0; turn < 200; turn++) {
    // The port of one that was just killed may not be free at once.
    if (turn === 0 || tpm.exitCode !== null)
      tpm = spawn('swtpm', ['socket', '--tpm2', ...ports, ...flags], { stdio: 'ignore' });
    if (await answers()) return;
    await sleep(50);
  }
  assert.fail('swtpm did not start');
}

const answers = (): Promise<boolean> =>
  openTpm({ tcti: tcti(), timeoutMs: 15_000 })
    .activeBanks()
    .then(
      () => true,
      () => false,
    );

async function killTpm(): Promise<void> {
  if (tpm.exitCode !== null || tpm.signalCode !== null) return;
  const gone = once(tpm, 'exit');
  tpm.kill('SIGKILL');
  await gone;
}

before(async () => {
  mkdirSync(root);
  port = await freePortPair();
  await startTpm('own');
  const device = openTpm({ tcti: tcti() });
  identity = await ensureIdentity(root, device);
  // Those of a host are shorter than a busy test machine may need.
  const patience = { ...defaultBatchLimits, waitingMs: 25_000 };
  const attester = createAttester({ root, device, measurePcr: 13, ...identity }, patience);
  const app = createApp({
    ...{ attester, contract: contract.path, validateResponses: false },
    log: () => undefined,
  });
  endpoint = await listen(app, { host: '127.0.0.1', port: 0 });
});

after(async () => {
  await endpoint.close();
  await killTpm();
  rmSync(scratch, { recursive: true, force: true });
});

let challenges = 0;

/** One challenge; its status. What is evidence has to convince, what is not has to say when to come back. */
async function challenge(): Promise<number> {
  const nonce = new Uint8Array(Buffer.alloc(32, `${(challenges++).toString()} `));
  const response = await fetch(`${urlOf(endpoint.server)}/v1/attestations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ nonce: Buffer.from(nonce).toString('base64') }),
  });
  const { status } = response;
  const text = await response.text();
  contract.check('post', '/v1/attestations', { status, headers: Object.fromEntries(response.headers), text });
  if (status === 200) convinces(text, nonce);
  else assert.equal(status, 503, text);
  return status;
}

function convinces(text: string, nonce: Uint8Array): void {
  const { reasons } = appraise({
    ...{ evidence: new Uint8Array(Buffer.from(text)), nonce, identity: identity.identity, labels: new Map() },
    ...{ policy: trustOnlyPolicy([]), now: new Date() },
  });
  // Nothing was gated here, and nothing else may speak against it.
  assert.deepEqual(
    reasons.map(({ code }) => code),
    ['not-gated'],
  );
}

/** Clients that ask again and again until `happening` is done, and the statuses that they saw. */
async function underLoad(clients: number, happening: () => Promise<void>): Promise<Map<number, number>> {
  const seen = new Map<number, number>();
  let done = false;
  const client = async (): Promise<void> => {
    while (!done) {
      const status = await challenge();
      seen.set(status, (seen.get(status) ?? 0) + 1);
      // As Retry-After wants it, but sooner.
      if (status === 503) await sleep(50);
    }
  };
  const asking = Promise.all(Array.from({ length: clients }, client));
  try {
    await happening();
  } finally {
    done = true;
    await asking;
  }
  return seen;
}

const ready = async (): Promise<number> => (await fetch(`${urlOf(endpoint.server)}/readyz`)).status;

async function untilAnswered(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    if ((await challenge()) === 200) return;
    await sleep(50);
  }
  assert.fail('no evidence although the TPM is back');
}

test('a TPM that is killed and comes back: 503 in between, and evidence by the same key again without a restart', async () => {
  const seen = await underLoad(8, async () => {
    await sleep(500);
    await killTpm();
    await sleep(1_000);
    await startTpm('own');
    await sleep(1_000);
  });
  assert.deepEqual([...seen.keys()].sort(), [200, 503]);
  await untilAnswered();
  assert.equal(await ready(), 200);
});

test('a TPM that loses its power again and again after quotes does not lock itself', async () => {
  await underLoad(8, async () => {
    for (let round = 0; round < 5; round++) {
      await killTpm();
      await startTpm('own');
      await sleep(150);
    }
  });
  await untilAnswered();
  const env = { ...process.env, TPM2TOOLS_TCTI: tcti() };
  const properties = execFileSync('tpm2_getcap', ['properties-variable'], { env, timeout: 20_000 });
  assert.match(properties.toString(), /TPM2_PT_LOCKOUT_COUNTER: 0x0$/m);
});

test('a slow TPM makes everybody wait, and refuses nobody', async () => {
  const seen = await underLoad(12, async () => {
    for (let round = 0; round < 20; round++) {
      tpm.kill('SIGSTOP');
      await sleep(100);
      tpm.kill('SIGCONT');
      await sleep(30);
    }
  });
  assert.deepEqual([...seen.keys()], [200]);
});

test('another agent on the same TPM, extending PCR 23 and quoting by the same key, disturbs nobody', async () => {
  const loop = [
    `tpm2_pcrextend 23:sha256=${'5a'.repeat(32)}`,
    `tpm2_quote -c 0x${identity.attestationKeyHandle.toString(16)} -l sha256:23 -q 00 -m m -s s`,
  ].join('; ');
  const other = spawn('sh', ['-c', `while :; do ${loop} || exit 1; done`], {
    ...{ cwd: scratch, stdio: 'ignore', detached: true },
    env: { ...process.env, TPM2TOOLS_TCTI: tcti() },
  });
  const seen = await underLoad(8, () => sleep(2_000));
  assert.equal(other.exitCode, null, 'the other agent failed');
  const gone = once(other, 'exit');
  process.kill(-(other.pid ?? assert.fail()), 'SIGKILL');
  await gone;
  assert.deepEqual([...seen.keys()], [200]);
});

test('another TPM in the place of the known one gives no evidence; when the known one is back, so is evidence', async () => {
  const seen = await underLoad(4, async () => {
    await killTpm();
    await startTpm('stranger');
    await sleep(500);
    assert.equal(await challenge(), 503);
    await killTpm();
    await startTpm('own');
  });
  assert.ok((seen.get(503) ?? 0) > 0);
  await untilAnswered();
});
