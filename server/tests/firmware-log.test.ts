import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { genuineDirectory } from '../../test-vectors/generate/log-genuine.ts';
import { sampleBoot } from '../../test-vectors/generate/log-sample.ts';
import { writeLog } from '../../test-vectors/generate/log-writer.ts';
import { digest } from '../../verifier/bytes/digest.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import { loadPolicy } from '../../verifier/policy/load.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { createAttester, type Attester } from '../attester/attester.ts';
import type { AttesterOptions } from '../attester/attester-options.ts';
import { ensureIdentity } from '../attester/identity.ts';
import { gate } from '../host/gate.ts';
import { readHostKnowledge } from '../host/host-knowledge.ts';
import { readMeasuredEvents } from '../host/measured-events.ts';
import { policyFiles } from '../host/policy-files.ts';
import { firmwareLogPath } from '../os/host-paths.ts';
import { bootedBy } from './booted-machine.ts';
import { SampleMachine } from './sample-machine.ts';

/** Hosts with a firmware log, real ones among them: their TPM holds what the log says. */

const nonce = new Uint8Array(32).fill(0x2b);

async function policyOf({ policyFile }: SampleMachine): Promise<Policy> {
  return loadPolicy({
    text: readFileSync(policyFile),
    path: 'policy.yaml',
    files: policyFiles(policyFile, '/'),
  });
}

async function openGate(machine: SampleMachine): Promise<Policy> {
  const policy = await policyOf(machine);
  const { root, device } = machine;
  const report = await gate({
    ...{ root, device, policy, classes: ['sysext', 'confext'], full: true, now: new Date() },
    knowledge: await readHostKnowledge(root),
  });
  assert.ok(report.open);
  return policy;
}

async function attesterOf(
  { root, device }: SampleMachine,
  options: Partial<AttesterOptions> = {},
): Promise<Attester> {
  return createAttester({
    root,
    device,
    measurePcr: 13,
    ...(await ensureIdentity(root, device)),
    ...options,
  });
}

async function onMachine(log: Uint8Array, use: (machine: SampleMachine) => Promise<void>): Promise<void> {
  const machine = await bootedBy(log);
  try {
    await use(machine);
  } finally {
    await machine.stop();
  }
}

test('a host is gated, and its log agrees, where the firmware measured extensions into the PCR', () =>
  onMachine(writeLog(sampleBoot), async (machine) => {
    const { root, device } = machine;
    machine.put('var/lib/extensions/vendor-a.raw', machine.image('a'));
    await openGate(machine);
    const events = await readMeasuredEvents(root, device, 13);
    assert.deepEqual(
      events?.map((line) => line.split(':')[0]),
      ['touchstone-policy', 'touchstone-extension', 'touchstone-set', 'touchstone-set'],
    );
    await openGate(machine);
    assert.deepEqual(await readMeasuredEvents(root, device, 13), events, 'measured once');
    rmSync(join(root, firmwareLogPath));
    assert.equal(await readMeasuredEvents(root, device, 13), null);
  }));

test('evidence has the firmware log, and the claims name it', () =>
  onMachine(writeLog(sampleBoot), async (machine) => {
    const { claims, logs, pcrs } = await (await attesterOf(machine)).attest(nonce);
    const log = writeLog(sampleBoot);
    assert.deepEqual(logs.firmware, log);
    assert.deepEqual(claims.logs.firmware, { bytes: log.length, sha256: toHex(digest('sha256', log)) });
    assert.deepEqual([...(pcrs.get('sha256')?.keys() ?? [])], [0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15]);
  }));

test('what is quoted is what was asked for, and the PCR of the extensions', async () => {
  const machine = await SampleMachine.start();
  try {
    const attester = await attesterOf(machine, { quotedPcrs: [7, 4] });
    const { pcrs, logs, claims } = await attester.attest(nonce);
    assert.deepEqual([...(pcrs.get('sha256')?.keys() ?? [])], [4, 7, 13]);
    assert.deepEqual([logs.firmware, claims.logs.firmware], [null, null]);
  } finally {
    await machine.stop();
  }
});

test('a firmware log that is there and cannot be read is not told as none', async () => {
  const machine = await SampleMachine.start();
  try {
    mkdirSync(join(machine.root, firmwareLogPath), { recursive: true });
    const attester = await attesterOf(machine);
    await assert.rejects(attester.attest(nonce), /binary_bios_measurements/);
    const without = await attesterOf(machine, { firmwareLog: 'none' });
    assert.equal((await without.attest(nonce)).logs.firmware, null);
    const path = `${genuineDirectory}/event-postcode.bin`;
    const named = await attesterOf(machine, { firmwareLog: { path } });
    assert.deepEqual((await named.attest(nonce)).logs.firmware, new Uint8Array(readFileSync(path)));
  } finally {
    await machine.stop();
  }
});
