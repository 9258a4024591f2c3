import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { Express } from 'express';
import fc from 'fast-check';
import request, { type Response, type Test } from 'supertest';

import { createAttester } from '../attester/attester.ts';
import { ensureIdentity } from '../attester/identity.ts';
import { createApp } from '../http/app.ts';
import { createLog, type Log } from '../os/structured-log.ts';
import { Contract } from './contract.ts';
import { SampleMachine } from './sample-machine.ts';

let machine: SampleMachine;
let app: Express;
const lines: string[] = [];
const contract = new Contract();
const log: Log = createLog((line) => lines.push(line), { journal: false, verbose: true });

/** Sends a request, and holds the answer to the contract. */
async function ask(
  method: 'get' | 'post' | 'delete',
  path: string,
  prepare?: (asked: Test) => Test,
): Promise<Response> {
  const asked = request(app)[method](path);
  const response = await (prepare === undefined ? asked : prepare(asked));
  contract.check(method, path, response);
  return response;
}

const challenge = (body: object): Promise<Response> =>
  ask('post', '/v1/attestations', (asked) => asked.send(body));

before(async () => {
  machine = await SampleMachine.start();
  const { root, device } = machine;
  const identity = await ensureIdentity(root, device);
  const attester = createAttester({ root, device, measurePcr: 13, ...identity });
  app = createApp({ attester, contract: contract.path, validateResponses: true, log });
});

after(() => machine.stop());

const nonce = Buffer.alloc(32, 7).toString('base64');

test('GET /v1/identity has the public keys and says not to cache them', async () => {
  const response = await ask('get', '/v1/identity');
  assert.equal(response.status, 200);
  assert.equal(response.headers['cache-control'], 'no-store');
  assert.equal(response.body.version, 1);
  assert.ok(Buffer.from(response.body.attestation.public, 'base64').length > 80);
});

test('the identity is made on the first start and kept on the next', async () => {
  const again = await ensureIdentity(machine.root, machine.device);
  assert.equal(again.origin, 'kept');
  const response = await ask('get', '/v1/identity');
  assert.equal(
    Buffer.from(again.identity.attestation.public).toString('base64'),
    response.body.attestation.public,
  );
});

test('POST /v1/attestations gives evidence of the form the contract says', async () => {
  const response = await challenge({ nonce });
  assert.equal(response.status, 200);
  assert.equal(response.body.binding.nonce, nonce);
  assert.equal(Object.keys(response.body.pcrs.sha256).length, 13);
});

test('many challenges at once are each answered with their own nonce', async () => {
  const nonces = Array.from({ length: 8 }, (_, index) => Buffer.alloc(20, index).toString('base64'));
  const answers = await Promise.all(nonces.map((one) => challenge({ nonce: one })));
  assert.deepEqual(
    answers.map(({ body }) => body.binding.nonce),
    nonces,
  );
});

test('GET /healthz, /readyz and /openapi.yaml answer', async () => {
  assert.deepEqual((await ask('get', '/healthz')).body, { status: 'ok' });
  assert.deepEqual((await ask('get', '/readyz')).body, { status: 'ready', attestationKey: 'created' });
  const response = await ask('get', '/openapi.yaml');
  assert.match(response.headers['content-type'] ?? '', /^application\/yaml/);
});

test('GET /docs is a page for people, under a policy that runs no script', async () => {
  const response = await ask('get', '/docs');
  assert.match(response.headers['content-type'] ?? '', /^text\/html/);
  assert.match(response.headers['content-security-policy'] ?? '', /^default-src 'none'; style-src 'sha256-/);
  assert.match(response.text, /POST \/v1\/attestations/);
});

test('every operation of the contract has a handler', async () => {
  for (const { method, path, id } of contract.operations()) {
    // A stream without an end: it has tests of its own.
    if (id === 'getEvents') continue;
    assert.ok(method === 'get' || method === 'post');
    const { status } = await ask(method, path, (asked) =>
      method === 'post' ? asked.send({ nonce }) : asked,
    );
    assert.ok(status !== 404 && status !== 405 && status < 500, `${id}: ${status}`);
  }
});

test('every answer says that browsers are to do nothing with it, and names its request', async () => {
  const answers = await Promise.all([ask('get', '/v1/identity'), ask('get', '/nothing'), challenge({})]);
  for (const { headers } of answers) {
    assert.match(headers['content-security-policy'] ?? '', /^default-src 'none'/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['x-frame-options'], 'DENY');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['x-powered-by'], undefined);
    assert.equal(headers['strict-transport-security'], undefined);
  }
  assert.equal(new Set(answers.map(({ headers }) => headers['x-request-id'])).size, answers.length);
});

test('the log has a JSON line for each request, with its id and nothing of what was sent', async () => {
  lines.length = 0;
  const response = await ask('post', '/v1/attestations', (asked) =>
    asked
      .query({ secret: 'in-the-query' })
      .set('authorization', 'secret-word')
      .send({ nonce: 'in-the-body' }),
  );
  await untilLogged();
  const entry = JSON.parse(lines.at(-1) ?? '');
  assert.equal(entry.request, response.headers['x-request-id']);
  assert.deepEqual(
    [entry.level, entry.msg, entry.operation, entry.status, entry.problem, entry.method],
    ['info', 'request', 'none', 400, 'bad-request', 'POST'],
  );
  assert.doesNotMatch(lines.join(''), /in-the|secret/);
  await ask('get', '/healthz');
  await untilLogged();
  assert.equal(JSON.parse(lines.at(-1) ?? '').level, 'debug');
});

