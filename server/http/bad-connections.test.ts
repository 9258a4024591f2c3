import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';

import { handleBadConnections } from './bad-connections.ts';
import { listen } from './listen.ts';

async function serving(use: (open: () => Socket) => Promise<void>): Promise<void> {
  const { server, close } = await listen((_request, response) => response.end('fine'), {
    host: '127.0.0.1',
    port: 0,
  });
  handleBadConnections(
    server,
    () => undefined,
    () => undefined,
  );
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const sockets: Socket[] = [];
  try {
    await use(() => {
      const socket = connect(address.port, '127.0.0.1');
      sockets.push(socket.on('error', () => undefined));
      return socket;
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    await close();
  }
}

/** All that comes until the other end closes. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  await once(socket, 'close');
  return text;
}

function problemOf(answer: string): { type: string; status: number } {
  assert.match(answer, /\r\nContent-Type: application\/problem\+json\r\n/);
  const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
  assert.match(answer, new RegExp(`^HTTP/1.1 ${body.status} `));
  return body;
}

const bad: Record<string, { readonly bytes: string; readonly problem: string }> = {
  'what is not HTTP': { bytes: '\u0016\u0003\u0001\u0002\u0000\r\n\r\n', problem: 'bad-request' },
  'two lengths': {
    bytes: 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    problem: 'bad-request',
  },
  'a length and chunks': {
    bytes: 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    problem: 'bad-request',
  },
  'a head over the limit': {
    bytes: `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(9000)}\r\n\r\n`,
    problem: 'headers-too-large',
  },
};

for (const [what, { bytes, problem }] of Object.entries(bad)) {
  test(`${what} is answered with a problem document, and the connection ends`, () =>
    serving(async (open) => {
      const socket = open();
      socket.write(bytes, 'latin1');
      assert.equal(problemOf(await readAll(socket)).type, `urn:touchstone:problem:${problem}`);
    }));
}

test('a head that arrives letter by letter is ended with 408', { timeout: 20_000 }, () =>
  serving(async (open) => {
    const socket = open();
    socket.write('GET / HTTP/1.1\r\n');
    const dripping = setInterval(() => socket.write('x'), 500);
    const answer = await readAll(socket);
    clearInterval(dripping);
    assert.equal(problemOf(answer).status, 408);
  }),
);

test('a body that does not come is ended with 408', { timeout: 20_000 }, () =>
  serving(async (open) => {
    const socket = open();
    // The answer would be sent at once; what is bounded is how long the connection waits for the rest.
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n');
    const begun = performance.now();
    await readAll(socket);
    assert.ok(performance.now() - begun < 13_000);
  }),
);

test('an idle connection is closed within seconds', { timeout: 20_000 }, () =>
  serving(async (open) => {
    const socket = open();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const begun = performance.now();
    assert.match(await readAll(socket), /fine$/);
    assert.ok(performance.now() - begun < 9_000);
  }),
);
