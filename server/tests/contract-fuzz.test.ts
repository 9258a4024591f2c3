import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';

import fc from 'fast-check';

import { type Endpoint, startEndpoint } from '../cli/endpoint.ts';
import {
  type ContractSchema,
  examplesOf,
  nameIn,
  parseContract,
} from '../http/contract-page/contract-document.ts';
import { urlOf } from '../http/listen.ts';
import { badRequests, type TriedOperation, type TriedRequest } from './bad-requests.ts';
import { type AnswerToCheck, Contract } from './contract.ts';
import { SampleMachine } from './sample-machine.ts';

/** Requests made of openapi.yaml with something wrong in each, against the endpoint as it is served. */

const contract = new Contract();
const { paths, components } = parseContract(readFileSync(contract.path, 'utf8'));
/** Of all that is random here: a failure is there again on the next run. */
const seed = 20_260_101;
const agent = new Agent({ keepAlive: true, maxSockets: 4 });
const logged: string[] = [];
let machine: SampleMachine;
let endpoint: Endpoint;

const operations: readonly TriedOperation[] = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => {
    const body = operation.requestBody?.content['application/json'];
    return {
      ...{ path, operation, method: method.toUpperCase() },
      body:
        body === undefined
          ? null
          : { schema: followed(body.schema), good: Object(examplesOf(body).at(-1)?.value) },
    };
  }),
);

/** The schema with what it refers to in place. */
function followed(schema: ContractSchema): ContractSchema {
  const { $ref: reference, ...own } = schema;
  const named = typeof reference === 'string' ? components.schemas[nameIn(reference)] : undefined;
  const entries = Object.entries({ ...named, ...own }).map(([key, value]) => [key, within(value)] as const);
  return Object.fromEntries(entries);
}

function within(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? followed({ ...value })
    : value;
}

before(async () => {
  machine = await SampleMachine.start();
  endpoint = await startEndpoint({
    ...{ root: machine.root, device: machine.device, measurePcr: 13 },
    log: (message, { level = 'info' } = {}) => void logged.push(`${level}: ${message}`),
    address: { host: '127.0.0.1', port: 0 },
  });
});

after(async () => {
  agent.destroy();
  await endpoint.stop();
  await machine.stop();
});

function send({ method, path, headers, body }: TriedRequest): Promise<AnswerToCheck> {
  const { hostname, port } = new URL(urlOf(endpoint.server));
  return new Promise((resolve, reject) => {
    const length = body === null ? {} : { 'content-length': body.length };
    const asked = request(
      { ...{ hostname, port, method, path, agent }, headers: { ...length, ...headers } },
      (response) => {
        resolve(read(response));
        // A stream has no end of its own.
        if (response.headers['content-type']?.startsWith('text/event-stream') === true) response.destroy();
      },
    );
    asked.once('error', reject);
    asked.end(body);
  });
}

async function read(response: IncomingMessage): Promise<AnswerToCheck> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) if (chunk instanceof Buffer) chunks.push(chunk);
  } catch {
    // Ours to end: see above.
  }
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
  );
  return { status: response.statusCode ?? 0, headers, text: Buffer.concat(chunks).toString() };
}

/** Sends it, and holds the answer to the contract, and to what it must be. */
async function tryOne(tried: TriedRequest, of: TriedOperation): Promise<void> {
  const what = `${of.operation.operationId}: ${tried.what}`;
  const answer = await send(tried).catch((error: unknown) => assert.fail(`${what}: ${String(error)}`));
  const { status, text, headers } = answer;
  assert.ok(status < 500, `${what}: ${status} ${text}`);
  if (tried.statuses !== undefined) assert.ok(tried.statuses.includes(status), `${what}: ${status} ${text}`);
  assert.match(headers['x-request-id'] ?? '', /^[0-9a-f]{16}$/, what);
  assert.doesNotMatch(text, /node_modules|\.js:\d/, what);
  if (tried.method === 'HEAD') return;
  if (status >= 400) {
    assert.match(headers['content-type'] ?? '', /^application\/problem\+json/, what);
    assert.equal(JSON.parse(text).status, status, what);
  }
  const known = status !== 404 && status !== 405;
  contract.check(known ? of.method.toLowerCase() : 'none', of.path, answer);
}

