import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { answer, FakeVarlink, type Serve } from '../tests/fake-varlink.ts';
import { connectVarlink, type VarlinkAnswer, type VarlinkConnection, type VarlinkLimits } from './varlink.ts';

async function connect(
  context: TestContext,
  serve: Serve,
  limits: VarlinkLimits = { timeoutMs: 5000 },
  onConnection?: (socket: Socket) => void,
): Promise<{ connection: VarlinkConnection; service: FakeVarlink }> {
  const service = await new FakeVarlink(serve, onConnection).listen();
  const connection = await connectVarlink(service.path, limits);
  assert.ok(connection !== null);
  context.after(async () => {
    connection.close();
    await service.stop();
  });
  return { connection, service };
}

function assertLost(found: VarlinkAnswer, why: RegExp, over: boolean): void {
  assert.ok(found.kind === 'lost', found.kind);
  assert.match(found.why, why);
  assert.equal(found.over, over);
}

test('calls are carried in order over one connection, and answers come back', async (context) => {
  const { connection, service } = await connect(context, ({ parameters }, socket) => {
    socket.write(
      answer(parameters['n'] === 2 ? { error: 'a.b.Bad', parameters: { field: 'n' } } : { parameters }),
    );
  });
  assert.deepEqual(await connection.call('a.b.One', { n: 1 }), { kind: 'reply', parameters: { n: 1 } });
  const refused = { kind: 'error', error: 'a.b.Bad', parameters: { field: 'n' } };
  assert.deepEqual(await connection.call('a.b.Two', { n: 2 }), refused);
  assert.deepEqual(await connection.call('a.b.Three', { n: 3 }), { kind: 'reply', parameters: { n: 3 } });
  assert.deepEqual(
    service.calls.map(({ method }) => method),
    ['a.b.One', 'a.b.Two', 'a.b.Three'],
  );
});

test('an answer without parameters has none, and one in pieces is put together', async (context) => {
  const { connection } = await connect(context, async (_, socket) => {
    for (const byte of Buffer.from(answer({}))) {
      socket.write(Uint8Array.of(byte));
      await new Promise((done) => setTimeout(done, 5));
    }
  });
  assert.deepEqual(await connection.call('a.b.C', {}), { kind: 'reply', parameters: {} });
});

test('where nobody listens there is no connection', async (context) => {
  const service = await new FakeVarlink(() => undefined).listen();
  const file = join(service.directory, 'file');
  writeFileSync(file, '');
  assert.equal(await connectVarlink(file, { timeoutMs: 1000 }), null);
  assert.equal(await connectVarlink(join(service.directory, 'nothing'), { timeoutMs: 1000 }), null);
  assert.equal(await connectVarlink(join(service.directory, 'x'.repeat(200)), { timeoutMs: 1000 }), null);
  context.after(() => rmSync(service.directory, { recursive: true, force: true }));
  await service.stop();
  assert.equal(await connectVarlink(service.path, { timeoutMs: 1000 }), null);
});

const garbage = {
  'no JSON': 'hello\0',
  'no object': '[]\0',
  'an unknown key': answer({ parameters: {}, more: 1 }),
  'parameters that are none': answer({ parameters: [] }),
  'a key twice': '{"parameters":{},"parameters":{}}\0',
  'an error that is no name': answer({ error: '\u001b[31m' }),
  'a first answer of several': answer({ parameters: {}, continues: true }),
  'no UTF-8': Buffer.from([0x7b, 0xff, 0x7d, 0]),
};
for (const [what, bytes] of Object.entries(garbage)) {
  test(`${what} is no answer, and the call may yet be carried out`, async (context) => {
    const { connection } = await connect(context, (_, socket) => void socket.write(bytes));
    assertLost(await connection.call('a.b.C', {}), /did not speak Varlink/, false);
    assertLost(await connection.call('a.b.C', {}), /did not speak Varlink/, false);
  });
}

test('two answers to one call are none', async (context) => {
  const { connection } = await connect(context, (_, socket) => void socket.write(answer({}) + answer({})));
  assertLost(await connection.call('a.b.C', {}), /more than once/, false);
});

test('an answer that comes before the question is none', async (context) => {
  const early = (socket: Socket): void => void socket.write(answer({}));
  const { connection } = await connect(context, () => undefined, { timeoutMs: 1000 }, early);
  await new Promise((done) => setTimeout(done, 100));
  assertLost(await connection.call('a.b.C', {}), /without being asked/, false);
});

test('an answer without end is cut off', async (context) => {
  const { connection } = await connect(context, (_, socket) => void socket.write('x'.repeat(200_000)));
  assertLost(await connection.call('a.b.C', {}), /more than 65536 bytes/, false);
});

test('a service that is silent, or drips, is not waited for', async (context) => {
  const silent = await connect(context, () => undefined, { timeoutMs: 100 });
  assertLost(await silent.connection.call('a.b.C', {}), /no answer within 0.1 s/, false);
  const drip = await connect(
    context,
    (_, socket) => {
      const timer = setInterval(() => socket.write(' '), 20);
      socket.once('close', () => clearInterval(timer));
    },
    { timeoutMs: 200 },
  );
  assertLost(await drip.connection.call('a.b.C', {}), /no answer within 0.2 s/, false);
});

test('a service that hangs up will do no more', async (context) => {
  const { connection, service } = await connect(context, (_, socket) => void socket.destroy());
  assertLost(await connection.call('a.b.C', {}), /hung up/, true);
  assertLost(await connection.call('a.b.C', {}), /hung up/, true);
  assert.equal(service.calls.length, 1);
  const half = await connect(context, (_, socket) => void socket.end('{"parameters":'));
  assertLost(await half.connection.call('a.b.C', {}), /hung up/, true);
});
