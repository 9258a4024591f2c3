import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { sampleBoot } from '../../test-vectors/generate/log-sample.ts';
import { writeLog } from '../../test-vectors/generate/log-writer.ts';
import { appraise } from '../../verifier/appraisal/appraise.ts';
import type { Appraisal } from '../../verifier/appraisal/appraisal.ts';
import { type Appraiser, createAppraiser } from '../../verifier/appraisal/appraiser.ts';
import { digest } from '../../verifier/bytes/digest.ts';
import { type Evidence, toEvidenceDocument } from '../../verifier/evidence/evidence.ts';
import { loadPolicy } from '../../verifier/policy/load.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { createAttester } from '../attester/attester.ts';
import { ensureIdentity, type HostIdentity } from '../attester/identity.ts';
import { gate } from '../host/gate.ts';
import { readHostKnowledge } from '../host/host-knowledge.ts';
import { policyFiles } from '../host/policy-files.ts';
import { evidenceBody } from '../http/evidence-body.ts';
import { bootedBy } from './booted-machine.ts';
import { SampleMachine } from './sample-machine.ts';

/** An appraiser that remembers must answer what one that does not answers. */

const plainBoot = sampleBoot.filter(({ pcr }) => pcr !== 13);
const now = new Date();
let machine: SampleMachine;
let policy: Policy;
let host: HostIdentity;
let answers: readonly { readonly nonce: Uint8Array; readonly evidence: Evidence }[];

before(async () => {
  machine = await bootedBy(writeLog(plainBoot));
  machine.put('var/lib/extensions/vendor-a.raw', machine.image('a'));
  const { root, device, policyFile } = machine;
  const text = readFileSync(policyFile);
  policy = await loadPolicy({ text, path: 'policy.yaml', files: policyFiles(policyFile, '/') });
  const knowledge = await readHostKnowledge(root);
  await gate({ root, device, policy, classes: ['sysext'], full: true, now: new Date(), knowledge });
  host = await ensureIdentity(root, device);
  const attester = createAttester({ root, device, measurePcr: 13, ...host });
  const taken = [];
  for (const word of ['one', 'two', 'three']) {
    const nonce = digest('sha256', word);
    taken.push({ nonce, evidence: await attester.attest(nonce) });
  }
  answers = taken;
});

after(() => machine.stop());

const bytesOf = (evidence: Evidence): Uint8Array => Buffer.concat(evidenceBody(evidence));
const labels = new Map<string, string>();

function both(appraiser: Appraiser, evidence: Uint8Array, nonce: Uint8Array, time = now): Appraisal {
  const { identity } = host;
  const remembered = appraiser.appraise({ evidence, nonce, identity, labels, now: time });
  const afresh = appraise({ evidence, nonce, identity, labels, now: time, policy });
  assert.deepEqual(remembered, afresh);
  return remembered;
}

/** An appraiser that has seen the host. */
function seasoned(): Appraiser {
  const appraiser = createAppraiser({ policy });
  for (const { nonce, evidence } of answers)
    assert.equal(both(appraiser, bytesOf(evidence), nonce).verdict, 'trustworthy');
  return appraiser;
}

const codesOf = ({ reasons, extensions }: Appraisal): string[] =>
  [...reasons, ...extensions.flatMap((one) => one.reasons)].map(({ code }) => code);

test('evidence of a host that was seen before is decided as evidence of a stranger', () => {
  seasoned();
});

test('no part of remembered evidence can be changed, one byte at a time', () => {
  const appraiser = seasoned();
  const [answer] = answers;
  assert.ok(answer !== undefined);
  const good = bytesOf(answer.evidence);
  let refused = 0;
  // A step that meets every part of the document, the quote and the binding above all.
  for (let at = 0; at < good.length; at += at < 400 ? 3 : 97) {
    const changed = Uint8Array.from(good);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const { verdict } = both(appraiser, changed, answer.nonce);
    assert.notEqual(verdict, 'trustworthy', `byte ${at}`);
    refused++;
  }
  assert.ok(refused > 200);
});

test('a nonce, a quote and a binding of one answer do not pass with those of another', () => {
  const appraiser = seasoned();
  const [one, two] = answers;
  assert.ok(one !== undefined && two !== undefined);
  assert.deepEqual(codesOf(both(appraiser, bytesOf(one.evidence), two.nonce)), ['nonce-mismatch']);
  const mixed = { ...one.evidence, quote: two.evidence.quote };
  assert.deepEqual(codesOf(both(appraiser, bytesOf(mixed), one.nonce)), ['claims-mismatch']);
});

test('the time is asked for each time: a certificate that has run out is found by an appraiser that knew it', () => {
  const appraiser = seasoned();
  const [answer] = answers;
  assert.ok(answer !== undefined);
  const later = new Date(now.getTime() + 50 * 365 * 24 * 3600 * 1000);
  assert.deepEqual(codesOf(both(appraiser, bytesOf(answer.evidence), answer.nonce, later)), [
    'certificate-expired',
  ]);
  assert.equal(both(appraiser, bytesOf(answer.evidence), answer.nonce).verdict, 'trustworthy');
});

test('hosts that are forgotten are decided about as before', () => {
  for (const rememberedHosts of [0, 1]) {
    const appraiser = createAppraiser({ policy, rememberedHosts });
    for (const { nonce, evidence } of [...answers, ...answers])
      assert.equal(both(appraiser, bytesOf(evidence), nonce).verdict, 'trustworthy');
  }
});

test('at no time at all no certificate is valid', () => {
  const appraiser = seasoned();
  const [answer] = answers;
  assert.ok(answer !== undefined);
  const never = both(appraiser, bytesOf(answer.evidence), answer.nonce, new Date(Number.NaN));
  assert.notEqual(never.verdict, 'trustworthy');
});

test('a key that is known is refused under another endorsement key, whoever says that it is there', async () => {
  const [answer] = answers;
  const other = await SampleMachine.start();
  try {
    assert.ok(answer !== undefined);
    const { endorsement } = (await ensureIdentity(other.root, other.device)).identity;
    const identity = { ...host.identity, endorsement };
    const document = toEvidenceDocument({ ...answer.evidence, identity });
    const evidence = Buffer.from(JSON.stringify(document));
    const asked = { evidence, nonce: answer.nonce, identity, labels, now };
    assert.deepEqual(codesOf(appraise({ ...asked, policy })), ['identity-mismatch']);
    assert.deepEqual(codesOf(seasoned().appraise(asked)), ['identity-mismatch']);
  } finally {
    await other.stop();
  }
});

test('labels that the caller changes are those of the next answer', () => {
  const labelled = new Map([['env', ['production']]]);
  const rules = policy.rules.map((rule) => ({ ...rule, labels: labelled }));
  const appraiser = createAppraiser({ policy: { ...policy, rules } });
  const own = new Map([['env', 'production']]);
  const ask = () => {
    const [answer] = answers;
    assert.ok(answer !== undefined);
    const { evidence, nonce } = answer;
    return appraiser.appraise({
      ...{ evidence: bytesOf(evidence), nonce, identity: host.identity, labels: own, now },
    });
  };
  assert.equal(ask().verdict, 'trustworthy');
  own.set('env', 'test');
  assert.deepEqual(codesOf(ask()), ['no-matching-rule']);
});
