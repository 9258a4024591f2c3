import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, afterEach, before, beforeEach, test, type TestContext } from 'node:test';

import { digest, type DigestName } from '../../../verifier/bytes/digest.ts';
import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { toHex } from '../../../verifier/bytes/hex.ts';
import { maximumLogBytes } from '../../../verifier/evidence/evidence.ts';
import { parseSystemdLog } from '../../../verifier/measurement/systemd-log.ts';
import { extendPcr, initialPcr } from '../../../verifier/tpm/pcr.ts';
import { measureLogPath } from '../../os/host-paths.ts';
import { answer, type Call, FakeVarlink, type Serve } from '../../tests/fake-varlink.ts';
import type { TpmDevice } from '../../tpm-device/device.ts';
import { type SoftwareTpm, startSoftwareTpm } from '../../tpm-device/software-tpm.ts';
import { openTpm } from '../../tpm-device/tpm2-tools.ts';
import { extendAndAppend, type MeasuredLine } from './append-log.ts';
import { recordBy, recordEvents } from './measure-log.ts';
import { readLog } from './read-log.ts';

let tpm: SoftwareTpm;
let device: TpmDevice;
let root = '';
/** Each test has a PCR of its own. */
let pcr = -1;

before(async () => {
  tpm = await startSoftwareTpm();
  device = openTpm({ tcti: tpm.tcti });
});
after(() => tpm.stop());
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  pcr++;
});
afterEach(() => rmSync(root, { recursive: true }));

async function texts(): Promise<(string | null)[]> {
  const records = parseSystemdLog((await readLog(root)).bytes, { maximumBytes: maximumLogBytes });
  return records.map(({ text }) => text);
}

/** Asserts that in every bank the log replays to the PCR. */
async function assertReplays(): Promise<void> {
  const records = parseSystemdLog((await readLog(root)).bytes, { maximumBytes: maximumLogBytes });
  for (const bank of await device.activeBanks()) {
    const value = records.reduce(
      (old, { digests }) => extendPcr(bank, old, digests.get(bank)!),
      initialPcr(bank),
    );
    assert.equal(toHex(value), toHex((await device.readPcrs(bank, [pcr])).get(pcr)!), bank);
  }
}

async function measured(line: string, without?: DigestName): Promise<MeasuredLine> {
  const banks = (await device.activeBanks()).filter((bank) => bank !== without);
  return { line, digests: new Map(banks.map((bank) => [bank, digest(bank, line)])) };
}

async function extend(line: unknown): Promise<void> {
  await extendAndAppend(device, root, pcr, [await measured(String(line))]);
}

/** systemd-pcrextend as systemd 262 has it: measures each call, says so. */
const good: Serve = async ({ parameters }, socket) => {
  await extend(parameters['text']);
  socket.write(answer({ parameters: {} }));
};

async function start(
  context: TestContext,
  serve: Serve,
  onConnection?: (socket: Socket) => void,
): Promise<FakeVarlink> {
  const service = await new FakeVarlink(serve, onConnection).listen();
  context.after(() => service.stop());
  return service;
}

function record(service: FakeVarlink, ...lines: readonly string[]) {
  return recordBy(service.path, device, root, pcr, lines);
}

test('each line is one call of the service, and nothing is measured besides', async (context) => {
  const service = await start(context, good);
  await extend('before');
  const start0 = statSync(join(root, measureLogPath)).size;
  const recorded = await record(service, 'one', 'two');
  assert.deepEqual(
    service.calls,
    ['one', 'two'].map((text): Call => ({
      method: 'io.systemd.PCRExtend.Extend',
      parameters: { pcr, text, eventType: 'phase' },
    })),
  );
  assert.deepEqual(await texts(), ['before', 'one', 'two']);
  const end = statSync(join(root, measureLogPath)).size;
  assert.deepEqual(recorded, { pcr, start: start0, end, incomplete: false });
  await assertReplays();
});

test('a service that knows no event types is asked without', async (context) => {
  const refusal = { error: 'org.varlink.service.InvalidParameter', parameters: { parameter: 'eventType' } };
  const service = await start(context, async (call, socket) => {
    if ('eventType' in call.parameters) socket.write(answer(refusal));
    else await good(call, socket);
  });
  await record(service, 'one', 'two');
  assert.deepEqual(await texts(), ['one', 'two']);
  assert.equal(service.calls.length, 3);
  await assertReplays();
});

test('where nobody listens, we measure ourselves', async () => {
  const service = await new FakeVarlink(good).listen();
  await service.stop();
  const recorded = await record(service, 'one');
  assert.deepEqual(await texts(), ['one']);
  assert.equal(recorded.start, 0);
  await assertReplays();
});

test('the service is not asked for another root, nor for another TPM than the default one', async () => {
  assert.equal(device.isDefault, false);
  assert.equal(openTpm().isDefault, true);
  // For this root the service of the host would measure into the TPM of the host, and into the log of the host.
  await recordEvents({ ...device, isDefault: true }, root, pcr, ['one']);
  assert.deepEqual(await texts(), ['one']);
  await assertReplays();
});

const nothing: Readonly<Record<string, Serve>> = {
  'says that it did but measures nothing': (_, socket) => void socket.write(answer({ parameters: {} })),
  'answers an error': (_, socket) => void socket.write(answer({ error: 'io.systemd.System' })),
  'hangs up': (_, socket) => void socket.destroy(),
};
for (const [what, serve] of Object.entries(nothing)) {
  test(`when the service ${what}, we measure ourselves, once`, async (context) => {
    const service = await start(context, serve);
    await record(service, 'one', 'two');
    assert.deepEqual(await texts(), ['one', 'two']);
    await assertReplays();
  });
}

