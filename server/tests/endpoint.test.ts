import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { Express } from 'express';
import request from 'supertest';

import { createAttester } from '../attester/attester.ts';
import { ensureIdentity } from '../attester/identity.ts';
import { createApp } from '../http/app.ts';
import { SampleMachine } from './sample-machine.ts';

let machine: SampleMachine;
let app: Express;
const logged: string[] = [];

before(async () => {
  machine = await SampleMachine.start();
  const { root, device } = machine;
  const identity = await ensureIdentity(root, device);
  const attester = createAttester({ root, device, measurePcr: 13, ...identity });
  app = createApp({
    attester,
    contract: `${process.cwd()}/openapi.yaml`,
    validateResponses: true,
    log: (message) => logged.push(message),
  });
});

after(() => machine.stop());

const nonce = Buffer.alloc(32, 7).toString('base64');

test('GET /v1/identity has the public keys and says not to cache them', async () => {
  const response = await request(app).get('/v1/identity').expect(200);
  assert.equal(response.headers['cache-control'], 'no-store');
  assert.equal(response.body.version, 1);
  assert.ok(Buffer.from(response.body.attestation.public, 'base64').length > 80);
});

test('the identity is made on the first start and kept on the next', async () => {
  const again = await ensureIdentity(machine.root, machine.device);
  assert.equal(again.origin, 'kept');
  const response = await request(app).get('/v1/identity');
  assert.equal(
    Buffer.from(again.identity.attestation.public).toString('base64'),
    response.body.attestation.public,
  );
});

test('POST /v1/attestations gives evidence of the form the contract says', async () => {
  const response = await request(app).post('/v1/attestations').send({ nonce }).expect(200);
  assert.equal(response.body.binding.nonce, nonce);
  assert.equal(Object.keys(response.body.pcrs.sha256).length, 13);
});

test('many challenges at once are each answered with their own nonce', async () => {
  const nonces = Array.from({ length: 8 }, (_, index) => Buffer.alloc(20, index).toString('base64'));
  const answers = await Promise.all(
    nonces.map((one) => request(app).post('/v1/attestations').send({ nonce: one })),
  );
  assert.deepEqual(
    answers.map(({ body }) => body.binding.nonce),
    nonces,
  );
});

test('more challenges than may wait are refused with 503 and Retry-After', async () => {
  const server = app.listen(0, '127.0.0.1');
  try {
    const answers = await Promise.all(
      Array.from({ length: 48 }, () => request(server).post('/v1/attestations').send({ nonce })),
    );
    const refused = answers.filter(({ status }) => status === 503);
    assert.ok(refused.length > 0 && refused.length < 48, `${refused.length} refused`);
    assert.ok(Number(refused[0]?.headers['retry-after']) >= 1);
    assert.equal(refused[0]?.body.type, 'urn:touchstone:problem:unavailable');
  } finally {
    server.close();
  }
});

test('GET /healthz and GET /openapi.yaml answer', async () => {
  await request(app).get('/healthz').expect(200, { status: 'ok' });
  const response = await request(app).get('/openapi.yaml').expect(200);
  assert.match(response.headers['content-type'] ?? '', /^application\/yaml/);
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
    const response = await request(app)
      .post('/v1/attestations')
      .set('content-type', type ?? 'application/json')
      .send(typeof body === 'string' ? body : JSON.stringify(body));
    assert.equal(response.status, status, response.text);
    assert.match(response.headers['content-type'] ?? '', /^application\/problem\+json/);
    assert.equal(response.body.status, status);
    assert.match(response.body.type, /^urn:touchstone:problem:/);
    assert.doesNotMatch(response.text, /\bat .*\.js/);
  });
}

test('paths and methods outside the contract are problems too', async () => {
  assert.equal((await request(app).get('/nothing')).status, 404);
  assert.equal((await request(app).delete('/v1/identity')).status, 405);
  assert.equal((await request(app).get('/../../etc/passwd')).status, 404);
});

test('a TPM that is gone gives 503, says nothing of why to the client, and says it to the log', async () => {
  await machine.tpm.stop();
  const response = await request(app).post('/v1/attestations').send({ nonce });
  assert.equal(response.status, 503);
  assert.deepEqual(Object.keys(response.body).sort(), ['status', 'title', 'type']);
  assert.ok(logged.some((message) => message.includes('tpm2_')));
});
