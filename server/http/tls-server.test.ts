import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { after, test } from 'node:test';
import { connect, type ConnectionOptions, TLSSocket } from 'node:tls';

import { type CertificateRequest, type Issued, OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { listen, type Listening, urlOf } from './listen.ts';
import { publicKeySha256, readTlsMaterial, type TlsMaterial } from './tls-material.ts';
import { servingKeySha256 } from './tls-server.ts';

const pki = new OpensslPki();
after(() => {
  pki.remove();
});

const authority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
const forClients = ['basicConstraints=CA:FALSE', 'extendedKeyUsage=clientAuth'];
const forServers = [
  'basicConstraints=CA:FALSE',
  'extendedKeyUsage=serverAuth',
  'subjectAltName=IP:127.0.0.1',
];

const hostCa = pki.issue({ subject: '/CN=hosts', extensions: authority });
const clientCa = pki.issue({ subject: '/CN=clients', extensions: authority });
const otherCa = pki.issue({ subject: '/CN=others', extensions: authority });

const issueClient = (more: Partial<CertificateRequest> = {}): Issued =>
  pki.issue({ subject: '/CN=verifier', issuer: clientCa, extensions: forClients, ...more });
const client = issueClient();

async function materialOf(
  authorities: Issued = clientCa,
  more: Partial<CertificateRequest> = {},
): Promise<TlsMaterial> {
  const host = pki.issue({ subject: '/CN=host', issuer: hostCa, extensions: forServers, ...more });
  chmodSync(host.key, 0o600);
  return readTlsMaterial({
    certificate: host.certificate,
    key: host.key,
    clientCa: authorities.certificate,
  });
}

/** A server that answers with the key its connection was made with, `/slow` after `release`. */
async function serving(
  use: (server: Listening & { release: () => void; url: string }, material: TlsMaterial) => Promise<void>,
) {
  const material = await materialOf();
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const listening = await listen(
    (asked, response) => {
      const answer = (): void => void response.end(servingKeySha256(asked.socket));
      if (asked.url === '/slow') void released.then(answer);
      else answer();
    },
    { host: '127.0.0.1', port: 0 },
    material,
  );
  try {
    await use({ ...listening, release, url: urlOf(listening.server) }, material);
  } finally {
    release();
    listening.server.closeAllConnections();
    await new Promise((resolve) => listening.server.close(resolve));
  }
}

function credentials(own: Issued | null): ConnectionOptions {
  return {
    ca: readFileSync(hostCa.certificate),
    ...(own === null ? {} : { cert: readFileSync(own.certificate), key: readFileSync(own.key) }),
  };
}

interface Answer {
  readonly text: string;
  readonly connection: string | undefined;
  readonly peer: string;
}

/** One request; `error.code` of what went wrong instead. */
async function ask(
  url: string,
  options: ConnectionOptions,
  agent: Agent | false = false,
): Promise<Answer | string> {
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const asked = request(url, { ...options, agent }, (response) => {
        const peer =
          response.socket instanceof TLSSocket ? response.socket.getPeerX509Certificate() : undefined;
        assert.ok(peer !== undefined);
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
        response.on('end', () => {
          resolve({ text, connection: response.headers.connection, peer: publicKeySha256(peer) });
        });
      });
      asked.once('error', reject);
      asked.end();
    });
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error, String(error));
    return String(error.code);
  }
}

async function refusal(url: string, own: Issued, agent: Agent | false = false): Promise<string> {
  const answer = await ask(url, credentials(own), agent);
  return typeof answer === 'string' ? answer : 'answered';
}

test('a client with a certificate from the named authority is answered, by the key of its connection', () =>
  serving(async ({ url }, { keySha256 }) => {
    const answer = await ask(url, credentials(client));
    assert.ok(typeof answer === 'object');
    assert.equal(answer.text, keySha256);
    assert.equal(answer.peer, keySha256);
  }));