test('when the service fails half-way, we measure the rest', async (context) => {
  const service = await start(context, async (call, socket) => {
    if (service.calls.length < 2) await good(call, socket);
    else socket.write(answer({ error: 'io.systemd.System' }));
  });
  const recorded = await record(service, 'one', 'two', 'three');
  assert.deepEqual(await texts(), ['one', 'two', 'three']);
  assert.deepEqual([recorded.start, recorded.end], [0, statSync(join(root, measureLogPath)).size]);
  await assertReplays();
});

const spoilt: Readonly<Record<string, (socket: Socket) => void>> = {
  lost: (socket) => void socket.destroy(),
  garbage: (socket) => void socket.write('garbage\0'),
  'an error': (socket) => void socket.write(answer({ error: 'io.systemd.System' })),
};
for (const [what, say] of Object.entries(spoilt)) {
  test(`what was measured though the answer was ${what} is not measured again`, async (context) => {
    const service = await start(context, async ({ parameters }, socket) => {
      await extend(parameters['text']);
      say(socket);
    });
    await record(service, 'one');
    assert.deepEqual(await texts(), ['one']);
    await assertReplays();
  });
}

test('what may yet be measured is not measured again', async (context) => {
  const service = await start(context, (_, socket) => void socket.write('garbage\0'));
  await assert.rejects(
    record(service, 'one'),
    /may or may not have measured: the service did not speak Varlink/,
  );
  assert.deepEqual(await texts(), []);
  await assertReplays();
});

test('an extend that is not in the log is told of, and nothing is added to it', async (context) => {
  const service = await start(context, async ({ parameters }, socket) => {
    await device.extendPcr(pcr, [(await measured(String(parameters['text']))).digests]);
    socket.write(answer({ parameters: {} }));
  });
  await assert.rejects(record(service, 'one'), (error) => {
    assert.ok(error instanceof CouldNotDecide);
    assert.match(error.message, new RegExp(`log and PCR ${pcr} do not agree`));
    return true;
  });
  assert.deepEqual(await texts(), []);
});

test('a record without an extend is told of', async (context) => {
  const silent: TpmDevice = { ...device, extendPcr: () => Promise.resolve() };
  const service = await start(context, async ({ parameters }, socket) => {
    await extendAndAppend(silent, root, pcr, [await measured(String(parameters['text']))]);
    socket.write(answer({ parameters: {} }));
  });
  await assert.rejects(record(service, 'one'), /do not agree/);
});

test('killed between two calls, what was asked for is measured and the rest is not', async (context) => {
  const service = await start(context, good);
  const module = (name: string): string => JSON.stringify(resolve(import.meta.dirname, name));
  const script = `import { recordBy } from ${module('measure-log.js')};
    import { openTpm } from ${module('../../tpm-device/tpm2-tools.js')};
    const [service, root, tcti, pcr] = process.argv.slice(1);
    await recordBy(service, openTpm({ tcti }), root, Number(pcr), ['one', 'two']);`;
  const args = ['--conditions=touchstone-fault-injection', '--input-type=module', '-e', script];
  // The first points are of the directories in which the values of each bank come from the TPM.
  const child = spawn(process.execPath, [...args, service.path, root, tpm.tcti, String(pcr)], {
    env: { ...process.env, TOUCHSTONE_FAULT_AT: String(2 * (await device.activeBanks()).length + 2) },
  });
  const [, signal] = await once(child, 'exit');
  assert.equal(signal, 'SIGKILL');
  assert.deepEqual(await texts(), ['one']);
  await record(service, 'two');
  assert.deepEqual(await texts(), ['one', 'two']);
  await assertReplays();
});

test('several writers at once, by the service and without it, lose nothing', async (context) => {
  const service = await start(context, good);
  const module = (name: string): string => JSON.stringify(resolve(import.meta.dirname, name));
  const script = `import { recordEvents } from ${module('measure-log.js')};
    import { openTpm } from ${module('../../tpm-device/tpm2-tools.js')};
    const [root, tcti, pcr] = process.argv.slice(1);
    const device = openTpm({ tcti });
    await Promise.all([0, 1, 2].map((n) => recordEvents(device, root, Number(pcr), ['x' + n, 'x' + n + 'b'])));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, root, tpm.tcti, String(pcr)], {
    stdio: 'inherit',
  });
  const exit = new Promise((done) => child.once('exit', done));
  const served = [0, 1, 2].map((n) => record(service, `y${n}`, `y${n}b`));
  const ours = [0, 1].map((n) => recordEvents(device, root, pcr, [`z${n}`, `z${n}b`]));
  await Promise.all([...served, ...ours]);
  assert.equal(await exit, 0);
  const names = ['x0', 'x1', 'x2', 'y0', 'y1', 'y2', 'z0', 'z1'];
  const found = await texts();
  assert.deepEqual([...found].sort(), names.flatMap((name) => [name, `${name}b`]).sort());
  for (const name of names) assert.ok(found.indexOf(`${name}b`) > found.indexOf(name));
  assert.equal(service.calls.length, 6);
  await assertReplays();
  assert.equal(readFileSync(join(root, measureLogPath), 'latin1').split('\x1e').length - 1, 16);
});

test('two who measure the same line at once each have it', async (context) => {
  const service = await start(context, good);
  await Promise.all([record(service, 'same', 'line'), record(service, 'same', 'line')]);
  assert.deepEqual([...(await texts())].sort(), ['line', 'line', 'same', 'same']);
  await assertReplays();
});
