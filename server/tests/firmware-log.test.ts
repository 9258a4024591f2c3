import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import request from 'supertest';

import { genuineDirectory } from '../../test-vectors/generate/log-genuine.ts';
import { sampleBoot } from '../../test-vectors/generate/log-sample.ts';
import { writeLog } from '../../test-vectors/generate/log-writer.ts';
import { appraise, type AppraisalInput } from '../../verifier/appraisal/appraise.ts';
import { toBase64 } from '../../verifier/bytes/base64.ts';
import { digest } from '../../verifier/bytes/digest.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import { toEnrolmentDocument } from '../../verifier/enrolment/enrolment-record.ts';
import { completeEvidence } from '../../verifier/evidence/complete-logs.ts';
import {
  type EvidenceDocument,
  parseEvidence,
  toEvidenceDocument,
} from '../../verifier/evidence/evidence.ts';
import { loadPolicy } from '../../verifier/policy/load.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { createAttester, type Attester } from '../attester/attester.ts';
import type { AttesterOptions } from '../attester/attester-options.ts';
import { ensureIdentity } from '../attester/identity.ts';
import { selectLogs } from '../attester/select-logs.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { startEndpoint } from '../cli/endpoint.ts';
import { gate } from '../host/gate.ts';
import { readHostKnowledge } from '../host/host-knowledge.ts';
import { readMeasuredEvents } from '../host/measured-events.ts';
import { policyFiles } from '../host/policy-files.ts';
import { createApp } from '../http/app.ts';
import { urlOf } from '../http/listen.ts';
import { firmwareLogPath } from '../os/host-paths.ts';
import { createLog } from '../os/structured-log.ts';
import { Contract } from './contract.ts';
import { bootedBy } from './booted-machine.ts';
import { collect, SampleMachine } from './sample-machine.ts';

/** Hosts with a firmware log, real ones among them: their TPM holds what the log says. */

/** Without extensions beside the kernel. */
const plainBoot = sampleBoot.filter(({ pcr }) => pcr !== 13);
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

test('what a verifier has is left out for it alone, and one quote answers all', () =>
  onMachine(writeLog(sampleBoot), async (machine) => {
    await openGate(machine);
    const attester = await attesterOf(machine);
    const contract = new Contract();
    const log = createLog(() => undefined, { journal: false, verbose: false });
    const app = createApp({ attester, contract: contract.path, validateResponses: true, log });
    const ask = async (logs?: object): Promise<EvidenceDocument> => {
      const response = await request(app)
        .post('/v1/attestations')
        .send({ nonce: toBase64(nonce), ...(logs === undefined ? {} : { logs }) });
      contract.check('post', '/v1/attestations', response);
      assert.equal(response.status, 200, response.text);
      return response.body;
    };
    const whole = await ask();
    const records = whole.claims.logs.userspace.records;
    assert.ok(records > 2);
    const knownFirmware = whole.claims.logs.firmware?.sha256;
    const answers = await Promise.all([
      ask({ knownFirmware, from: 1 }),
      ask({ knownFirmware: '0'.repeat(64), from: records + 1 }),
      ask({ from: records }),
      ask({}),
    ]);
    const [partly, other, last] = answers;
    // The first to come is quoted for at once.
    assert.ok(new Set(answers.map(({ quote }) => quote.attested)).size <= 2);
    assert.deepEqual(
      answers.map(({ logs }) => [logs.firmware === null, logs.from]),
      [
        [true, 1],
        [false, 0],
        [false, records],
        [false, 0],
      ],
    );
    const bytesOf = ({ logs }: EvidenceDocument): Buffer => Buffer.from(logs.userspace, 'base64');
    assert.equal(last.logs.userspace, '');
    assert.equal(
      bytesOf(partly).toString(),
      bytesOf(whole)
        .toString()
        .split('\u001e')
        .slice(2)
        .map((one) => `\u001e${one}`)
        .join(''),
    );
    assert.deepEqual(other.logs, whole.logs);
    const refused = await request(app)
      .post('/v1/attestations')
      .send({ nonce: toBase64(nonce), logs: { from: -1 } });
    assert.equal(refused.status, 400);
  }));

