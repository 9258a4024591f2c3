import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as requestPlain } from 'node:http';
import { after, before, test } from 'node:test';

import { toHex } from '../../verifier/bytes/hex.ts';
import { appraise } from '../../verifier/appraisal/appraise.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { createAttester, defaultBatchLimits } from '../attester/attester.ts';
import { ensureIdentity, type HostIdentity } from '../attester/identity.ts';
import { decisionPolicy } from '../cli/decision-policy.ts';
import { createApp } from '../http/app.ts';
import { listen, type Listening, urlOf } from '../http/listen.ts';
import { startSoftwareTpm } from '../tpm-device/software-tpm.ts';
import { openTpm } from '../tpm-device/tpm2-tools.ts';
import { Contract } from './contract.ts';
import { collect, SampleMachine } from './sample-machine.ts';

/** Many verifiers and one TPM, which is slow, hangs, dies, and has other users. */

const contract = new Contract();
let machine: SampleMachine;
let identity: HostIdentity;
let policy: Policy;
let endpoint: Listening;
let quotes = 0;
const logged: string[] = [];

before(async () => {
  machine = await SampleMachine.start();
  identity = await ensureIdentity(machine.root, machine.device);
  policy = await decisionPolicy({ policy: machine.policyFile, trust: [], policyTrust: [] }, collect().output);
  endpoint = await serve(machine.tpm.tcti);
});

after(async () => {
  await endpoint.close();
  await machine.stop();
});

/** @param patience of the clients in milliseconds; those of a host are shorter than a busy test machine may need. */
async function serve(tcti: string, patience = 25_000): Promise<Listening> {
  const device = openTpm({ tcti, timeoutMs: patience });
  const attester = createAttester(
    { root: machine.root, device, measurePcr: 13, ...identity },
    { ...defaultBatchLimits, waitingMs: patience },
  );
  attester.observeQuotes(({ outcome }) => {
    if (outcome === 'answered') quotes++;
  });
  const app = createApp({
    attester,
    contract: contract.path,
    validateResponses: false,
    log: (message, { level = 'info' } = {}) => void logged.push(`${level}: ${message}`),
  });
  return listen(app, { host: '127.0.0.1', port: 0 });
}

async function ask(nonce: Uint8Array, at: Listening = endpoint) {
  const response = await fetch(`${urlOf(at.server)}/v1/attestations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ nonce: Buffer.from(nonce).toString('base64') }),
  });
  const text = await response.text();
  const headers = Object.fromEntries(response.headers);
  contract.check('post', '/v1/attestations', { status: response.status, headers, text });
  return { status: response.status, headers, text };
}

const nonceOf = (value: number): Uint8Array => new Uint8Array(Buffer.alloc(32, value));

test('many challenges at once share quotes, and each answer convinces a verifier by itself', async () => {
  const before = quotes;
  const nonces = Array.from({ length: 60 }, (_, index) => nonceOf(index));
  const answers = await Promise.all(nonces.map((nonce) => ask(nonce)));
  assert.ok(quotes - before <= 12, `${quotes - before} quotes`);
  for (const [index, { text }] of answers.entries()) {
    const verdict = appraise({
      evidence: new Uint8Array(Buffer.from(text)),
      nonce: nonces[index] ?? new Uint8Array(),
      ...{ identity: identity.identity, policy, labels: new Map(), now: new Date() },
    });
    // Nothing was gated here, and nothing else may speak against it.
    assert.deepEqual(
      verdict.reasons.map(({ code }) => code),
      ['not-gated'],
      toHex(nonces[index] ?? new Uint8Array()),
    );
  }
});

test('clients that go away leave no quote behind, and cost those that stay nothing', async () => {
  const { port } = new URL(urlOf(endpoint.server));
  const leave = async (value: number): Promise<void> => {
    const body = JSON.stringify({ nonce: Buffer.from(nonceOf(value)).toString('base64') });
    const asked = requestPlain({
      ...{ host: '127.0.0.1', port, method: 'POST', path: '/v1/attestations' },
      headers: { 'content-type': 'application/json', 'content-length': body.length },
    });
    asked.on('error', () => undefined);
    asked.end(body);
    await once(asked, 'finish');
    await new Promise((resolve) => setTimeout(resolve, 5));
    asked.destroy();
  };
  const before = quotes;
  logged.length = 0;
  const first = ask(nonceOf(100));
  await Promise.all(Array.from({ length: 20 }, (_, index) => leave(index)));
  assert.equal((await first).status, 200);
  assert.equal((await ask(nonceOf(101))).status, 200);
  assert.ok(quotes - before <= 4, `${quotes - before} quotes`);
  assert.deepEqual(
    logged.filter((line) => /^(?:warn|error)/.test(line)),
    [],
  );
  assert.match(
    await (await fetch(`${urlOf(endpoint.server)}/metrics`)).text(),
    /^touchstone_challenges_waiting 0$/m,
  );
});

test('a TPM that hangs gives 503 with Retry-After in time, for readiness too; once it goes on, so do we', async () => {
  const hasty = await serve(machine.tpm.tcti, 1_500);
  process.kill(machine.tpm.pid, 'SIGSTOP');
  try {
    const begun = performance.now();
    const answers = await Promise.all([1, 2, 3].map((value) => ask(nonceOf(value), hasty)));
    assert.ok(performance.now() - begun < 20_000);
    for (const { status, headers } of answers)
      assert.deepEqual([status, Number(headers['retry-after']) >= 1], [503, true]);
    assert.equal((await fetch(`${urlOf(hasty.server)}/readyz`)).status, 503);
    assert.equal((await fetch(`${urlOf(hasty.server)}/healthz`)).status, 200);
  } finally {
    process.kill(machine.tpm.pid, 'SIGCONT');
    await hasty.close();
  }
  let status = 503;
  for (let turn = 0; turn < 20 && status === 503; turn++) ({ status } = await ask(nonceOf(4)));
  assert.equal(status, 200);
});

test('another program that works the same TPM meanwhile disturbs nobody', async () => {
  const other = openTpm({ tcti: machine.tpm.tcti });
  const zeros = new Map(
    (await other.activeBanks()).map((bank) => [
      bank,
      new Uint8Array({ sha1: 20, sha256: 32, sha384: 48, sha512: 64 }[bank]),
    ]),
  );
  const extending = (async () => {
    for (let turn = 0; turn < 10; turn++) await other.extendPcr(16, [zeros]);
  })();
  const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => ask(nonceOf(index))));
  await extending;
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
});

test('a PCR that somebody extends without the log gives 503 and no evidence', async () => {
  const other = await startSoftwareTpm();
  const device = openTpm({ tcti: other.tcti });
  try {
    const host = await ensureIdentity(machine.root, device);
    const attester = createAttester({ root: machine.root, device, measurePcr: 13, ...host });
    const banks = await device.activeBanks();
    await device.extendPcr(13, [
      new Map(
        banks.map((bank) => [bank, new Uint8Array({ sha1: 20, sha256: 32, sha384: 48, sha512: 64 }[bank])]),
      ),
    ]);
    await assert.rejects(attester.attest(nonceOf(1)), /does not replay/);
  } finally {
    await other.stop();
  }
});

test('a TPM that is not where it was said to be gives 503', async () => {
  const lost = await serve('swtpm:host=127.0.0.1,port=1');
  assert.equal((await ask(nonceOf(1), lost)).status, 503);
  await lost.close();
});
