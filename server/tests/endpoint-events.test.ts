import assert from 'node:assert/strict';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';

import { createAttester } from '../attester/attester.ts';
import { ensureIdentity } from '../attester/identity.ts';
import { recordEvents } from '../host/systemd/measure-log.ts';
import { createApp } from '../http/app.ts';
import { listen, type Listening, urlOf } from '../http/listen.ts';
import { bootId } from '../os/clock.ts';
import { Contract } from './contract.ts';
import { SampleMachine } from './sample-machine.ts';

/** What the endpoint tells of a host without being asked for proof. */

const contract = new Contract();
let machine: SampleMachine;
let endpoint: Listening;

before(async () => {
  machine = await SampleMachine.start();
  const { root, device } = machine;
  const attester = createAttester({ root, device, measurePcr: 13, ...(await ensureIdentity(root, device)) });
  const app = createApp({
    ...{ attester, contract: contract.path, validateResponses: false, log: () => undefined },
    streams: { all: 3, each: 1 },
  });
  endpoint = await listen(app, { host: '127.0.0.1', port: 0 });
});

after(async () => {
  await endpoint.close();
  await machine.stop();
});

const record = (...lines: readonly string[]): Promise<unknown> =>
  recordEvents(machine.device, machine.root, 13, lines);

async function state() {
  const response = await fetch(`${urlOf(endpoint.server)}/v1/extensions`);
  const text = await response.text();
  const headers = Object.fromEntries(response.headers);
  contract.check('get', '/v1/extensions', { status: response.status, headers, text });
  return JSON.parse(text);
}

interface Stream {
  readonly status: number;
  readonly text: () => string;
  readonly ended: () => boolean;
  readonly close: () => void;
  readonly until: (pattern: RegExp) => Promise<void>;
}

function open(lastId?: string): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
    const asked = request(`${urlOf(endpoint.server)}/v1/events`, { headers, agent: false }, (response) => {
      let text = '';
      let ended = false;
      response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      response.on('error', () => undefined);
      response.on('close', () => (ended = true));
      const until = async (pattern: RegExp): Promise<void> => {
        for (let turn = 0; turn < 100 && !pattern.test(text); turn++) await sleep(50);
        assert.match(text, pattern);
      };
      const close = (): void => void asked.destroy();
      resolve({ status: response.statusCode ?? 0, text: () => text, ended: () => ended, close, until });
    });
    asked.once('error', reject);
    asked.end();
  });
}

test('GET /v1/extensions says that nothing was measured and nothing is merged', async () => {
  const { bootId: boot, lastEventId, classes, violations } = await state();
  assert.equal(boot, bootId());
  assert.equal(lastEventId, `${boot}-0`);
  assert.deepEqual(violations, []);
  const nothing = { agrees: true, hierarchies: [], mutable: 'no', since: null, extensions: [], problems: [] };
  assert.deepEqual(classes, [
    { class: 'sysext', measured: null, merged: nothing },
    { class: 'confext', measured: null, merged: nothing },
  ]);
});

test('what is measured comes by the stream within seconds, each event with its id', async () => {
  const stream = await open();
  assert.equal(stream.status, 200);
  await stream.until(/^event: observed\ndata: \{"class":"sysext","extensions":\[\],"agrees":true\}$/m);
  await record(...emptySet('sysext'));
  await stream.until(/^event: merged\nid: [0-9a-f]{32}-3\ndata: \{"class":"sysext",/m);
  assert.doesNotMatch(stream.text(), /event: (?:policy|extension)/);
  stream.close();
  const { classes, lastEventId } = await state();
  assert.equal(classes[0].measured.state, 'merged');
  assert.equal(lastEventId, `${bootId()}-3`);
});

test('a client that comes back goes on where it was, and one without an id begins now', async () => {
  await record('touchstone-unmerged:sysext');
  await sleep(1_100);
  const back = await open(`${bootId()}-3`);
  await back.until(/^event: unmerged\nid: [0-9a-f]{32}-4$/m);
  assert.doesNotMatch(back.text(), /event: merged/);
  back.close();
  const other = await open(`${'0'.repeat(32)}-77`);
  await other.until(/event: set[^]*event: merged[^]*event: unmerged/);
  other.close();
  const fresh = await open();
  await fresh.until(/event: observed/);
  assert.doesNotMatch(fresh.text(), /event: (?:set|merged|unmerged)/);
  fresh.close();
});

test('an id that is none is a bad request', async () => {
  for (const id of ['x', '1', `${'0'.repeat(32)}-`, `${'0'.repeat(32)}-1-2`, `${'g'.repeat(32)}-1`]) {
    const stream = await open(id);
    assert.equal(stream.status, 400, id);
    await stream.until(/bad-request/);
  }
});

test('no more streams are open than may be, and a place is free again when one is closed', async () => {
  const streams = [await open(), await open(), await open()];
  assert.equal((await open()).status, 503);
  streams[0]?.close();
  let status = 503;
  for (let turn = 0; turn < 50 && status === 503; turn++) {
    await sleep(20);
    const next = await open();
    ({ status } = next);
    streams.push(next);
  }
  assert.equal(status, 200);
  for (const stream of streams) stream.close();
});

test('streams end when the endpoint stops, and do not hold it up', async () => {
  const stream = await open();
  const begun = performance.now();
  await endpoint.close();
  assert.ok(performance.now() - begun < 2_000);
  for (let turn = 0; turn < 50 && !stream.ended(); turn++) await sleep(10);
  assert.ok(stream.ended());
});

/** The events of a merge of nothing. */
function emptySet(extensionClass: string): readonly string[] {
  const ofNothing = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  return [
    `touchstone-policy:sample:1:${ofNothing}`,
    `touchstone-set:${extensionClass}:0:${ofNothing}`,
    `touchstone-merged:${extensionClass}:${ofNothing}`,
  ];
}