test('what is left out is put in by a verifier that has it, and refused by others', () =>
  onMachine(writeLog(plainBoot), async (machine) => {
    const policy = await openGate(machine);
    const attester = await attesterOf(machine);
    const { identity } = attester;
    const first = Buffer.from(JSON.stringify(toEvidenceDocument(await attester.attest(nonce))));
    const evidence = await attester.attest(nonce);
    const sha256 = evidence.claims.logs.firmware?.sha256 ?? '';
    const partly = (knownFirmware: string | null, from: number): Uint8Array =>
      Buffer.from(
        JSON.stringify(
          toEvidenceDocument({ ...evidence, logs: selectLogs(evidence, { knownFirmware, from }) }),
        ),
      );
    const judge = (bytes: Uint8Array, known: Partial<AppraisalInput> = {}): string[] => {
      const { verdict, reasons } = appraise({
        ...{ evidence: bytes, nonce, identity, policy, now: new Date(), labels: new Map() },
        ...known,
      });
      return [verdict, ...reasons.map(({ code }) => code)];
    };
    const knownFirmwareLogs = new Map([[sha256, writeLog(plainBoot)]]);
    assert.deepEqual(judge(partly(sha256, 2), { previous: first, knownFirmwareLogs }), ['trustworthy']);
    assert.deepEqual(judge(partly(sha256, 0)), ['undecided', 'firmware-log-unknown']);
    assert.deepEqual(judge(partly(null, 2)), ['undecided', 'log-prefix-unknown']);
    // Under the right name another log: the claims decide.
    const swapped = new Map([[sha256, writeLog([])]]);
    assert.deepEqual(judge(partly(sha256, 0), { knownFirmwareLogs: swapped }), [
      'not-trustworthy',
      'log-event-edited',
    ]);
    // More is left out than the host says.
    const shifted = toEvidenceDocument({
      ...evidence,
      logs: selectLogs(evidence, { knownFirmware: null, from: 2 }),
    });
    shifted.logs.from = 1;
    assert.deepEqual(judge(Buffer.from(JSON.stringify(shifted)), { previous: first }), [
      'not-trustworthy',
      'log-event-missing',
    ]);
    assert.throws(() => judge(first, { previous: partly(null, 1) }), /leaves out the beginning/);
    const known = {
      firmware: knownFirmwareLogs,
      userspace: { bootId: evidence.claims.bootId, log: evidence.logs.userspace },
    };
    assert.deepEqual(judge(completeEvidence(partly(sha256, 2), known)), ['trustworthy']);
    // Forged evidence that leaves logs out is forged before it is incomplete.
    const forged = toEvidenceDocument({
      ...evidence,
      logs: selectLogs(evidence, { knownFirmware: sha256, from: 0 }),
    });
    forged.claims.bootId = '0'.repeat(32);
    assert.deepEqual(judge(Buffer.from(JSON.stringify(forged))), ['not-trustworthy', 'claims-mismatch']);
  }));

test('touchstone attest --previous is sent what is new, and saves evidence that is whole', () =>
  onMachine(writeLog(plainBoot), async (machine) => {
    await openGate(machine);
    const { root, device } = machine;
    const address = { host: '127.0.0.1', port: 0 };
    const log = createLog(() => undefined, { journal: false, verbose: false });
    const endpoint = await startEndpoint({ root, device, measurePcr: 13, address, log });
    try {
      const record = toEnrolmentDocument({
        ...{ enrolled: new Date(), url: urlOf(endpoint.server), endorsement: { trust: 'first-use' } },
        ...{ attestationKeyName: endpoint.identity.attestationKey.name, tpm: null },
        identity: endpoint.identity.identity,
      });
      const identity = machine.put('identity.json', JSON.stringify(record));
      const run = async (...args: string[]): Promise<{ readonly code: number; readonly err: string }> => {
        const collected = collect();
        const own = ['--identity', identity, '--policy', machine.policyFile];
        const code = await runCommandLine([...args, ...own], collected.output);
        return { code, err: collected.out + collected.err };
      };
      const [first, second] = [join(root, 'first.json'), join(root, 'second.json')];
      const attest = ['attest', urlOf(endpoint.server)];
      const begun = await run(...attest, '--save', first);
      assert.equal(begun.code, 0, begun.err);
      machine.put('var/lib/extensions/vendor-a.raw', machine.image('a'));
      await openGate(machine);
      const { code, err } = await run(...attest, '--previous', first, '--save', second);
      assert.equal(code, 0, err);
      const { logs, claims } = parseEvidence(readFileSync(second));
      assert.deepEqual([logs.from, logs.firmware], [0, writeLog(plainBoot)]);
      assert.equal(logs.userspace.length, claims.logs.userspace.bytes);
      const nonceText = /its nonce is (\S+)/.exec(err)?.[1] ?? '';
      assert.equal((await run('appraise', second, '--nonce', nonceText, '--previous', first)).code, 0);
      const known = machine.put('firmware.bin', writeLog(plainBoot));
      assert.equal((await run(...attest, '--firmware-log', known)).code, 0);
    } finally {
      await endpoint.stop();
    }
  }));
