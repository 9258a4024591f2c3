import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { digest, type DigestName, digestSizes } from '../../../verifier/bytes/digest.ts';
import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { toHex } from '../../../verifier/bytes/hex.ts';
import { maximumLogBytes } from '../../../verifier/evidence/evidence.ts';
import { type LogRecord, parseSystemdLog } from '../../../verifier/measurement/systemd-log.ts';
import { extendPcr, initialPcr } from '../../../verifier/tpm/pcr.ts';
import { bootId, bootTimeMicroseconds } from '../../os/clock.ts';
import { measureLogPath } from '../../os/host-paths.ts';
import type { TpmDevice } from '../../tpm-device/device.ts';
import { type SoftwareTpm, startSoftwareTpm } from '../../tpm-device/software-tpm.ts';
import { openTpm } from '../../tpm-device/tpm2-tools.ts';
import { recordEvents } from './measure-log.ts';
import { readLog, withSharedLog } from './read-log.ts';

let tpm: SoftwareTpm;
let device: TpmDevice;
let root = '';
let log = '';

before(async () => {
  tpm = await startSoftwareTpm();
});
after(() => tpm.stop());
beforeEach(async () => {
  // A new TPM a test would cost more than a new PCR 13 does: it is put back by starting anew.
  await tpm.stop();
  tpm = await startSoftwareTpm();
  device = openTpm({ tcti: tpm.tcti, timeoutMs: 5000 });
  root = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  log = join(root, measureLogPath);
});
afterEach(() => rmSync(root, { recursive: true }));

const mode = (): number => statSync(log).mode & 0o7777;

async function records(): Promise<LogRecord[]> {
  return parseSystemdLog((await readLog(root)).bytes, { maximumBytes: maximumLogBytes });
}

/** Asserts that in every bank the log replays to the PCR. */
async function assertReplays(pcr: number): Promise<void> {
  const all = await records();
  for (const bank of await device.activeBanks()) {
    const value = all.reduce(
      (old, { digests }) => extendPcr(bank, old, digests.get(bank)!),
      initialPcr(bank),
    );
    assert.equal(toHex(value), toHex((await device.readPcrs(bank, [pcr])).get(pcr)!), bank);
  }
}

/** The device with `extendPcr` made to fail, before or after the TPM was extended. */
function failing(when: 'before' | 'after'): TpmDevice {
  return {
    ...device,
    extendPcr: async (pcr, digests) => {
      if (when === 'after') await device.extendPcr(pcr, digests);
      throw new CouldNotDecide('the TPM went away');
    },
  };
}

test('each line is one record in the form of systemd, and one extend of every bank', async () => {
  const earliest = bootTimeMicroseconds();
  const recorded = await recordEvents(device, root, 13, ['touchstone-unmerged:sysext', 'a "quoted" \\ line']);
  const latest = bootTimeMicroseconds();
  const text = readFileSync(log, 'latin1');
  const digests = (line: string): string =>
    (Object.keys(digestSizes) as DigestName[])
      .map((bank) => `{"hashAlg":"${bank}","digest":"${toHex(digest(bank, line))}"}`)
      .join(',');
  const first = text.slice(0, text.indexOf('\n') + 1).replace(/"timestamp":\d+/, '"timestamp":T');
  assert.equal(
    first,
    `\x1e{"pcr":13,"digests":[${digests('touchstone-unmerged:sysext')}],"content_type":"systemd",` +
      `"content":{"string":"touchstone-unmerged:sysext","bootId":"${bootId()}","timestamp":T,"eventType":"phase"}}\n`,
  );
  assert.deepEqual(
    (await records()).map(({ text: line }) => line),
    ['touchstone-unmerged:sysext', 'a "quoted" \\ line'],
  );
  for (const { timestamp } of await records()) assert.ok(timestamp! >= earliest && timestamp! <= latest);
  assert.deepEqual(recorded, { pcr: 13, start: 0, end: statSync(log).size, incomplete: false });
  assert.equal(mode(), 0o600);
  assert.equal(statSync(dirname(log)).mode & 0o7777, 0o755);
  await assertReplays(13);
});