test('a client without a certificate is refused in the handshake', () =>
  serving(async ({ url }) => {
    assert.equal(await ask(url, credentials(null)), 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
  }));

const strangers: Record<string, () => Issued> = {
  'of another authority': () => issueClient({ issuer: otherCa }),
  'that signed itself': () =>
    pki.issue({
      subject: '/CN=verifier',
      extensions: ['basicConstraints=CA:FALSE', 'extendedKeyUsage=clientAuth'],
    }),
  'that has expired': () => issueClient({ notBefore: '20200101000000Z', notAfter: '20200201000000Z' }),
  'that is not valid yet': () => issueClient({ notBefore: '20700101000000Z', notAfter: '20700201000000Z' }),
  'for servers only': () => issueClient({ extensions: forServers }),
  'for code signing only': () => issueClient({ extensions: ['extendedKeyUsage=codeSigning'] }),
  'issued by a client': () => pki.issue({ subject: '/CN=x', issuer: client, extensions: forClients }),
};

for (const [which, issue] of Object.entries(strangers)) {
  test(`a client with a certificate ${which} is refused`, () =>
    serving(async ({ url, server }) => {
      let asked = 0;
      server.on('request', () => asked++);
      assert.match(await refusal(url, issue()), /^(?:ECONNRESET|EPIPE|ERR_SSL_.*)$/);
      assert.equal(asked, 0);
    }));
}

test('TLS 1.2 is refused, also after the certificates were renewed', () =>
  serving(async ({ url, renew }) => {
    const old: ConnectionOptions = { ...credentials(client), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' };
    assert.equal(await ask(url, old), 'EPROTO');
    renew?.(await materialOf());
    assert.equal(await ask(url, old), 'EPROTO');
  }));

test('no session is resumed, so that every connection proves its certificate', () =>
  serving(async ({ server }) => {
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    const options = { ...credentials(client), host: '127.0.0.1', port: address.port };
    const sessions: Buffer[] = [];
    const first = connect(options);
    first.on('session', (session: Buffer) => sessions.push(session));
    first.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    first.resume();
    await once(first, 'close');
    const session = sessions.at(-1);
    const second = connect({ ...options, ...(session === undefined ? {} : { session }) });
    await once(second, 'secureConnect');
    assert.equal(second.isSessionReused(), false);
    second.destroy();
  }));

test('renewed certificates are served at once; an answer under way is given by the old key, and ends its connection', () =>
  serving(async ({ url, renew, release }, before) => {
    const after = await materialOf();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const slow = ask(`${url}/slow`, credentials(client), agent);
    // So that it is under way.
    assert.ok(typeof (await ask(url, credentials(client))) === 'object');
    renew?.(after);
    const fresh = await ask(url, credentials(client));
    assert.ok(typeof fresh === 'object');
    assert.deepEqual([fresh.text, fresh.peer], [after.keySha256, after.keySha256]);
    release();
    const ended = await slow;
    assert.ok(typeof ended === 'object');
    assert.equal(ended.connection, 'close');
    assert.deepEqual([ended.text, ended.peer], [before.keySha256, before.keySha256]);
    const next = await ask(url, credentials(client), agent);
    assert.ok(typeof next === 'object');
    assert.equal(next.peer, after.keySha256);
    agent.destroy();
  }));

test('a client of an authority that was taken away is out: idle connections are closed, new ones refused', () =>
  serving(async ({ url, renew }) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    assert.ok(typeof (await ask(url, credentials(client), agent)) === 'object');
    renew?.(await materialOf(otherCa));
    assert.match(await refusal(url, client, agent), /^(?:ECONNRESET|EPIPE)$/);
    assert.ok(typeof (await ask(url, credentials(issueClient({ issuer: otherCa })))) === 'object');
    agent.destroy();
  }));

test('a client that connects and says nothing is cut off', { timeout: 20_000 }, () =>
  serving(async ({ server }) => {
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    const { connect: connectPlain } = await import('node:net');
    const socket = connectPlain(address.port, '127.0.0.1');
    socket.on('error', () => undefined);
    const begun = performance.now();
    await once(socket, 'close');
    assert.ok(performance.now() - begun < 9_000);
  }),
);