async function untilLogged(): Promise<void> {
  const before = lines.length;
  for (let turn = 0; turn < 50 && (lines.length === before || lines.length === 0); turn++)
    await new Promise((resolve) => setTimeout(resolve, 2));
}

test('GET /metrics counts quotes, refusals and requests, and says what the log has', async () => {
  await challenge({ nonce });
  await challenge({});
  const { text } = await ask('get', '/metrics');
  const value = (line: string): number =>
    Number(
      text
        .split('\n')
        .find((one) => one.startsWith(`${line} `))
        ?.split(' ')[1],
    );
  assert.ok(value('touchstone_quotes_total{outcome="answered"}') >= 1);
  assert.ok(value('touchstone_quote_challenges_count') >= 1);
  assert.ok(value('touchstone_snapshot_seconds_sum') > 0);
  assert.ok(value('touchstone_refusals_total{problem="bad-request"}') >= 1);
  assert.ok(value('touchstone_http_requests_total{operation="createAttestation",status="200"}') >= 1);
  assert.equal(value('touchstone_challenges_waiting'), 0);
  assert.equal(value('touchstone_log_records'), 0);
  assert.equal(value('touchstone_log_incomplete'), 0);
  assert.ok(value('process_resident_memory_bytes') > 0);
});

const bad: Readonly<
  Record<string, { readonly body: unknown; readonly status: number; readonly type?: string }>
> = {
  'no nonce': { body: {}, status: 400 },
  'a nonce of 15 bytes': { body: { nonce: Buffer.alloc(15).toString('base64') }, status: 400 },
  'a nonce of 65 bytes': { body: { nonce: Buffer.alloc(65).toString('base64') }, status: 400 },
  'a nonce that is not canonical base64': { body: { nonce: `${nonce.slice(0, -2)}9=` }, status: 400 },
  'a nonce in base64url': { body: { nonce: '_'.repeat(44) }, status: 400 },
  'a number for a nonce': { body: { nonce: 7 }, status: 400 },
  'a key the contract does not know': { body: { nonce, more: true }, status: 400 },
  'an array': { body: [nonce], status: 400 },
  'a body over the limit': { body: { nonce, pad: 'x'.repeat(5000) }, status: 413 },
  'a body that is not JSON': { body: '{"nonce":', status: 400 },
  'another media type': { body: nonce, status: 415, type: 'text/plain' },
};

for (const [what, { body, status, type }] of Object.entries(bad)) {
  test(`${what} is answered with ${status} and a problem document`, async () => {
    const response = await ask('post', '/v1/attestations', (asked) =>
      asked
        .set('content-type', type ?? 'application/json')
        .send(typeof body === 'string' ? body : JSON.stringify(body)),
    );
    assert.equal(response.status, status, response.text);
    assert.match(response.headers['content-type'] ?? '', /^application\/problem\+json/);
    assert.equal(response.body.status, status);
    assert.match(response.body.type, /^urn:touchstone:problem:/);
    assert.doesNotMatch(response.text, /\bat .*\.js/);
  });
}

test('whatever JSON is sent, the answer is of the contract', async () => {
  const almost = fc.record(
    { nonce: fc.oneof(fc.string(), fc.base64String(), fc.jsonValue()), logs: fc.jsonValue() },
    { requiredKeys: [] },
  );
  const body = fc.oneof(almost, fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(body, async (value) => {
      const text = JSON.stringify(value);
      const { status } = await ask('post', '/v1/attestations', (asked) =>
        asked.set('content-type', 'application/json').send(text),
      );
      assert.ok(status === 200 || status === 400, text);
    }),
    { numRuns: 60 },
  );
});

test('a compressed body is refused, whatever it would become', async () => {
  const response = await ask('post', '/v1/attestations', (asked) =>
    asked
      .set('content-type', 'application/json')
      .set('content-encoding', 'gzip')
      .send(JSON.stringify({ nonce })),
  );
  assert.equal(response.status, 415);
});

test('paths and methods outside the contract are problems too', async () => {
  assert.equal((await ask('get', '/nothing')).status, 404);
  assert.equal((await ask('delete', '/v1/identity')).status, 405);
  assert.equal((await ask('get', '/../../etc/passwd')).status, 404);
});

test('a TPM that is gone gives 503, says nothing of why to the client, and says it to the log', async () => {
  await machine.tpm.stop();
  const response = await challenge({ nonce });
  assert.equal(response.status, 503);
  assert.deepEqual(Object.keys(response.body).sort(), ['status', 'title', 'type']);
  assert.ok(
    lines.some((line) => line.includes('tpm2_') && line.includes(response.headers['x-request-id'] ?? '-')),
  );
  const { text } = await ask('get', '/metrics');
  assert.match(text, /^touchstone_quotes_total\{outcome="failed"\} 1$/m);
});