test('what others wrote before is kept, and the offsets say where ours is', async () => {
  const first = await recordEvents(device, root, 13, ['first']);
  const second = await recordEvents(device, root, 13, ['second']);
  assert.equal(second.start, first.end);
  assert.deepEqual(
    (await records()).map(({ text }) => text),
    ['first', 'second'],
  );
  await assertReplays(13);
});

test('several writers at once, in one process and in others, lose nothing', async () => {
  const module = (name: string): string => JSON.stringify(resolve(import.meta.dirname, name));
  const script = `import { recordEvents } from ${module('measure-log.js')};
    import { openTpm } from ${module('../../tpm-device/tpm2-tools.js')};
    const [root, tcti, name] = process.argv.slice(1);
    const device = openTpm({ tcti });
    await Promise.all([0, 1, 2].map((n) => recordEvents(device, root, 13, [name + n, name + n + 'b'])));`;
  const children = ['x', 'y'].map((name) =>
    spawn(process.execPath, ['--input-type=module', '-e', script, root, tpm.tcti, name], {
      stdio: 'inherit',
    }),
  );
  const exits = children.map((child) => new Promise((done) => child.once('exit', done)));
  const ours = Array.from({ length: 6 }, (_, n) => recordEvents(device, root, 13, [`z${n}`, `z${n}b`]));
  await Promise.all(ours);
  assert.deepEqual(await Promise.all(exits), [0, 0]);
  const texts = (await records()).map(({ text }) => text!);
  const names = [
    ...['x', 'y'].flatMap((name) => [0, 1, 2].map((n) => name + String(n))),
    ...ours.map((_, n) => `z${n}`),
  ];
  assert.deepEqual([...texts].sort(), names.flatMap((name) => [name, `${name}b`]).sort());
  // The lines of one call stay together.
  for (const name of names) assert.equal(texts.indexOf(`${name}b`), texts.indexOf(name) + 1);
  assert.equal(mode(), 0o600);
  await assertReplays(13);
});

for (const when of ['before', 'after'] as const) {
  test(`when the TPM fails ${when} the extend, the log says that it may be incomplete`, async () => {
    await recordEvents(device, root, 13, ['good']);
    await assert.rejects(recordEvents(failing(when), root, 13, ['lost']), /the TPM went away/);
    assert.equal(mode(), 0o1600);
    assert.deepEqual(
      (await records()).map(({ text }) => text),
      ['good'],
    );
    assert.equal((await readLog(root)).incomplete, true);
  });
}

test('a log that somebody else left marked incomplete is written to, and stays marked', async () => {
  await recordEvents(device, root, 13, ['earlier']);
  chmodSync(log, 0o1600);
  const recorded = await recordEvents(device, root, 13, ['later']);
  assert.equal(recorded.incomplete, true);
  assert.equal(mode(), 0o1600);
  assert.deepEqual(
    (await records()).map(({ text }) => text),
    ['earlier', 'later'],
  );
});

test('a writer killed between extend and append leaves the mark and no lock', async () => {
  const module = (name: string): string => JSON.stringify(resolve(import.meta.dirname, name));
  const script = `import { recordEvents } from ${module('measure-log.js')};
    import { openTpm } from ${module('../../tpm-device/tpm2-tools.js')};
    const [root, tcti] = process.argv.slice(1);
    const device = openTpm({ tcti });
    const extendPcr = async (...args) => { await device.extendPcr(...args); process.kill(process.pid, 'SIGKILL'); };
    await recordEvents({ ...device, extendPcr }, root, 13, ['lost']);`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script, root, tpm.tcti]);
  assert.equal(child.signal, 'SIGKILL', child.stderr.toString());
  assert.equal(mode(), 0o1600);
  assert.equal(statSync(log).size, 0);
  assert.equal(
    toHex((await device.readPcrs('sha256', [13])).get(13)!),
    toHex(digest('sha256', new Uint8Array(32), digest('sha256', 'lost'))),
  );
  assert.equal(spawnSync('flock', ['-x', '-n', log, 'true']).status, 0);
});

test('when the TPM cannot be asked at all, nothing is marked or created', async () => {
  const nowhere = openTpm({ tcti: 'swtpm:host=127.0.0.1,port=1', timeoutMs: 3000 });
  await assert.rejects(recordEvents(nowhere, root, 13, ['line']), CouldNotDecide);
  assert.equal(existsSync(log), false);
});

