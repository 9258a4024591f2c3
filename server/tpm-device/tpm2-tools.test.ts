import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { digest, type DigestName, digestSizes } from '../../verifier/bytes/digest.ts';
import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import type { TpmDevice } from './device.ts';
import { attestationHandle } from './keys.ts';
import { type SoftwareTpm, startSoftwareTpm } from './software-tpm.ts';
import { openTpm } from './tpm2-tools.ts';

const everyBank: readonly DigestName[] = ['sha1', 'sha256', 'sha384', 'sha512'];

let tpm: SoftwareTpm;
let device: TpmDevice;

before(async () => {
  tpm = await startSoftwareTpm();
  device = openTpm({ tcti: tpm.tcti });
});
after(() => tpm.stop());

function digestsOf(text: string): Map<DigestName, Uint8Array> {
  return new Map(everyBank.map((bank) => [bank, digest(bank, text)]));
}

/** The TPM's arithmetic done here: H(old || digest). */
function replay(bank: DigestName, texts: readonly string[], start?: Uint8Array): Uint8Array {
  let value = start ?? new Uint8Array(digestSizes[bank]);
  for (const text of texts) value = digest(bank, value, digest(bank, text));
  return value;
}

test('the active banks are those of the TPM, in its order', async () => {
  assert.deepEqual(await device.activeBanks(), everyBank);
});

test('PCRs are read by index, whatever the order of the question', async () => {
  const values = await device.readPcrs('sha256', [23, 0, 17]);
  assert.deepEqual([...values.keys()], [0, 17, 23]);
  assert.equal(toHex(values.get(0)!), '00'.repeat(32));
  assert.equal(toHex(values.get(17)!), 'ff'.repeat(32));
  assert.equal(
    (
      await device.readPcrs(
        'sha512',
        Array.from({ length: 24 }, (_, index) => index),
      )
    ).size,
    24,
  );
});

test('extending gives H(old || digest) in every bank, several in the order given', async () => {
  const texts = ['first', 'second', 'first'];
  await device.extendPcr(13, texts.map(digestsOf));
  for (const bank of everyBank) {
    const values = await device.readPcrs(bank, [12, 13]);
    assert.equal(toHex(values.get(13)!), toHex(replay(bank, texts)));
    assert.equal(toHex(values.get(12)!), '00'.repeat(digestSizes[bank]));
  }
});

test('more extends than fit one command keep their order', async () => {
  const texts = Array.from({ length: 150 }, (_, index) => `event ${index}`);
  await device.extendPcr(12, texts.map(digestsOf));
  assert.equal(toHex((await device.readPcrs('sha256', [12])).get(12)!), toHex(replay('sha256', texts)));
});

test('an extend that leaves out a bank, or has a digest of a wrong size, extends nothing', async () => {
  const before = toHex((await device.readPcrs('sha256', [13])).get(13)!);
  const oneBank = new Map<DigestName, Uint8Array>([['sha256', digest('sha256', 'x')]]);
  const short = digestsOf('x').set('sha1', new Uint8Array(19));
  await assert.rejects(device.extendPcr(13, [digestsOf('x'), oneBank]), /in all active banks or in none/);
  await assert.rejects(device.extendPcr(13, [digestsOf('x'), short]), /there is no sha1 digest/);
  await assert.rejects(device.extendPcr(24, [digestsOf('x')]), CouldNotDecide);
  assert.equal(toHex((await device.readPcrs('sha256', [13])).get(13)!), before);
});

test('PCR numbers that are no PCR numbers are refused before the TPM is asked', async () => {
  for (const pcrs of [[], [24], [-1], [1.5], [3, 3], [Number.NaN]]) {
    await assert.rejects(device.readPcrs('sha256', pcrs), CouldNotDecide, String(pcrs));
  }
});

