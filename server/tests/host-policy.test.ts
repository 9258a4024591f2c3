import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { toBase64 } from '../../verifier/bytes/base64.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import { toEnrolmentDocument } from '../../verifier/enrolment/enrolment-record.ts';
import { type Evidence, toEvidenceDocument } from '../../verifier/evidence/evidence.ts';
import { createAttester } from '../attester/attester.ts';
import { ensureIdentity } from '../attester/identity.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { collect, SampleMachine } from './sample-machine.ts';

/** A policy about hosts, put to the evidence of a TPM that was asked by the commands. */

const nonce = new Uint8Array(Buffer.alloc(32, 0x2a));
let machine: SampleMachine;
let evidence: Evidence;

const at = (name: string): string => join(machine.root, name);

async function touchstone(...args: readonly string[]) {
  const collected = collect();
  const code = await runCommandLine(args, collected.output);
  return { code, out: collected.out, err: collected.err };
}

async function attest(): Promise<Evidence> {
  const { root, device } = machine;
  const host = await ensureIdentity(root, device);
  return createAttester({ root, device, measurePcr: 13, ...host }).attest(nonce);
}

before(async () => {
  machine = await SampleMachine.start();
  machine.put('var/lib/extensions/vendor-a.raw', machine.image('a'));
  await touchstone('gate', '--root', machine.root, '--tcti', machine.tpm.tcti);
  evidence = await attest();
  writeFileSync(at('evidence.json'), JSON.stringify(toEvidenceDocument(evidence)));
  const host = await ensureIdentity(machine.root, machine.device);
  const record = toEnrolmentDocument({
    ...{ enrolled: new Date(), url: 'http://127.0.0.1:7431/', endorsement: { trust: 'first-use' } },
    ...{ attestationKeyName: host.attestationKey.name, tpm: null, identity: host.identity },
  });
  writeFileSync(at('identity.json'), JSON.stringify(record));
});

after(() => machine.stop());

interface Asked {
  readonly require?: string;
  readonly warn?: string;
}

function writePolicy({ require, warn }: Asked): string {
  const part = (name: string, text: string | undefined): string =>
    text === undefined ? '' : `    ${name}: ${text}\n`;
  const head = 'apiVersion: touchstone/v1\nkind: AppraisalPolicy\nmetadata: { name: hosts, version: 3 }\n';
  const rule = `rules:\n  - name: all hosts\n${part('require', require)}${part('warn', warn)}`;
  writeFileSync(at('hosts.yaml'), head + rule);
  return at('hosts.yaml');
}

async function appraise(asked: Asked, ...more: readonly string[]) {
  const options = [
    '--identity',
    at('identity.json'),
    '--nonce',
    toBase64(nonce),
    '--policy',
    machine.policyFile,
  ];
  const { code, out, err } = await touchstone(
    ...['appraise', at('evidence.json'), ...options, '--json'],
    ...['--appraisal-policy', writePolicy(asked), ...more],
  );
  assert.equal(err, '');
  const document = JSON.parse(out) as Record<'reasons' | 'warnings', { code: string; at: string }[]> & {
    verdict: string;
    hostPolicy: unknown;
  };
  const codes = (which: 'reasons' | 'warnings') => document[which].map((one) => one.code);
  return { code, document, reasons: codes('reasons'), warnings: codes('warnings') };
}

test('a host that proves what is asked is trustworthy, and the answer names the policy', async () => {
  const pcr13 = toHex(evidence.pcrs.get('sha256')?.get(13) ?? new Uint8Array());
  const { code, document, reasons } = await appraise({
    require: `{ enrolment: activated, pcrs: { 13: [${pcr13}] }, extensions: [{ name: vendor-a }], clock: { maximumRestarts: 0 } }`,
  });
  assert.deepEqual([code, document.verdict, reasons], [0, 'trustworthy', []]);
  assert.match(
    JSON.stringify(document.hostPolicy),
    /^\{"name":"hosts","version":3,"sha256":"[0-9a-f]{64}"\}$/,
  );
});

