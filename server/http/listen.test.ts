import assert from 'node:assert/strict';
import { test } from 'node:test';

import { listen, urlOf } from './listen.ts';
import { parseListenAddress } from './listen-address.ts';

function problemOf(text: string, tls = false): string {
  const parsed = parseListenAddress(text, { tls });
  return typeof parsed === 'string' ? parsed : 'accepted';
}

test('loopback addresses are accepted, in both families', () => {
  for (const tls of [false, true]) {
    assert.deepEqual(parseListenAddress('127.0.0.1:7431', { tls }), { host: '127.0.0.1', port: 7431 });
    assert.deepEqual(parseListenAddress('127.9.9.9:0', { tls }), { host: '127.9.9.9', port: 0 });
    assert.deepEqual(parseListenAddress('[::1]:80', { tls }), { host: '::1', port: 80 });
  }
});

test('anything off loopback is refused without TLS, and accepted with it', () => {
  for (const text of [
    '0.0.0.0:7431',
    '[::]:7431',
    '192.168.0.1:7431',
    '[::ffff:10.0.0.1]:7431',
    '128.0.0.1:1',
  ]) {
    assert.match(problemOf(text), /is not a loopback address/, text);
    assert.equal(problemOf(text, true), 'accepted', text);
  }
});

test('names and other forms are refused: what a name resolves to can change', () => {
  for (const text of [
    'localhost:7431',
    '127.0.0.1',
    ':7431',
    '127.0.0.1:',
    '::1:80',
    '[127.0.0.1',
    '127.0.0.1:x',
    '',
  ]) {
    assert.match(problemOf(text, true), /is not ADDRESS:PORT/, text);
  }
  assert.match(problemOf('127.0.0.1:65536'), /is not a port number/);
});

test('a header larger than the limit is answered with 431, not read on', async () => {
  const { server } = await listen((_request, response) => response.end('ok'), { host: '127.0.0.1', port: 0 });
  try {
    const response = await fetch(urlOf(server), { headers: { 'x-large': 'a'.repeat(9000) } });
    assert.equal(response.status, 431);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test('a port that is taken is an error that names it', async () => {
  const { server } = await listen(() => undefined, { host: '127.0.0.1', port: 0 });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  await assert.rejects(
    listen(() => undefined, { host: '127.0.0.1', port: address.port }),
    /EADDRINUSE/,
  );
  await new Promise((resolve) => server.close(resolve));
});