test('while the PCR is extended the log is locked and marked', async () => {
  const seen: unknown[] = [];
  const watching: TpmDevice = {
    ...device,
    extendPcr: (pcr, digests) => {
      seen.push(mode(), spawnSync('flock', ['-s', '-n', log, 'true']).status);
      return device.extendPcr(pcr, digests);
    },
  };
  await recordEvents(watching, root, 13, ['line']);
  assert.deepEqual(seen, [0o1600, 1]);
});

test('a line that the log could not carry unchanged is not measured', async () => {
  for (const line of ['', 'two\nlines', 'umlaut ä', 'x'.repeat(1001), 'nul \0', '\x7f']) {
    await assert.rejects(
      recordEvents(device, root, 13, ['good', line]),
      /cannot be measured/,
      JSON.stringify(line),
    );
  }
  assert.equal(existsSync(log), false);
  assert.equal(toHex((await device.readPcrs('sha256', [13])).get(13)!), '00'.repeat(32));
  await recordEvents(device, root, 13, ['x'.repeat(1000)]);
  assert.deepEqual(
    (await records()).map(({ text }) => text),
    ['x'.repeat(1000)],
  );
});

test('a log that has no room left is not extended beyond', async () => {
  mkdirSync(dirname(log), { recursive: true });
  writeFileSync(log, Buffer.alloc(maximumLogBytes - 10), { mode: 0o600 });
  await assert.rejects(recordEvents(device, root, 13, ['line']), /is full/);
  assert.equal(mode(), 0o600);
  assert.equal(toHex((await device.readPcrs('sha256', [13])).get(13)!), '00'.repeat(32));
  appendFileSync(log, Buffer.alloc(11));
  await assert.rejects(readLog(root), CouldNotDecide);
});

test('a log that is a link, or that others may write, is neither read nor written', async () => {
  mkdirSync(dirname(log), { recursive: true });
  writeFileSync(join(root, 'elsewhere'), '', { mode: 0o600 });
  symlinkSync(join(root, 'elsewhere'), log);
  await assert.rejects(recordEvents(device, root, 13, ['line']), CouldNotDecide);
  await assert.rejects(readLog(root), CouldNotDecide);
  rmSync(log);
  writeFileSync(log, '');
  chmodSync(log, 0o660);
  await assert.rejects(recordEvents(device, root, 13, ['line']), CouldNotDecide);
  await assert.rejects(readLog(root), CouldNotDecide);
  assert.equal(toHex((await device.readPcrs('sha256', [13])).get(13)!), '00'.repeat(32));
});

test('without a log the log is empty, and reading does not create it', async () => {
  assert.deepEqual(await readLog(root), { bytes: new Uint8Array(0), incomplete: false });
  mkdirSync(dirname(log), { recursive: true });
  assert.deepEqual(await readLog(root), { bytes: new Uint8Array(0), incomplete: false });
  assert.equal(existsSync(log), false);
});

test('writers wait while the log is shared, readers do not', async () => {
  await recordEvents(device, root, 13, ['first']);
  let writer: Promise<unknown> = Promise.resolve();
  await withSharedLog(root, async ({ bytes }) => {
    writer = recordEvents(device, root, 13, ['second']);
    await readLog(root);
    await sleep(300);
    assert.equal(statSync(log).size, bytes.length);
    const value = (await device.readPcrs('sha256', [13])).get(13)!;
    assert.equal(toHex(value), toHex(digest('sha256', new Uint8Array(32), digest('sha256', 'first'))));
  });
  await writer;
  await assertReplays(13);
});

test('a log that comes into being while it is used as absent is used again', async () => {
  const seen: number[] = [];
  const result = await withSharedLog(root, async ({ bytes }) => {
    seen.push(bytes.length);
    if (seen.length === 1) await recordEvents(device, root, 13, ['line']);
    return toHex((await device.readPcrs('sha256', [13])).get(13)!);
  });
  assert.deepEqual(seen, [0, statSync(log).size]);
  assert.equal(result, toHex(digest('sha256', new Uint8Array(32), digest('sha256', 'line'))));
});
