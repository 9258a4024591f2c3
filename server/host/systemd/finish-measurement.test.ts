import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { digest } from '../../../verifier/bytes/digest.ts';
import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { measureLogPath } from '../../os/host-paths.ts';
import type { TpmDevice } from '../../tpm-device/device.ts';
import { type SoftwareTpm, startSoftwareTpm } from '../../tpm-device/software-tpm.ts';
import { openTpm } from '../../tpm-device/tpm2-tools.ts';
import { readMeasuredEvents } from '../measured-events.ts';
import { finishInterrupted } from './append-log.ts';
import { recordEvents } from './measure-log.ts';

let tpm: SoftwareTpm;
let device: TpmDevice;
let root = '';
let log = '';
let pending = '';

beforeEach(async () => {
  tpm = await startSoftwareTpm();
  device = openTpm({ tcti: tpm.tcti, timeoutMs: 5000 });
  root = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  log = join(root, measureLogPath);
  pending = join(root, 'run/touchstone/measuring.json');
  await recordEvents(device, root, 13, ['before']);
});
afterEach(async () => {
  rmSync(root, { recursive: true });
  await tpm.stop();
});

const isMarked = (): boolean => (statSync(log).mode & 0o1000) !== 0;
const readEvents = (): Promise<readonly string[] | null> => readMeasuredEvents(root, device, 13);

/** Measures three lines by a TPM that goes away after it extended by so many of them. */
async function interrupt(
  count: number,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const failing: TpmDevice = {
    ...device,
    extendPcr: async (pcr, digests) => {
      if (count > 0) await device.extendPcr(pcr, digests.slice(0, count));
      await meanwhile();
      throw new CouldNotDecide('the TPM went away');
    },
  };
  await assert.rejects(recordEvents(failing, root, 13, ['one', 'two', 'three']), /the TPM went away/);
  assert.ok(isMarked());
}

/** Extends a PCR in all banks, and tells nobody. */
async function extendSilently(pcr: number): Promise<void> {
  const banks = await device.activeBanks();
  await device.extendPcr(pcr, [new Map(banks.map((bank) => [bank, digest(bank, 'silent')]))]);
}

async function assertUnfinished(): Promise<void> {
  assert.equal(await finishInterrupted(device, root), false);
  assert.ok(isMarked());
  assert.equal(existsSync(pending), false, 'what cannot be ended now never will be');
}

for (const [count, expected] of [
  [0, ['before']],
  [1, ['before', 'one']],
  [3, ['before', 'one', 'two', 'three']],
] as const) {
  test(`of three lines ${count} were extended: their records are added, and the log is complete`, async () => {
    await interrupt(count);
    assert.equal(await finishInterrupted(device, root), true);
    assert.deepEqual(await readEvents(), expected);
    assert.equal(existsSync(pending), false);
    assert.equal(await finishInterrupted(device, root), false);
  });
}

test('who measures next ends it first', async () => {
  await interrupt(2);
  const { incomplete } = await recordEvents(device, root, 13, ['later']);
  assert.equal(incomplete, false);
  assert.deepEqual(await readEvents(), ['before', 'one', 'two', 'later']);
});

test('half a record at the end of the log is completed', async () => {
  const { size } = statSync(log);
  await interrupt(3);
  const records = (JSON.parse(readFileSync(pending, 'utf8')) as { records: string[] }).records.join('');
  appendFileSync(log, records.slice(0, 300), 'latin1');
  assert.equal(await finishInterrupted(device, root), true);
  assert.equal(readFileSync(log, 'latin1').slice(size), records);
  assert.deepEqual(await readEvents(), ['before', 'one', 'two', 'three']);
});

test('what was written down for a measurement that never began is forgotten', async () => {
  await interrupt(0);
  chmodSync(log, 0o600);
  assert.equal(await finishInterrupted(device, root), false);
  assert.equal(existsSync(pending), false);
  assert.deepEqual(await readEvents(), ['before']);
});

test('the mark stays where the PCR has what no line of ours explains', async () => {
  await interrupt(1, () => extendSilently(13));
  await assertUnfinished();
});

test('the mark stays where another PCR has changed: its writer may have been killed too', async () => {
  await interrupt(1, () => extendSilently(11));
  await assertUnfinished();
});

test('the mark stays where the log has gained what is not ours', async () => {
  await interrupt(0);
  appendFileSync(log, 'x');
  await assertUnfinished();
});

test('the mark stays where the log is shorter than it was', async () => {
  await interrupt(0);
  truncateSync(log, 10);
  await assertUnfinished();
});

test('what was written down in another boot, or is damaged, ends nothing', async () => {
  for (const change of [
    (text: string) => text.replace(/"bootId":"../, '"bootId":"zz'),
    (text: string) => text.slice(0, -20),
  ]) {
    await interrupt(3);
    writeFileSync(pending, change(readFileSync(pending, 'utf8')));
    assert.equal(await finishInterrupted(device, root), false);
    assert.ok(isMarked());
    chmodSync(log, 0o600);
  }
});

test('a log that somebody else left marked stays marked', async () => {
  chmodSync(log, 0o1600);
  assert.equal(await finishInterrupted(device, root), false);
  await recordEvents(device, root, 13, ['later']);
  assert.ok(isMarked());
  assert.equal(existsSync(pending), false);
});

test('where the TPM cannot be read nothing is ended, and it can be tried again', async () => {
  await interrupt(3);
  const gone = openTpm({ tcti: 'swtpm:host=127.0.0.1,port=1', timeoutMs: 3000 });
  await assert.rejects(finishInterrupted(gone, root), CouldNotDecide);
  assert.equal(await finishInterrupted(device, root), true);
  assert.deepEqual(await readEvents(), ['before', 'one', 'two', 'three']);
});
