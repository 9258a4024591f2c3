import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { loadAppraisalPolicy } from '../../verifier/appraisal-policy/load-appraisal-policy.ts';
import { appraise } from '../../verifier/appraisal/appraise.ts';
import { toBase64 } from '../../verifier/bytes/base64.ts';
import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { ClaimedMerge, ClaimedMerges } from '../../verifier/evidence/claims.ts';
import { toEnrolmentDocument } from '../../verifier/enrolment/enrolment-record.ts';
import { type Evidence, toEvidenceDocument } from '../../verifier/evidence/evidence.ts';
import { loadPolicy } from '../../verifier/policy/load.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { createAttester } from '../attester/attester.ts';
import { ensureIdentity, type HostIdentity } from '../attester/identity.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { eventTexts, parseMeasuredLog } from '../host/measured-events.ts';
import { policyFiles } from '../host/policy-files.ts';
import { recordEvents } from '../host/systemd/measure-log.ts';
import { readLog } from '../host/systemd/read-log.ts';
import { collect, SampleMachine } from './sample-machine.ts';

/** Evidence tells what is merged at the moment of its quote, whoever merged it; the host's log is of a sysext that was confirmed. */

const nonce = new Uint8Array(Buffer.alloc(32, 0x2a));
let machine: SampleMachine;
let policy: Policy;
let host: HostIdentity;

before(async () => {
  machine = await SampleMachine.start();
  const { root, device, policyFile } = machine;
  machine.put('var/lib/extensions/vendor-a.raw', machine.image('a'));
  const gated = ['gate', '--root', root, '--tcti', machine.tpm.tcti, '--class', 'sysext'];
  assert.equal(await runCommandLine(gated, collect().output), 0);
  const events = eventTexts(parseMeasuredLog(await readLog(root)), 13);
  const set = events.find((line) => line.startsWith('touchstone-set:sysext:1:'))?.split(':')[3] ?? '';
  await recordEvents(device, root, 13, [`touchstone-merged:sysext:${set}`]);
  const text = await readFile(policyFile);
  policy = await loadPolicy({ text, path: 'policy.yaml', files: policyFiles(policyFile, '/') });
  host = await ensureIdentity(root, device);
});

after(() => machine.stop());

const nothing: ClaimedMerge = { mutable: 'no', extensions: [], confirmed: true, problems: [] };
const seen = (more: Partial<ClaimedMerge>, ...names: readonly string[]): ClaimedMerges => ({
  sysext: { ...nothing, extensions: names.map((name) => ({ name, rootHash: null })), ...more },
  confext: nothing,
});
const asLogged = seen({}, 'vendor-a');
const behind = seen({}, 'vendor-a', 'behind');

/** Evidence of a host that looks like this, one look after the other; the last goes on. */
function attest(...looks: readonly (ClaimedMerges | null)[]): Promise<Evidence> {
  let look = 0;
  const observe = () => Promise.resolve(looks[Math.min(look++, looks.length - 1)] ?? null);
  const { root, device } = machine;
  return createAttester({ root, device, measurePcr: 13, ...host, observe }).attest(nonce);
}

const immutable = loadAppraisalPolicy({
  text: Buffer.from(
    'apiVersion: touchstone/v1\nkind: AppraisalPolicy\nmetadata: { name: hosts, version: 1 }\nrules:\n  - name: all\n    require: { immutable: true }\n',
  ),
  path: 'hosts.yaml',
});

function judge(evidence: Evidence, appraisalPolicy?: typeof immutable) {
  const { verdict, reasons, observed } = appraise({
    evidence: Buffer.from(JSON.stringify(toEvidenceDocument(evidence))),
    ...{ nonce, identity: host.identity, policy, appraisalPolicy, now: new Date(), labels: new Map() },
  });
  return { verdict, codes: reasons.map(({ code }) => code), observed };
}

test('what is merged as the log says is trustworthy, and nothing can be changed', async () => {
  const evidence = await attest(asLogged);
  assert.deepEqual(evidence.claims.merged, asLogged);
  const { verdict, codes, observed } = judge(evidence, immutable);
  assert.deepEqual([verdict, codes], ['trustworthy', []]);
  assert.deepEqual(observed?.[0]?.extensions, [{ name: 'vendor-a', rootHash: null, verdict: 'unconfirmed' }]);
});

test('a merge behind the log is not trustworthy, though nothing of it was measured', async () => {
  const { verdict, codes } = judge(await attest(behind));
  assert.deepEqual([verdict, codes], ['not-trustworthy', ['unapproved']]);
});

test('approved names that were merged anew behind the log are not trustworthy', async () => {
  assert.deepEqual(judge(await attest(seen({ confirmed: false }, 'vendor-a'))).codes, ['merge-unconfirmed']);
});

