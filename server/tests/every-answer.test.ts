import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { type IncomingMessage, request as requestPlain } from 'node:http';
import { Agent, request as requestTls } from 'node:https';
import { after, before, test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { toCredentialDocument } from '../../verifier/enrolment/activation.ts';
import { makeCredential } from '../../verifier/enrolment/credential.ts';
import { parseTpm2bPublic } from '../../verifier/tpm/public-area.ts';
import { type Attester, createAttester } from '../attester/attester.ts';
import { type Endpoint, startEndpoint } from '../cli/endpoint.ts';
import { createApp } from '../http/app.ts';
import { listen, type Listening, urlOf } from '../http/listen.ts';
import { createMetrics } from '../http/metrics.ts';
import { Contract } from './contract.ts';
import { SampleMachine } from './sample-machine.ts';

/** Each answer that openapi.yaml has for each operation, given by an endpoint for the reason that it names. */

const contract = new Contract();
let machine: SampleMachine;
/** As served, over TLS: clients have names. */
let endpoint: Endpoint;
/** With a fault in everything that it does. */
let faulty: Listening;
/** Whose TPM and log cannot be read. */
let unable: Listening;
let credentials: { ca: Buffer; cert: Buffer; key: Buffer };
let fits: object;

before(async () => {
  machine = await SampleMachine.start();
  const { pki, root, device } = machine;
  const issuer = pki.issue({ subject: '/CN=authority', extensions: ['basicConstraints=critical,CA:TRUE'] });
  const host = pki.issue({ subject: '/CN=host', issuer, extensions: ['subjectAltName=IP:127.0.0.1'] });
  const own = pki.issue({ subject: '/CN=verifier', issuer, extensions: ['extendedKeyUsage=clientAuth'] });
  chmodSync(host.key, 0o600);
  credentials = {
    ...{ ca: readFileSync(issuer.certificate), cert: readFileSync(own.certificate) },
    key: readFileSync(own.key),
  };
  endpoint = await startEndpoint({
    ...{ root, device, measurePcr: 13, log: () => undefined },
    address: { host: '127.0.0.1', port: 0 },
    tls: { certificate: host.certificate, key: host.key, clientCa: issuer.certificate },
  });
  const { identity, attestationKey } = endpoint.identity;
  const endorsementKey = parseTpm2bPublic(identity.endorsement.public);
  const request = { endorsementKey, attestationKeyName: attestationKey.name, secret: new Uint8Array(32) };
  fits = toCredentialDocument(makeCredential(request));
  const attester = createAttester({ root, device, measurePcr: 13, ...endpoint.identity });
  faulty = await serveFailing(attester, () => new TypeError('a fault'));
  unable = await serveFailing(attester, () => new CouldNotDecide('the TPM does not answer'));
});

after(async () => {
  await Promise.all([endpoint.stop(), faulty.close(), unable.close()]);
  await machine.stop();
});

/** An endpoint that fails in all that it can fail in. */
function serveFailing(attester: Attester, failure: () => Error): Promise<Listening> {
  const fail = (): Promise<never> => Promise.reject(failure());
  const failing: Attester = {
    ...{ ...attester, attest: fail, activate: fail, state: fail, ready: fail },
    get identity(): never {
      throw failure();
    },
  };
  const metrics = { ...createMetrics(attester, 'test'), page: fail };
  const app = createApp({
    ...{ attester: failing, contract: contract.path, validateResponses: false, metrics },
    log: () => undefined,
  });
  return listen(app, { host: '127.0.0.1', port: 0 });
}

interface Asked {
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const operations = new Map(contract.operations().map((one) => [one.id, one]));
const agent = new Agent({ keepAlive: true });
after(() => {
  agent.destroy();
});

/** Does an operation, and holds the answer to the contract; a stream stays open until the test ends. */
async function ask(server: Listening['server'], id: string, asked: Asked = {}): Promise<number> {
  const { method, path } = operations.get(id) ?? assert.fail(id);
  const { query = '', headers = {}, body } = asked;
  const typed = body === undefined ? headers : { 'content-type': 'application/json', ...headers };
  const url = new URL(`${path}${query}`, urlOf(server));
  const options = { method: method.toUpperCase(), headers: typed };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent =
      url.protocol === 'https:'
        ? requestTls(url, { ...options, ...credentials, agent }, resolve)
        : requestPlain(url, { ...options, agent: false }, resolve);
    sent.once('error', reject);
    sent.end(body);
  });
  const isStream = response.headers['content-type']?.startsWith('text/event-stream') === true;
  const chunks: string[] = [];
  if (isStream) open.push(response.on('error', () => undefined));
  else for await (const chunk of response) chunks.push(String(chunk));
  const fields = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
  const status = response.statusCode ?? 0;
  contract.check(method, path, { status, headers: Object.fromEntries(fields), text: chunks.join('') });
  return status;
}

