import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, readFileSync } from 'node:fs';
import { Agent, createServer, request as requestTls } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import type { Issued } from '../../test-vectors/generate/openssl-pki.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { type Endpoint, startEndpoint } from '../cli/endpoint.ts';
import { urlOf } from '../http/listen.ts';
import { Contract } from './contract.ts';
import { collect, SampleMachine } from './sample-machine.ts';

let machine: SampleMachine;
let endpoint: Endpoint;
let hosts: Issued;
let client: Issued;
let identity: string;
let files: { certificate: string; key: string; clientCa: string };
const logged: string[] = [];
const contract = new Contract();

const authority = ['basicConstraints=critical,CA:TRUE'];
const forServers = [
  'basicConstraints=CA:FALSE',
  'extendedKeyUsage=serverAuth',
  'subjectAltName=IP:127.0.0.1',
];
const forClients = ['basicConstraints=CA:FALSE', 'extendedKeyUsage=clientAuth'];

function issueHost(): Issued {
  const issued = machine.pki.issue({ subject: '/CN=host', issuer: hosts, extensions: forServers });
  chmodSync(issued.key, 0o600);
  return issued;
}

before(async () => {
  machine = await SampleMachine.start();
  hosts = machine.pki.issue({ subject: '/CN=hosts', extensions: authority });
  const clients = machine.pki.issue({ subject: '/CN=clients', extensions: authority });
  client = machine.pki.issue({ subject: '/CN=verifier', issuer: clients, extensions: forClients });
  chmodSync(client.key, 0o600);
  const host = issueHost();
  files = {
    certificate: machine.put('etc/tls.pem', readFileSync(host.certificate)),
    key: machine.put('etc/tls.key', readFileSync(host.key)),
    clientCa: clients.certificate,
  };
  chmodSync(files.key, 0o600);
  machine.put('var/lib/extensions/vendor-tools.raw', machine.image('vendor-tools'));
  await touchstone('gate', '--root', machine.root, '--tcti', machine.tpm.tcti);
  endpoint = await startEndpoint({
    ...{ root: machine.root, device: machine.device, measurePcr: 13, tls: files },
    ...{ address: { host: '127.0.0.1', port: 0 }, log: (message: string) => void logged.push(message) },
  });
  identity = join(machine.root, 'host.json');
  const own = ['--ca', hosts.certificate, '--certificate', client.certificate, '--key', client.key];
  const enrolled = await touchstone(
    ...['enroll', urlOf(endpoint.server), '--trust-on-first-use', '--out', identity, ...own],
  );
  assert.equal(enrolled.code, 0, enrolled.err);
});

after(async () => {
  await endpoint.stop();
  await machine.stop();
});

async function touchstone(...args: string[]) {
  const collected = collect();
  const code = await runCommandLine(args, collected.output);
  return { code, out: collected.out, err: collected.err };
}

function attest(url: string, ...more: string[]) {
  const own = ['--ca', hosts.certificate, '--certificate', client.certificate, '--key', client.key];
  return touchstone('attest', url, ...own, '--identity', identity, '--policy', machine.policyFile, ...more);
}

test('touchstone attest over TLS: evidence made for the key of the very connection', async () => {
  const saved = machine.put('saved.json', '');
  const { code, out, err } = await attest(urlOf(endpoint.server), '--save', saved, '--json');
  assert.equal(code, 0, out + err);
  const key = /TLS key sha256 ([0-9a-f]{64})/.exec(logged.join('\n'))?.[1];
  assert.ok(key !== undefined);
  assert.equal(JSON.parse(readFileSync(saved, 'utf8')).claims.tlsKeySha256, key);
  const nonce = /its nonce is (\S+) and came from the TLS key ([0-9a-f]{64})/.exec(err);
  assert.ok(nonce?.[1] !== undefined);
  assert.equal(nonce[2], key);

  const offline = (...more: string[]) =>
    touchstone(
      ...['appraise', saved, '--identity', identity, '--nonce', nonce[1] ?? ''],
      ...['--policy', machine.policyFile, '--json', ...more],
    );
  assert.equal((await offline()).code, 0);
  assert.equal((await offline('--tls-key-sha256', key)).code, 0);
  for (const other of ['none', '0'.repeat(64)]) {
    const refused = await offline('--tls-key-sha256', other);
    assert.equal(refused.code, 1);
    assert.deepEqual(
      JSON.parse(refused.out).reasons.map((why: { code: string }) => why.code),
      ['channel-mismatch'],
    );
  }
  assert.equal((await offline('--tls-key-sha256', 'short')).code, 2);
});

test('somebody in between with a certificate of the same authority passes on true evidence, and is found out', async () => {
  const own = issueHost();
  const relay = createServer(
    { cert: readFileSync(own.certificate), key: readFileSync(own.key), minVersion: 'TLSv1.3' },
    (asked, response) => {
      const onward = requestTls(
        urlOf(endpoint.server) + (asked.url ?? ''),
        {
          ...{
            ca: readFileSync(hosts.certificate),
            agent: false,
            method: asked.method,
            headers: asked.headers,
          },
          ...{ cert: readFileSync(client.certificate), key: readFileSync(client.key) },
        },
        (answer) => answer.pipe(response),
      );
      asked.pipe(onward);
    },
  );
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  try {
    const { code, out } = await attest(urlOf(relay), '--json');
    assert.equal(code, 1);
    assert.deepEqual(
      JSON.parse(out).reasons.map((why: { code: string }) => why.code),
      ['channel-mismatch'],
    );
  } finally {
    relay.close();
  }
});