test('a merge that can be written to, and one that is gone, are not trustworthy', async () => {
  const open = await attest(seen({ mutable: 'yes' }, 'vendor-a'));
  assert.deepEqual(judge(open), { ...judge(open), verdict: 'not-trustworthy', codes: ['hierarchy-mutable'] });
  assert.deepEqual(judge(open, immutable).codes, ['hierarchy-mutable', 'hierarchy-mutable']);
  assert.deepEqual(judge(await attest(seen({}))).codes, ['set-mismatch']);
});

test('a host that did not look says so, and leaves open what depends on it', async () => {
  const evidence = await attest(null);
  assert.deepEqual(judge(evidence), { verdict: 'trustworthy', codes: [], observed: null });
  assert.deepEqual(judge(evidence, immutable).codes, ['fact-unknown']);
});

test('who is asked in the middle of a merge looks again, and a host on which it stays so says what it sees', async () => {
  const settled = await attest(seen({}), seen({}), asLogged);
  assert.deepEqual(settled.claims.merged, asLogged);
  assert.deepEqual((await attest(seen({}))).claims.merged, seen({}));
});

test('a merge between the two looks around a quote is no evidence of either moment', async () => {
  const later = seen({ extensions: [{ name: 'vendor-a', rootHash: 'ab'.repeat(32) }] });
  const first = await attest(asLogged, later, asLogged);
  assert.deepEqual(first.claims.merged, asLogged);
  let look = 0;
  const restless = () => Promise.resolve(look++ % 2 === 0 ? asLogged : behind);
  const { root, device } = machine;
  const attester = createAttester({ root, device, measurePcr: 13, ...host, observe: restless });
  await assert.rejects(attester.attest(nonce), new CouldNotDecide('what is merged changes all the time'));
});

test('what cannot be told is no evidence, and never a claim that nothing is merged', async () => {
  const { root, device } = machine;
  const observe = () => Promise.reject(new CouldNotDecide('the table of mounts cannot be read'));
  const attester = createAttester({ root, device, measurePcr: 13, ...host, observe });
  await assert.rejects(attester.attest(nonce), /the table of mounts cannot be read/);
});

test('claims of what is merged cannot be changed on their way', async () => {
  const document = toEvidenceDocument(await attest(behind));
  document.claims.merged = asLogged;
  const { reasons } = appraise({
    evidence: Buffer.from(JSON.stringify(document)),
    ...{ nonce, identity: host.identity, policy, now: new Date(), labels: new Map() },
  });
  assert.deepEqual(
    reasons.map(({ code }) => code),
    ['claims-mismatch'],
  );
});

test('people and scripts are told what is merged', async () => {
  const ask = async (evidence: Evidence, ...more: readonly string[]) => {
    const collected = collect();
    const file = machine.put('evidence.json', JSON.stringify(toEvidenceDocument(evidence)));
    const record = toEnrolmentDocument({
      ...{ enrolled: new Date(), url: 'http://127.0.0.1:7431/', endorsement: { trust: 'first-use' } },
      ...{ attestationKeyName: host.attestationKey.name, tpm: null, identity: host.identity },
    });
    const identity = machine.put('identity.json', JSON.stringify(record));
    const known = ['--identity', identity, '--nonce', toBase64(nonce), '--policy', machine.policyFile];
    const code = await runCommandLine(['appraise', file, ...known, ...more], collected.output);
    return { code, out: collected.out };
  };
  const found = await ask(await attest(behind));
  assert.equal(found.code, 1);
  assert.match(
    found.out,
    /^ +seen sysext +vendor-a, behind\n +seen confext +nothing merged\n +because +unapproved: /m,
  );
  const { observed } = JSON.parse((await ask(await attest(behind), '--json')).out);
  assert.equal(observed[0].extensions[1].verdict, 'unapproved');
  const result = join(machine.root, 'result.jwt');
  const key = join(machine.root, 'result.key');
  machine.pki.run('genpkey', '-algorithm', 'ed25519', '-out', key);
  await ask(await attest(behind), '--result', result, '--result-key', key);
  const [, payload = ''] = (await readFile(result, 'utf8')).split('.');
  const submodule = JSON.parse(Buffer.from(payload, 'base64url').toString()).submods.host;
  assert.equal(submodule['ear.status'], 'contraindicated');
  assert.equal(submodule['ear.trustworthiness-vector']['file-system'], 96);
  assert.equal(submodule.touchstone.observed[0].extensions[1].verdict, 'unapproved');
  assert.match((await ask(await attest(null))).out, /seen merged +the host did not look\n/);
});
