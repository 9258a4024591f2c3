import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';

import type { Issued } from '../../test-vectors/generate/openssl-pki.ts';
import { freePortPair } from '../os/loopback-ports.ts';
import { SampleMachine } from './sample-machine.ts';

/** `touchstone serve` as a process of its own, as systemd starts, reloads and stops it. */

const main = fileURLToPath(new URL('../cli/main.js', import.meta.url));

let machine: SampleMachine;
let hosts: Issued;
let clients: Issued;
let client: Issued;
let tls: string[];

before(async () => {
  machine = await SampleMachine.start();
  const { pki } = machine;
  const authority = ['basicConstraints=critical,CA:TRUE'];
  hosts = pki.issue({ subject: '/CN=hosts', extensions: authority });
  clients = pki.issue({ subject: '/CN=clients', extensions: authority });
  client = pki.issue({
    subject: '/CN=verifier',
    issuer: clients,
    extensions: ['extendedKeyUsage=clientAuth'],
  });
  const host = pki.issue({ subject: '/CN=host', issuer: hosts, extensions: ['subjectAltName=IP:127.0.0.1'] });
  chmodSync(host.key, 0o600);
  tls = ['--tls-certificate', host.certificate, '--tls-key', host.key, '--client-ca', clients.certificate];
});

after(() => machine.stop());

test('below a directory no keys are made in the TPM of this system', async () => {
  const child = spawn(process.execPath, [main, 'serve', '--root', machine.root], {
    env: { ...process.env, TPM2TOOLS_TCTI: undefined },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const [code] = await once(child, 'close');
  assert.equal(code, 3, said);
  assert.match(said, /nothing says which TPM the host below .* has; name one by --tcti/);
});

interface Served {
  readonly child: ChildProcessWithoutNullStreams;
  readonly url: string;
  readonly said: () => string;
}

/** Starts it as socket activation does, waits for nothing: the first connection starts it. */
async function activated(use: (served: Served) => Promise<void>): Promise<void> {
  const port = await freePortPair();
  const args = ['-l', `127.0.0.1:${port}`, process.execPath, main, 'serve', '--listen', 'systemd'];
  const child = spawn('systemd-socket-activate', [
    ...[...args, '--root', machine.root, '--tcti', machine.tpm.tcti],
    ...tls,
  ]);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  try {
    while (!said.includes('Listening on')) await once(child.stderr, 'data');
    await use({ child, url: `https://127.0.0.1:${port}`, said: () => said });
  } finally {
    child.kill('SIGKILL');
  }
}

function get(url: string): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      ...{ ca: readFileSync(hosts.certificate), agent: false as const },
      ...{ cert: readFileSync(client.certificate), key: readFileSync(client.key) },
    };
    const asked = request(url, options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.once('error', reject);
    asked.end();
  });
}

test('it serves on the socket that systemd hands over, reloads on SIGHUP, and ends with 0 on SIGTERM', () =>
  activated(async ({ child, url, said }) => {
    assert.equal((await get(`${url}/healthz`)).status, 200);
    assert.equal((await get(`${url}/readyz`)).status, 200);
    const times = (): number => said().split('TLS key sha256').length - 1;
    assert.equal(times(), 1);
    child.kill('SIGHUP');
    while (times() < 2) await once(child.stderr, 'data');
    assert.match((await get(`${url}/metrics`)).text, /^touchstone_tls_certificate_expiry_seconds \d{10}/m);
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
    for (const line of said()
      .split('\n')
      .filter((one) => one.startsWith('{')))
      JSON.parse(line);
    assert.match(said(), /"operation":"getReadiness".*|serving at https/);
  }));

test('without a socket from systemd it says so, and ends with 3', async () => {
  const args = [main, 'serve', '--listen', 'systemd', '--root', machine.root, '--tcti', machine.tpm.tcti];
  const child = spawn(process.execPath, args, { env: { PATH: process.env['PATH'] } });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const [code] = await once(child, 'exit');
  assert.equal(code, 3);
  assert.match(said, /systemd has handed over no socket/);
});