test('what is known and bad is a no with the place in the policy', async () => {
  const { code, document, reasons } = await appraise({
    require: '{ enrolment: maker, extensions: [{ name: vendor-z }] }',
  });
  assert.deepEqual([code, document.verdict], [1, 'not-trustworthy']);
  assert.deepEqual(reasons, ['enrolment-insufficient', 'extension-missing']);
  assert.equal(document.reasons[0]?.at, `${at('hosts.yaml')}:6:27`);
});

test('what is not known is no answer', async () => {
  const { code, document, reasons } = await appraise({ require: '{ firmwareLog: true, immutable: true }' });
  assert.deepEqual([code, document.verdict, reasons], [3, 'undecided', ['fact-unknown', 'fact-unknown']]);
});

test('what only warns changes neither the answer nor the exit code', async () => {
  const { code, document, warnings } = await appraise({
    require: '{ enrolment: activated }',
    warn: '{ enrolment: maker, firmwareLog: true }',
  });
  assert.deepEqual([code, document.verdict], [0, 'trustworthy']);
  assert.deepEqual(warnings, ['enrolment-insufficient', 'fact-unknown']);
});

test('earlier evidence is what its requirements count from', async () => {
  const asked = { require: '{ clock: { continuous: true, maximumResets: 0, maximumGapSeconds: 600 } }' };
  assert.deepEqual((await appraise(asked)).reasons, ['fact-unknown']);
  const { reasons } = await appraise(asked, '--previous', at('evidence.json'));
  assert.deepEqual(reasons, []);
});

test('people read which policy it was, and its warnings', async () => {
  const { out, code } = await touchstone(
    ...['appraise', at('evidence.json'), '--identity', at('identity.json'), '--nonce', toBase64(nonce)],
    ...['--policy', machine.policyFile, '--appraisal-policy'],
    writePolicy({ require: '{ enrolment: activated }', warn: '{ immutable: true }' }),
  );
  assert.equal(code, 0);
  assert.match(out, /^TRUSTWORTHY\n/);
  assert.match(out, /appraised by\s+hosts version 3\n/);
  assert.match(out, /warning\s+.*fact-unknown.*hosts\.yaml:7:24/);
});

test('a policy that asks for nothing is warned of, and one that is not valid is a policy error', async () => {
  const ask = (policy: string) =>
    touchstone(
      ...['appraise', at('evidence.json'), '--identity', at('identity.json'), '--nonce', toBase64(nonce)],
      ...['--policy', machine.policyFile, '--appraisal-policy', policy],
    );
  assert.match(
    (await ask(writePolicy({ require: '{}' }))).err,
    /hosts\.yaml:6:14: warning: require asks for nothing/,
  );
  const { code, err } = await ask(writePolicy({ require: '{ mergd: true }' }));
  assert.equal(code, 2);
  assert.match(err, /hosts\.yaml:6:16: rules\.0\.require: unknown key "mergd" \(did you mean "merged"\?/);
  assert.equal((await ask(machine.policyFile)).code, 2, 'a policy about extensions is none about hosts');
});

test('--policy-trust asks for a signature of both policies', async () => {
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'],
      ...['-subj', '/CN=Policies', '-keyout', at('team.key'), '-out', at('team.pem')],
      ...['-addext', 'keyUsage=digitalSignature'],
    ],
    { stdio: 'ignore' },
  );
  const hosts = writePolicy({ require: '{ enrolment: activated }' });
  const sign = (file: string) =>
    touchstone('policy', 'sign', file, '--key', at('team.key'), '--certificate', at('team.pem'));
  const ask = () =>
    touchstone(
      ...['appraise', at('evidence.json'), '--identity', at('identity.json'), '--nonce', toBase64(nonce)],
      ...['--policy', machine.policyFile, '--appraisal-policy', hosts, '--policy-trust', at('team.pem')],
    );
  assert.equal((await sign(machine.policyFile)).code, 0);
  const unsigned = await ask();
  assert.equal(unsigned.code, 2);
  assert.match(unsigned.err, /hosts\.yaml:1:1: the policy is not signed/);
  const signed = await sign(hosts);
  assert.match(signed.out, /^signed hosts version 3 as "CN=Policies"/);
  const { code, err } = await ask();
  assert.deepEqual([code, err], [0, '']);
});