for (const tried of operations) {
  test(`bad requests for ${tried.operation.operationId} are answered as the contract says`, async () => {
    const requests = badRequests(tried);
    // What is wrong is the one thing that was changed.
    const { path, method, body } = tried;
    const right = {
      ...{ path, method, what: 'the example' },
      headers: { 'content-type': 'application/json' },
    };
    const content = body === null ? null : Buffer.from(JSON.stringify(body.good));
    await tryOne({ ...right, body: content, statuses: [200, 422] }, tried);
    assert.ok(requests.length > 60, `${requests.length}`);
    for (const one of requests) await tryOne(one, tried);
    assert.equal(
      (await send({ what: '', path: '/healthz', method: 'GET', headers: {}, body: null })).status,
      200,
    );
  });
}

test('bodies with several things wrong with them, and any bytes at all, are answered as the contract says', async () => {
  const tried = operations.filter(({ body }) => body !== null);
  const bodies = tried.flatMap((one) =>
    badRequests(one)
      .map(({ body }) => body)
      .filter((body) => body !== null && body.length < 4096),
  );
  const mutated = fc
    .tuple(fc.constantFrom(...bodies), fc.array(fc.tuple(fc.nat(4096), fc.nat(255)), { maxLength: 4 }))
    .map(([body, changes]) => {
      const copy = Buffer.from(body ?? '');
      for (const [at, byte] of changes) if (copy.length > 0) copy[at % copy.length] = byte;
      return copy;
    });
  const json = fc.json({ maxDepth: 6 }).map((text) => Buffer.from(text));
  const bytes = fc.uint8Array({ maxLength: 600 }).map((array) => Buffer.from(array));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...tried), fc.oneof(mutated, json, bytes), async (one, body) => {
      const { path, method } = one;
      const headers = { 'content-type': 'application/json' };
      await tryOne({ what: body.toString('base64'), path, method, headers, body }, one);
    }),
    { seed, numRuns: 400 },
  );
});

test('header fields and queries of any kind are answered as the contract says', async () => {
  const names = [
    'accept',
    'last-event-id',
    'content-type',
    'range',
    'cookie',
    'host',
    'x-any',
    'if-none-match',
    'expect',
  ];
  const value = fc
    .string({ unit: 'binary-ascii', maxLength: 60 })
    .map((text) => text.replace(/[\0-\x1f\x7f]/g, '?'));
  const headers = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 4 });
  const query = fc.webQueryParameters();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...operations), headers, query, async (one, fields, text) => {
      const path = text === '' ? one.path : `${one.path}?${text}`;
      const body = one.body === null ? null : Buffer.from(JSON.stringify(one.body.good));
      await tryOne(
        { what: JSON.stringify([fields, text]), path, method: one.method, headers: fields, body },
        one,
      );
    }),
    { seed, numRuns: 300 },
  );
});

test('a request of HTTP/1.1 without a Host is refused with a problem; one of HTTP/1.0 needs none', async () => {
  const { port } = new URL(urlOf(endpoint.server));
  for (const [version, status] of [
    ['1.1', 400],
    ['1.0', 200],
  ] as const) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.end(`GET /healthz HTTP/${version}\r\nConnection: close\r\n\r\n`);
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    assert.match(text, new RegExp(`^HTTP/1.1 ${status.toString()} `));
    assert.match(text, status === 400 ? /urn:touchstone:problem:bad-request/ : /\{"status":"ok"\}/);
  }
});

test('the endpoint still gives evidence, and nothing of all this was a fault to it', async () => {
  const challenge = operations.find(({ operation }) => operation.operationId === 'createAttestation');
  assert.ok(challenge !== undefined && challenge.body !== null);
  const body = Buffer.from(JSON.stringify(challenge.body.good));
  const headers = { 'content-type': 'application/json' };
  const { status } = await send({ what: '', path: challenge.path, method: 'POST', headers, body });
  assert.equal(status, 200);
  assert.deepEqual(
    logged.filter((line) => /^(?:warn|error)/.test(line)),
    [],
  );
});