test('a bank that is switched off is neither extended nor read', async () => {
  const state = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  const first = await startSoftwareTpm({ stateDirectory: state });
  const allocated = spawnSync('tpm2_pcrallocate', ['sha1:none+sha256:all+sha384:none+sha512:all'], {
    env: { ...process.env, TPM2TOOLS_TCTI: first.tcti },
  });
  assert.equal(allocated.status, 0, allocated.stderr.toString());
  await first.stop();
  const second = await startSoftwareTpm({ stateDirectory: state });
  try {
    const other = openTpm({ tcti: second.tcti });
    assert.deepEqual(await other.activeBanks(), ['sha256', 'sha512']);
    await assert.rejects(other.readPcrs('sha1', [13]), CouldNotDecide);
    await assert.rejects(other.extendPcr(13, [digestsOf('x')]), /in all active banks or in none/);
    const both = new Map(
      everyBank.filter((bank) => /256|512/.test(bank)).map((bank) => [bank, digest(bank, 'x')]),
    );
    await other.extendPcr(13, [both]);
    assert.equal(toHex((await other.readPcrs('sha512', [13])).get(13)!), toHex(replay('sha512', ['x'])));
  } finally {
    await second.stop();
    rmSync(state, { recursive: true });
  }
});

test('calls made at once are carried out in their order, and too many are refused', async () => {
  const start = (await device.readPcrs('sha256', [14])).get(14)!;
  const texts = Array.from({ length: 64 }, (_, index) => `turn ${index}`);
  const calls = texts.map((text) => device.extendPcr(14, [digestsOf(text)]));
  await assert.rejects(device.readPcrs('sha256', [14]), /too many requests wait/);
  await Promise.all(calls);
  const value = (await device.readPcrs('sha256', [14])).get(14)!;
  assert.equal(toHex(value), toHex(replay('sha256', texts, start)));
});

test('two processes may use the TPM at once', async () => {
  const other = openTpm({ tcti: tpm.tcti });
  const reads = Array.from({ length: 20 }, (_, index) =>
    (index % 2 === 0 ? device : other).readPcrs('sha256', [0]),
  );
  assert.equal((await Promise.all(reads)).length, 20);
});

test('a TPM that is not there cannot decide anything', async () => {
  const nowhere = openTpm({ tcti: 'swtpm:host=127.0.0.1,port=1', timeoutMs: 3000 });
  await assert.rejects(nowhere.activeBanks(), /^CouldNotDecide: tpm2_getcap failed/);
  await assert.rejects(nowhere.readPublic(attestationHandle), CouldNotDecide);
  await assert.rejects(nowhere.readEndorsementCertificate(), CouldNotDecide);
  await assert.rejects(openTpm({ tcti: 'nosuchtcti:x' }).readPcrs('sha256', [0]), CouldNotDecide);
});

test('a TPM that dies cannot decide anything more', async () => {
  const fresh = await startSoftwareTpm();
  const other = openTpm({ tcti: fresh.tcti, timeoutMs: 3000 });
  await other.activeBanks();
  process.kill(fresh.pid, 'SIGKILL');
  await assert.rejects(other.readPcrs('sha256', [13]), CouldNotDecide);
  await assert.rejects(other.extendPcr(13, [digestsOf('x')]), CouldNotDecide);
  await fresh.stop();
});

test('a TPM that never answers is given up at the time limit, and can be used again when it does', async () => {
  const fresh = await startSoftwareTpm();
  try {
    process.kill(fresh.pid, 'SIGSTOP');
    const start = performance.now();
    const mute = openTpm({ tcti: fresh.tcti, timeoutMs: 500 });
    await assert.rejects(
      mute.readPcrs('sha256', [0]),
      /tpm2_pcrread did not end within 0.5 s and was killed/,
    );
    assert.ok(performance.now() - start < 3000);
    process.kill(fresh.pid, 'SIGCONT');
    assert.equal((await mute.readPcrs('sha256', [0])).size, 1);
  } finally {
    process.kill(fresh.pid, 'SIGCONT');
    await fresh.stop();
  }
});

test('no private directory is left behind', async () => {
  const place = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  const previous = process.env['TMPDIR'];
  process.env['TMPDIR'] = place;
  try {
    const { handle } = await device.createAttestationKey();
    await device.quote(handle, { bank: 'sha256', pcrs: [13], qualifyingData: new Uint8Array(32) });
    await assert.rejects(
      device.quote(handle + 1, { bank: 'sha256', pcrs: [13], qualifyingData: new Uint8Array(32) }),
    );
    const fresh = await startSoftwareTpm();
    await fresh.stop();
    assert.deepEqual(readdirSync(place), []);
  } finally {
    if (previous === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = previous;
    rmSync(place, { recursive: true });
  }
});