test('a signed result names both policies', async () => {
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', at('result.key')]);
  await appraise(
    { require: '{ enrolment: activated }' },
    '--result',
    at('result.jwt'),
    '--result-key',
    at('result.key'),
  );
  const [, payload = ''] = readFileSync(at('result.jwt'), 'utf8').split('.');
  const { policies } = JSON.parse(Buffer.from(payload, 'base64url').toString()).submods.host.touchstone;
  assert.equal(policies.length, 2);
  assert.match(policies[0], /^urn:touchstone:appraisal-policy:hosts:3:sha256:/);
  assert.match(policies[1], /^urn:touchstone:policy:/);
});

const twoRules = `apiVersion: touchstone/v1
kind: AppraisalPolicy
metadata: { name: hosts, version: 3 }
rules:
  - name: all hosts
    require: { enrolment: activated, extensions: [{ name: vendor-z }] }
    warn: { merged: true }
  - name: production
    when: { labels: { env: production } }
    require: { firmwareLog: true }
`;

test('explain goes through the rules with evidence, whoever it is of', async () => {
  const policy = machine.put('hosts.yaml', twoRules);
  const { code, out, err } = await touchstone('policy', 'explain', at('evidence.json'), '--policy', policy);
  assert.deepEqual([code, err], [1, '']);
  assert.equal(
    out,
    `${at('evidence.json')}, whoever it is of
${policy} (hosts, version 3)
  rule 1 "all hosts" (${policy}:5:5): fails
      fact-unknown: The keys of the host do not come from an enrolment record. (${policy}:6:27)
      extension-missing: The sysext vendor-z is not in use. (${policy}:6:51)
      warning: merge-unconfirmed: The sysext set was approved, and no merge of it was confirmed. (${policy}:7:21)
      warning: merge-unconfirmed: The confext set was approved, and no merge of it was confirmed. (${policy}:7:21)
  rule 2 "production" (${policy}:8:5): passed over
      it is about hosts with the label env: production, and the host has no such label
not-trustworthy: fact-unknown, extension-missing
`,
  );
});

test('explain takes what is known of the host besides, and is scripted against', async () => {
  const policy = machine.put('hosts.yaml', twoRules.replace('vendor-z', 'vendor-a'));
  const labels = machine.put('labels.yaml', 'env: production\n');
  const more = [
    '--identity',
    at('identity.json'),
    '--labels',
    labels,
    '--previous',
    at('evidence.json'),
    '--json',
  ];
  const { code, out } = await touchstone(
    'policy',
    'explain',
    at('evidence.json'),
    '--policy',
    policy,
    ...more,
  );
  assert.equal(code, 3);
  const { verdict, rules, policy: named } = JSON.parse(out);
  assert.deepEqual([verdict, named.name], ['undecided', 'hosts']);
  assert.deepEqual(
    rules.map((rule: { outcome: string }) => rule.outcome),
    ['holds', 'could not tell'],
  );
});

test('evidence that does not agree with itself is not asked about', async () => {
  const document = toEvidenceDocument(evidence);
  const forged = machine.put(
    'forged.json',
    JSON.stringify({ ...document, pcrs: { sha256: { 13: '00'.repeat(32) } } }),
  );
  const policy = machine.put('hosts.yaml', twoRules);
  const { code, out } = await touchstone('policy', 'explain', forged, '--policy', policy);
  assert.equal(code, 3);
  assert.match(out, /pcr-selection-mismatch[^]*not asked: the evidence proves nothing\n$/);
});

