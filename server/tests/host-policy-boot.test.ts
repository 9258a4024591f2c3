import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ascii, authority, handOver, sampleBoot } from '../../test-vectors/generate/log-sample.ts';
import { hash, writeLog } from '../../test-vectors/generate/log-writer.ts';
import { appraise } from '../../verifier/appraisal/appraise.ts';
import { loadAppraisalPolicy } from '../../verifier/appraisal-policy/load-appraisal-policy.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import { type EvidenceDocument, toEvidenceDocument } from '../../verifier/evidence/evidence.ts';
import type { Identity } from '../../verifier/evidence/identity.ts';
import { createAttester } from '../attester/attester.ts';
import { ensureIdentity } from '../attester/identity.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { readPolicy } from '../cli/decision-policy.ts';
import { bootedBy } from './booted-machine.ts';
import { collect, type SampleMachine } from './sample-machine.ts';

/** A policy about hosts, put to a TPM that holds what a firmware measured. */

const nonce = new Uint8Array(32).fill(0x2d);
/** Without extensions beside the kernel, and with a shim that was told to let everything start. */
const boot = sampleBoot.filter(({ pcr }) => pcr !== 13);
const insecure = authority('shim', 'MokSBState', Uint8Array.of(1));
const insecureBoot = [...boot.slice(0, -handOver.length), insecure, ...handOver];

const digestOf = (text: string): string => toHex(hash('sha256', ascii(text)));
const images = ['shim', 'systemd-boot', 'unified kernel'].map(digestOf).join(', ');

interface Booted {
  readonly machine: SampleMachine;
  readonly evidence: EvidenceDocument;
  readonly identity: Identity;
}

const hosts = new Map<'secure' | 'insecure', Booted>();

before(async () => {
  for (const [name, events] of [
    ['secure', boot],
    ['insecure', insecureBoot],
  ] as const) {
    const machine = await bootedBy(writeLog(events));
    const { root, device, tpm } = machine;
    machine.put('var/lib/extensions/vendor-a.raw', machine.image('a'));
    await runCommandLine(['gate', '--root', root, '--tcti', tpm.tcti], collect().output);
    const host = await ensureIdentity(root, device);
    const attester = createAttester({ root, device, measurePcr: 13, ...host });
    const evidence = toEvidenceDocument(await attester.attest(nonce));
    hosts.set(name, { machine, evidence, identity: host.identity });
  }
});

after(async () => {
  for (const { machine } of hosts.values()) await machine.stop();
});

async function ask(
  name: 'secure' | 'insecure',
  requirement: string,
  edit?: (document: EvidenceDocument) => void,
) {
  const { machine, evidence, identity } = hosts.get(name)!;
  const document = structuredClone(evidence);
  edit?.(document);
  const text = `apiVersion: touchstone/v1
kind: AppraisalPolicy
metadata: { name: hosts, version: 1 }
dbx: { 2023-05-09: [${digestOf('a')}] }
rules:
  - name: all hosts
    require: ${requirement}
`;
  const { verdict, reasons } = appraise({
    evidence: Buffer.from(JSON.stringify(document)),
    ...{ nonce, identity, now: new Date(), labels: new Map() },
    policy: await readPolicy(machine.policyFile, { policyTrust: [] }, collect().output),
    appraisalPolicy: loadAppraisalPolicy({ text: Buffer.from(text), path: 'hosts.yaml' }),
  });
  return [verdict, ...reasons.map(({ code }) => code)];
}

const wholeBoot = `{ firmwareLog: true, unexplainedPcrs: [], secureBoot: { enabled: true, dbxDate: 2023-05-09, sbatLevel: 2024-01-09 },
      boot: { images: [${images}], sections: { .cmdline: [${digestOf('root=/dev/vda quiet')}] }, commandLines: [quiet splash] } }`;

test('a host that was started as the policy asks is trustworthy', async () => {
  assert.deepEqual(await ask('secure', wholeBoot), ['trustworthy']);
});

test('a host whose shim lets everything start is not, and all else that it measured is as asked', async () => {
  assert.deepEqual(await ask('insecure', wholeBoot), ['not-trustworthy', 'secure-boot-off']);
});

test('a kernel that the policy does not list is found in the log', async () => {
  const others = images.replace(digestOf('unified kernel'), digestOf('another kernel'));
  assert.deepEqual(await ask('secure', `{ boot: { images: [${others}] } }`), [
    'not-trustworthy',
    'boot-not-listed',
  ]);
});

test('evidence whose firmware log is withheld is refused before the policy is asked', async () => {
  const [verdict] = await ask('secure', wholeBoot, (document) => (document.logs.firmware = null));
  assert.notEqual(verdict, 'trustworthy');
});

test('explain tells of the boot of evidence that was saved', async () => {
  const { machine, evidence } = hosts.get('insecure')!;
  const at = (name: string): string => join(machine.root, name);
  writeFileSync(at('evidence.json'), JSON.stringify(evidence));
  const policy = machine.put(
    'hosts.yaml',
    `apiVersion: touchstone/v1
kind: AppraisalPolicy
metadata: { name: hosts, version: 1 }
rules: [{ name: all hosts, require: { secureBoot: { enabled: true } } }]
`,
  );
  const collected = collect();
  const code = await runCommandLine(
    ['policy', 'explain', at('evidence.json'), '--policy', policy],
    collected.output,
  );
  assert.equal(code, 1);
  assert.match(collected.out, /secure-boot-off: Secure Boot is on, and shim was told not to enforce it\./);
});