const open: IncomingMessage[] = [];
const nonce = JSON.stringify({ nonce: Buffer.alloc(32, 7).toString('base64') });
const stranger = JSON.stringify({
  credentialBlob: Buffer.from([0, 7, 0, 2, 1, 1, 0, 0, 0]).toString('base64'),
  encryptedSecret: Buffer.from([0, 1, 2]).toString('base64'),
});

/** Does it so often at once that the status must come; that, or another one. */
async function until(status: number, id: string, asked: Asked = {}): Promise<number> {
  const statuses = await Promise.all(Array.from({ length: 60 }, () => ask(endpoint.server, id, asked)));
  return statuses.find((one) => one === status) ?? statuses[0] ?? 0;
}

const real = (id: string, asked: () => Asked = () => ({})) => {
  return (): Promise<number> => ask(endpoint.server, id, asked());
};
const withQuery = (id: string) => real(id, () => ({ query: '?more=1' }));
const withFault = (id: string, body?: string) => (): Promise<number> =>
  ask(faulty.server, id, body === undefined ? {} : { body });
const withoutTpm = (id: string, body?: string) => (): Promise<number> =>
  ask(unable.server, id, body === undefined ? {} : { body });
const ofType = (body: string): Asked => ({ body, headers: { 'content-type': 'text/plain' } });
const tooLong = ' '.repeat(5000);

/** How each answer is come by; in this order, so that a client who asked too often is asked nothing more of. */
const provocations: Readonly<Record<string, () => Promise<number>>> = {
  'getIdentity 200': real('getIdentity'),
  'getIdentity 400': withQuery('getIdentity'),
  'getIdentity 500': withFault('getIdentity'),
  'activateCredential 200': real('activateCredential', () => ({ body: JSON.stringify(fits) })),
  'activateCredential 400': real('activateCredential', () => ({ body: '{}' })),
  'activateCredential 413': real('activateCredential', () => ({ body: tooLong })),
  'activateCredential 415': real('activateCredential', () => ofType(stranger)),
  'activateCredential 422': real('activateCredential', () => ({ body: stranger })),
  'activateCredential 429': () => until(429, 'activateCredential', { body: stranger }),
  'activateCredential 500': withFault('activateCredential', stranger),
  'activateCredential 503': withoutTpm('activateCredential', stranger),
  'createAttestation 200': real('createAttestation', () => ({ body: nonce })),
  'createAttestation 400': real('createAttestation', () => ({ body: '{}' })),
  'createAttestation 413': real('createAttestation', () => ({ body: tooLong })),
  'createAttestation 415': real('createAttestation', () => ofType(nonce)),
  'createAttestation 429': () => until(429, 'createAttestation', { body: nonce }),
  'createAttestation 500': withFault('createAttestation', nonce),
  'createAttestation 503': withoutTpm('createAttestation', nonce),
  'getExtensions 200': real('getExtensions'),
  'getExtensions 400': withQuery('getExtensions'),
  'getExtensions 500': withFault('getExtensions'),
  'getExtensions 503': withoutTpm('getExtensions'),
  'getEvents 200': real('getEvents'),
  'getEvents 400': real('getEvents', () => ({ headers: { 'last-event-id': 'none' } })),
  'getEvents 429': () => until(429, 'getEvents'),
  'getEvents 500': withFault('getEvents'),
  'getEvents 503': withoutTpm('getEvents'),
  'getHealth 200': real('getHealth'),
  'getHealth 400': withQuery('getHealth'),
  'getReadiness 200': real('getReadiness'),
  'getReadiness 400': withQuery('getReadiness'),
  'getReadiness 500': withFault('getReadiness'),
  'getReadiness 503': withoutTpm('getReadiness'),
  'getMetrics 200': real('getMetrics'),
  'getMetrics 400': withQuery('getMetrics'),
  'getMetrics 500': withFault('getMetrics'),
  'getContract 200': real('getContract'),
  'getContract 400': withQuery('getContract'),
  'getDocs 200': real('getDocs'),
  'getDocs 400': withQuery('getDocs'),
};

test('every answer of the contract is provoked here, and no other', () => {
  assert.deepEqual(Object.keys(provocations).sort(), [...contract.answers()].sort());
});

for (const [answer, provoke] of Object.entries(provocations))
  test(answer, async () => {
    assert.equal(await provoke(), Number(answer.split(' ')[1]));
  });

test('the streams are still open', () => {
  assert.equal(open.filter(({ destroyed }) => !destroyed).length, 4);
  for (const response of open) response.destroy();
});
