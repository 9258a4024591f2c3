import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import request from 'supertest';

import { genuineDirectory } from '../../test-vectors/generate/log-genuine.ts';
import {
  ascii,
  ipl,
  sampleBoot,
  secureBootOff,
  secureBootOn,
} from '../../test-vectors/generate/log-sample.ts';
import { type BootEvent, writeLog } from '../../test-vectors/generate/log-writer.ts';
import { appraise, type AppraisalInput } from '../../verifier/appraisal/appraise.ts';
import type { Appraisal } from '../../verifier/appraisal/appraisal.ts';
import { toBase64 } from '../../verifier/bytes/base64.ts';
import { digest } from '../../verifier/bytes/digest.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import { type EvidenceDocument, toEvidenceDocument } from '../../verifier/evidence/evidence.ts';
import { buildNonceTree } from '../../verifier/evidence/nonce-tree.ts';
import { qualifyingData } from '../../verifier/evidence/qualifying-data.ts';
import { encodeExtensionEvent } from '../../verifier/measurement/extension-event.ts';
import { loadPolicy } from '../../verifier/policy/load.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { createAttester } from '../attester/attester.ts';
import { ensureIdentity, type HostIdentity } from '../attester/identity.ts';
import { appraisalText, toAppraisalDocument } from '../cli/appraisal-report.ts';
import { gate } from '../host/gate.ts';
import { readHostKnowledge } from '../host/host-knowledge.ts';
import { policyFiles } from '../host/policy-files.ts';
import { recordEvents } from '../host/systemd/measure-log.ts';
import { createApp } from '../http/app.ts';
import { createLog } from '../os/structured-log.ts';
import { bootedBy } from './booted-machine.ts';
import { Contract } from './contract.ts';
import type { SampleMachine } from './sample-machine.ts';

/** Hosts that booted as a firmware log says, appraised by what their endpoint answers. */

const nonce = new Uint8Array(32).fill(0x2c);
const archive = toHex(digest('sha256', 'an archive of extensions'));
/** Without extensions beside the kernel. */
const plainBoot = sampleBoot.filter(({ pcr }) => pcr !== 13);

interface Host {
  readonly machine: SampleMachine;
  readonly policy: Policy;
  readonly identity: HostIdentity;
}

async function onHost(log: Uint8Array, use: (host: Host) => Promise<void>): Promise<void> {
  const machine = await bootedBy(log);
  try {
    const { root, device, policyFile } = machine;
    machine.put('var/lib/extensions/vendor-a.raw', machine.image('a'));
    const text = readFileSync(policyFile);
    const policy = await loadPolicy({ text, path: 'policy.yaml', files: policyFiles(policyFile, '/') });
    const report = await gate({
      ...{ root, device, policy, classes: ['sysext'], full: true, now: new Date() },
      knowledge: await readHostKnowledge(root),
    });
    assert.ok(report.open);
    await use({ machine, policy, identity: await ensureIdentity(root, device) });
  } finally {
    await machine.stop();
  }
}

/** Through the endpoint. */
async function evidenceOf({ machine: { root, device }, identity }: Host): Promise<EvidenceDocument> {
  const attester = createAttester({ root, device, measurePcr: 13, ...identity });
  const contract = new Contract();
  const log = createLog(() => undefined, { journal: false, verbose: false });
  const app = createApp({ attester, contract: contract.path, validateResponses: true, log });
  const response = await request(app)
    .post('/v1/attestations')
    .send({ nonce: toBase64(nonce) });
  contract.check('post', '/v1/attestations', response);
  assert.equal(response.status, 200, response.text);
  return response.body;
}

function judge(
  { policy, identity: { identity } }: Host,
  document: EvidenceDocument,
  known: Partial<AppraisalInput> = {},
): Appraisal {
  return appraise({
    ...{ evidence: Buffer.from(JSON.stringify(document)), nonce, identity, policy },
    ...{ now: new Date(), labels: new Map(), ...known },
  });
}

const codesOf = ({ verdict, reasons, extensions }: Appraisal): string[] => [
  verdict,
  ...[...reasons, ...extensions.flatMap((one) => one.reasons)].map(({ code }) => code),
];

/** A host whose root gives another firmware log, and has the TPM quote the claims about it. */
async function lie(host: Host, firmware: Uint8Array, userspace?: Uint8Array): Promise<EvidenceDocument> {
  const document = await evidenceOf(host);
  document.logs.firmware = toBase64(firmware);
  const { claims } = document;
  claims.logs.firmware = { bytes: firmware.length, sha256: toHex(digest('sha256', firmware)) };
  if (userspace !== undefined) {
    document.logs.userspace = toBase64(userspace);
    const records = Buffer.from(userspace).toString().split('\n').length - 1;
    const sha256 = toHex(digest('sha256', userspace));
    claims.logs.userspace = { bytes: userspace.length, sha256, records, incomplete: false };
  }
  const pcrs = Object.keys(document.pcrs['sha256'] ?? {}).map(Number);
  const { device } = host.machine;
  const quote = await device.quote(host.identity.attestationKeyHandle, {
    ...{ bank: 'sha256', pcrs, qualifyingData: qualifyingData(buildNonceTree([nonce]).root, claims) },
  });
  const values = await device.readPcrs('sha256', pcrs);
  document.pcrs = { sha256: Object.fromEntries([...values].map(([index, value]) => [index, toHex(value)])) };
  document.quote = { attested: toBase64(quote.attested), signature: toBase64(quote.signature) };
  return document;
}