test('options of one kind of policy do not go with the other', async () => {
  const policy = machine.put('hosts.yaml', twoRules);
  const hosts = ['policy', 'explain', at('evidence.json'), '--policy', policy];
  for (const option of [['--full'], ['--class', 'sysext'], ['--host', '/']])
    assert.equal((await touchstone(...hosts, ...option)).code, 2, option.join(' '));
  assert.equal((await touchstone(...hosts, '--pcr', '16')).code, 2);
  const images = ['policy', 'explain', at('x.raw'), '--policy', machine.policyFile];
  const { code, err } = await touchstone(...images, '--identity', at('identity.json'));
  assert.equal(code, 2);
  assert.match(err, /--identity goes with evidence and an AppraisalPolicy/);
});

const cases = `apiVersion: touchstone/v1
kind: AppraisalPolicyTest
policy: hosts.yaml
cases:
  - name: our host
    evidence: evidence.json
    enrolment: first-use
    expect: not-trustworthy
    code: extension-missing
    warns: [merge-unconfirmed]
    rule: all hosts
  - name: production
    labels: { env: production }
    host: { enrolment: first-use, sets: [{ policy: { name: x, version: 1 }, extensions: [{ name: vendor-z }] }] }
    expect: undecided
    code: fact-unknown
`;

test('tests ask about real evidence and about hosts that are described', async () => {
  machine.put('hosts.yaml', twoRules);
  const { code, out } = await touchstone('policy', 'test', machine.put('hosts.test.yaml', cases));
  assert.equal(code, 0, out);
  assert.match(out, /2 cases: 2 as expected, 0 not; 2 of 2 rules tested\n$/);
});

test('an answer, a code, a warning or a rule that is not as expected fails its case', async () => {
  for (const [expected, other, got] of [
    [
      'expect: not-trustworthy',
      'expect: undecided',
      /got +not-trustworthy by "all hosts" with extension-missing/,
    ],
    ['code: extension-missing', 'code: pcr-not-listed', /expected +not-trustworthy .*with pcr-not-listed/],
    ['warns: [merge-unconfirmed]', 'warns: []', /warned of nothing[^]*warning +merge-unconfirmed:/],
    ['rule: all hosts', 'rule: production', /expected +not-trustworthy by the rule "production"/],
  ] as const) {
    const test = machine.put('hosts.test.yaml', cases.replace(expected, other));
    const { code, out } = await touchstone('policy', 'test', test);
    assert.equal(code, 1, out);
    assert.match(out, got);
  }
});

test('a test that cannot be asked is not passed over', async () => {
  const run = (text: string) => touchstone('policy', 'test', machine.put('hosts.test.yaml', text));
  const elsewhere = await run(
    cases.replace('evidence: evidence.json', 'evidence: evidence.json\n    pcr: 12'),
  );
  // No extension is measured there, so that none is merged without being confirmed.
  assert.match(
    elsewhere.out,
    /warned of merge-unconfirmed[^]*got +not-trustworthy .* with extension-missing\n/,
  );
  assert.equal(elsewhere.code, 1);
  const missing = await run(cases.replace('evidence.json', 'none.json'));
  assert.equal(missing.code, 3);
  const nonsense = await run(cases.replace('evidence.json', 'identity.json'));
  assert.equal(nonsense.code, 3);
  const unknown = await run(cases.replace('rule: all hosts', 'rule: all host'));
  assert.equal(unknown.code, 2);
  assert.match(
    unknown.out,
    /hosts\.test\.yaml:11:11: no rule of the policy "hosts" is named "all host" \(did you mean "all hosts"\?/,
  );
  const both = await run(cases.replace('    host:', '    evidence: x\n    host:'));
  assert.match(both.out, /needs either host or evidence/);
  const trusted = await run(cases.replace('expect: undecided', 'expect: trustworthy'));
  assert.match(trusted.out, /cases\.1\.code: goes with another answer/);
  const twice = await run(cases.replace('name: production', 'name: our host'));
  assert.match(twice.out, /a case named "our host" stands further up/);
});