test('after a reload the evidence names the new key; files that cannot be used change nothing', async () => {
  const next = issueHost();
  copyFileSync(next.certificate, files.certificate);
  await endpoint.reload();
  assert.match(logged.at(-1) ?? '', /^serving on with the certificates there were: .*is not the key/);
  assert.equal((await attest(urlOf(endpoint.server))).code, 0);
  copyFileSync(next.key, files.key);
  chmodSync(files.key, 0o640);
  await endpoint.reload();
  assert.match(logged.at(-1) ?? '', /^serving on with .*can be read by others/);
  chmodSync(files.key, 0o600);
  const before = logged.length;
  await endpoint.reload();
  assert.match(logged[before] ?? '', /^TLS key sha256 /);
  assert.equal((await attest(urlOf(endpoint.server))).code, 0);
});

test('a client that asks too often is refused with 429 for a while, by its certificate', async () => {
  const agent = new Agent({
    ...{ keepAlive: true, maxSockets: 8, ca: readFileSync(hosts.certificate) },
    ...{ cert: readFileSync(client.certificate), key: readFileSync(client.key) },
  });
  const body = JSON.stringify({ nonce: Buffer.alloc(32, 1).toString('base64') });
  const ask = () =>
    new Promise<number>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': body.length };
      const url = new URL('/v1/attestations', urlOf(endpoint.server));
      const asked = requestTls(url, { agent, method: 'POST', headers }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          const given = Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
          );
          contract.check('post', '/v1/attestations', { status, headers: given, text });
          resolve(status);
        });
      });
      asked.once('error', reject);
      asked.end(body);
    });
  const statuses = await Promise.all(Array.from({ length: 60 }, ask));
  agent.destroy();
  assert.deepEqual([...new Set(statuses)].sort(), [200, 429]);
  await new Promise((resolve) => setTimeout(resolve, 500));
});

test('a host that is not whom the authority says, and a client that is not, end without an answer', async () => {
  const url = urlOf(endpoint.server);
  const appraisal = ['--identity', identity, '--policy', machine.policyFile];
  const other = machine.pki.issue({ subject: '/CN=others', extensions: authority });
  const wrongCa = await touchstone('attest', url, '--ca', other.certificate, ...appraisal);
  assert.deepEqual([wrongCa.code, /not from the given authority/.test(wrongCa.err)], [3, true], wrongCa.err);
  const noClient = await touchstone('attest', url, '--ca', hosts.certificate, ...appraisal);
  assert.deepEqual(
    [noClient.code, /it wants a client certificate/.test(noClient.err)],
    [3, true],
    noClient.err,
  );
  const otherName = await attest(url.replace('127.0.0.1', 'localhost'));
  assert.deepEqual([otherName.code, /for another name/.test(otherName.err)], [3, true], otherName.err);
});

test('options that do not go together are usage errors', async () => {
  const url = urlOf(endpoint.server);
  const appraisal = ['--identity', identity, '--policy', machine.policyFile];
  const wrong = [
    ['attest', url, ...appraisal],
    ['attest', url, ...appraisal, '--ca', hosts.certificate, '--key', client.key],
    ['attest', url.replace('https', 'http'), ...appraisal, '--ca', hosts.certificate],
    ['serve', '--listen', '0.0.0.0:0'],
    ['serve', '--listen', '127.0.0.1:0', '--tls-key', files.key],
    ['serve', '--listen', '0.0.0.0:0', '--tls-key', files.key, '--tls-certificate', files.certificate],
  ];
  for (const args of wrong) assert.equal((await touchstone(...args)).code, 2, args.join(' '));
});

test('a client key that others may read is not used', async () => {
  const open = machine.put('open.key', readFileSync(client.key));
  chmodSync(open, 0o644);
  const { code, err } = await attest(urlOf(endpoint.server), '--key', open);
  assert.deepEqual([code, /can be read by others/.test(err)], [3, true], err);
});

test('evidence by plain HTTP that was made for a TLS connection is refused', async () => {
  const { createServer: createPlain } = await import('node:http');
  const proxy = createPlain((asked, response) => {
    const onward = requestTls(
      urlOf(endpoint.server) + (asked.url ?? ''),
      {
        ...{
          ca: readFileSync(hosts.certificate),
          agent: false,
          method: asked.method,
          headers: asked.headers,
        },
        ...{ cert: readFileSync(client.certificate), key: readFileSync(client.key) },
      },
      (answer) => answer.pipe(response),
    );
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    const appraisal = ['--identity', identity, '--policy', machine.policyFile, '--json'];
    const { code, out } = await touchstone('attest', urlOf(proxy), ...appraisal);
    assert.equal(code, 1);
    assert.equal(JSON.parse(out).reasons[0].code, 'channel-mismatch');
  } finally {
    proxy.close();
  }
});