const genuine = [
  { name: 'event-arch-linux', state: 'off' },
  { name: 'event-moklisttrusted', state: 'on' },
  { name: 'event-bootorder', state: 'off' },
] as const;

for (const { name, state } of genuine) {
  test(`a host that booted as ${name} says is trustworthy, and its Secure Boot is ${state}`, () =>
    onHost(new Uint8Array(readFileSync(`${genuineDirectory}/${name}.bin`)), async (host) => {
      const { root, device } = host.machine;
      await recordEvents(device, root, 11, ['enter-initrd', 'leave-initrd']);
      const appraisal = judge(host, await evidenceOf(host));
      assert.deepEqual(codesOf(appraisal), ['trustworthy']);
      assert.match(appraisalText(appraisal), /boot phases +enter-initrd, leave-initrd/);
      assert.equal(appraisal.firmware?.secureBoot.state, state);
      assert.deepEqual(appraisal.firmware.unexplainedPcrs, []);
      assert.match(appraisalText(appraisal), new RegExp(`secure boot +${state}, \\d+ revoked`));
      const { firmware, system } = toAppraisalDocument(appraisal);
      assert.deepEqual(firmware, appraisal.firmware);
      assert.deepEqual(system[0], { pcr: 11, kind: 'phase', phase: 'enter-initrd' });
    }));
}

test('extensions beside the kernel leave the answer open until their digest is known', () =>
  onHost(writeLog(sampleBoot), async (host) => {
    const evidence = await evidenceOf(host);
    const open = judge(host, evidence);
    assert.deepEqual(codesOf(open), ['undecided', 'boot-event-unknown']);
    assert.equal(open.extensions.length, 1, 'what user space measured is told all the same');
    const known = judge(host, evidence, { knownBootDigests: new Set([archive]) });
    assert.deepEqual(codesOf(known), ['trustworthy']);
    assert.deepEqual(
      known.firmware?.sections.map(({ name }) => name),
      ['.linux', '.osrel', '.cmdline', '.initrd'],
    );
  }));

test('a violation that root moves into the firmware log is no yes, whatever it is called there', () =>
  onHost(writeLog(plainBoot), async (host) => {
    const { root, device } = host.machine;
    const violation = encodeExtensionEvent({
      ...{ type: 'violation', class: 'sysext', code: 'unapproved', name: 'x', rootHash: '' },
    });
    await recordEvents(device, root, 13, [violation]);
    const told = await evidenceOf(host);
    assert.deepEqual(codesOf(judge(host, told)), ['not-trustworthy', 'violation']);
    // All of it is moved: the violation comes last, and what comes after it would be next.
    const records = Buffer.from(told.logs.userspace, 'base64').toString().split('\u001e').slice(1);
    const texts = records.map((one) => String(JSON.parse(one).content.string));
    const forged = plainBoot.toSpliced(
      plainBoot.length - 2,
      0,
      ...texts.map((text): BootEvent => ipl(13, 'System extension initrd', ascii(text))),
    );
    const moved = codesOf(judge(host, await lie(host, writeLog(forged), new Uint8Array(0))));
    assert.ok(moved.includes('boot-event-unknown') && !moved.includes('violation'), moved.join());
    assert.notEqual(moved[0], 'trustworthy');
  }));

const forgeries: readonly (readonly [what: string, boot: readonly BootEvent[], code: string])[] = [
  [
    'another Secure Boot',
    plainBoot.map((one) => (one === secureBootOn ? secureBootOff : one)),
    'log-replay-mismatch',
  ],
  ['an event too many', [...plainBoot, ipl(12, 'x', ascii('x'))], 'log-event-added'],
  ['an event left out', plainBoot.filter(({ pcr }, at) => pcr !== 4 || at % 2 === 0), 'log-replay-mismatch'],
  [
    'a separator of another type',
    plainBoot.map((one) => (one.pcr === 2 ? { ...one, type: 0x0d } : one)),
    'log-event-retyped',
  ],
];

test('a firmware log that is not what the TPM holds is refused', () =>
  onHost(writeLog(plainBoot), async (host) => {
    for (const [what, boot, code] of forgeries) {
      const appraisal = judge(host, await lie(host, writeLog(boot)));
      assert.equal(appraisal.verdict, 'not-trustworthy', what);
      assert.ok(codesOf(appraisal).includes(code), `${what}: ${codesOf(appraisal).join()}`);
      assert.equal(appraisal.firmware, null, what);
    }
  }));

test('a quote over the firmware’s PCRs without its log proves nothing of the firmware, and is no fault', () =>
  onHost(writeLog(plainBoot), async (host) => {
    const document = await lie(host, new Uint8Array(0));
    assert.deepEqual(codesOf(judge(host, document)), ['not-trustworthy', 'malformed']);
    const { root, device } = host.machine;
    const without = createAttester({
      ...{ root, device, measurePcr: 13, ...host.identity, firmwareLog: 'none' as const },
    });
    const appraisal = judge(host, toEvidenceDocument(await without.attest(nonce)));
    assert.deepEqual([appraisal.verdict, appraisal.firmware], ['trustworthy', null]);
  }));
