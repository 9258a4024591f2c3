import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { parseHex } from '../bytes/hex.ts';
import { reason } from '../reasons.ts';
import { decide } from './decide.ts';
import { type ImageFacts, noSignatureFacts, type SignatureFacts } from './facts.ts';
import type { Policy, Rule } from './policy.ts';

const hash = (digit: string) => parseHex(digit.repeat(64), 'test');

const vendorRule: Rule = {
  name: 'vendor tools',
  class: 'sysext',
  nameGlob: 'vendor-*',
  form: null,
  signedBy: ['vendor'],
  digests: null,
  architecture: null,
  hashTypes: [1],
  at: 'policy.yaml:8:5',
};

const opsRule: Rule = {
  ...{ ...vendorRule, name: 'ops', class: null, nameGlob: null },
  ...{ signedBy: ['ops', 'backup'], at: 'policy.yaml:11:5' },
};

const policy: Policy = {
  name: 'test',
  version: 1,
  sha256: hash('0'),
  path: 'policy.yaml',
  anchors: [],
  rules: [vendorRule, opsRule],
  revokedRootHashes: new Set(),
  revokedCertificates: new Set(),
  onRefused: 'abort',
  measurePcr: 13,
  warnings: [],
};

const byVendor: SignatureFacts = {
  signer: hash('1'),
  trustedBy: new Map([['vendor', [hash('1'), hash('2')]]]),
  distrustedBy: new Map([
    ['ops', [reason('signer-untrusted', 'Not of ops.')]],
    ['backup', [reason('certificate-expired', 'It expired.')]],
  ]),
  reasons: [],
};

const byBackup: SignatureFacts = {
  ...{ signer: hash('3'), trustedBy: new Map([['backup', [hash('3')]]]), reasons: [] },
  distrustedBy: new Map([['vendor', [reason('signer-untrusted', 'Not of the vendor.')]]]),
};

const facts: ImageFacts = {
  class: 'sysext',
  name: 'vendor-tools',
  form: 'ddi',
  hashType: 1,
  architecture: 'x86-64',
  rootHash: hash('a'),
  signature: byVendor,
};

/** The rule that decided, and the reasons with their places; the first alone if accepted. */
function outcome(changedPolicy: Partial<Policy>, changedFacts: Partial<ImageFacts>): (string | null)[] {
  const verdict = decide({ ...policy, ...changedPolicy }, { ...facts, ...changedFacts });
  assert.equal(verdict.verdict, verdict.reasons.length === 0 ? 'accepted' : 'refused');
  return [verdict.rule, ...verdict.reasons.map(({ code, at }) => (at === null ? code : `${code} ${at}`))];
}

test('an image that a matching rule wants and its signer vouches for is accepted, by that rule', () => {
  assert.deepEqual(decide(policy, facts), { verdict: 'accepted', rule: 'vendor tools', reasons: [] });
});

test('any one of the trust sets that a rule names is enough', () => {
  assert.deepEqual(outcome({}, { name: 'site', signature: byBackup }), ['ops']);
});

test('the first rule whose match fits decides, even if a later one would accept', () => {
  assert.deepEqual(outcome({}, { signature: byBackup }), [
    'vendor tools',
    'signer-untrusted policy.yaml:8:5',
  ]);
  assert.deepEqual(outcome({ rules: [opsRule, vendorRule] }, { signature: byBackup }), ['ops']);
});

test('a rule is about its class and its names alone', () => {
  const rules = [vendorRule];
  for (const other of [{ class: 'confext' }, { name: 'Vendor-tools' }, { name: 'tools' }] as const)
    assert.deepEqual(outcome({ rules }, other), [null, 'no-matching-rule']);
});

test('where no rule fits the answer is no', () => {
  assert.deepEqual(outcome({ rules: [] }, {}), [null, 'no-matching-rule']);
});

test("the trust sets' own reasons are given, the most telling first, with the place of the rule", () => {
  assert.deepEqual(outcome({}, { name: 'site' }), [
    'ops',
    'certificate-expired policy.yaml:11:5',
    'signer-untrusted policy.yaml:11:5',
  ]);
});

test('a trust set that the rule does not name has no voice, for or against', () => {
  const signature = {
    ...byVendor,
    distrustedBy: new Map([['other', [reason('certificate-unfit', 'Unfit.')]]]),
  };
  assert.deepEqual(outcome({}, { signature }), ['vendor tools']);
  const { reasons } = decide(policy, { ...facts, name: 'site', signature });
  assert.deepEqual(reasons, [
    {
      code: 'signer-untrusted',
      message: `The rule "ops" wants a signer of ops or backup; ${hash('1')} is of vendor.`,
      at: 'policy.yaml:11:5',
    },
  ]);
});

test('an image without a good signature is refused with the reasons of the signature', () => {
  for (const code of ['unsigned', 'signature-invalid', 'malformed'] as const) {
    const signature = noSignatureFacts(reason(code, 'Because.'));
    assert.deepEqual(outcome({}, { signature }), ['vendor tools', `${code} policy.yaml:8:5`]);
  }
});

test('facts that say nothing at all are refused', () => {
  const signature = { signer: null, trustedBy: new Map(), distrustedBy: new Map(), reasons: [] };
  assert.deepEqual(outcome({}, { signature }), ['vendor tools', 'signer-untrusted policy.yaml:8:5']);
});

test('a rule that names nobody admits nobody', () => {
  const rules = [{ ...vendorRule, signedBy: [] }];
  assert.deepEqual(outcome({ rules }, {}), ['vendor tools', 'signer-untrusted policy.yaml:8:5']);
});

test('a revoked root hash is refused whatever the rules say', () => {
  const revokedRootHashes = new Set([hash('a')]);
  assert.deepEqual(outcome({ revokedRootHashes }, {}), [null, 'root-hash-revoked']);
  assert.deepEqual(outcome({ revokedRootHashes, rules: [] }, {}), [null, 'root-hash-revoked']);
  assert.deepEqual(outcome({ revokedRootHashes }, { rootHash: hash('b') }), ['vendor tools']);
  assert.deepEqual(outcome({ revokedRootHashes }, { rootHash: null }), ['vendor tools']);
});

test('a revoked signer, or any other certificate of its chain, is refused before a rule is asked', () => {
  for (const digit of ['1', '2']) {
    const revokedCertificates = new Set([hash(digit)]);
    assert.deepEqual(outcome({ revokedCertificates }, {}), [null, 'certificate-revoked']);
    assert.deepEqual(outcome({ revokedCertificates, rules: [] }, {}), [null, 'certificate-revoked']);
  }
  assert.deepEqual(outcome({ revokedCertificates: new Set([hash('3')]) }, {}), ['vendor tools']);
});

const byTwo: SignatureFacts = {
  ...byVendor,
  trustedBy: new Map([
    ['vendor', [hash('1'), hash('2')]],
    ['second', [hash('1'), hash('4')]],
  ]),
};

test('a chain without a revoked certificate is enough, if a rule names its trust set', () => {
  const revokedCertificates = new Set([hash('2')]);
  const both = [{ ...vendorRule, signedBy: ['vendor', 'second'] }];
  assert.deepEqual(outcome({ rules: both, revokedCertificates }, { signature: byTwo }), ['vendor tools']);
  assert.deepEqual(outcome({ revokedCertificates }, { signature: byTwo }), [
    'vendor tools',
    'certificate-revoked policy.yaml:8:5',
  ]);
});

test('a certificate in every chain, or the signer of any of them, is revoked for all', () => {
  const rules = [{ ...vendorRule, signedBy: ['vendor', 'second'] }];
  for (const digits of ['1', '24']) {
    const revokedCertificates = new Set(Array.from(digits, hash));
    assert.deepEqual(outcome({ rules, revokedCertificates }, { signature: byTwo }), [
      null,
      'certificate-revoked',
    ]);
  }
  const elsewhere = new Map([['vendor', [hash('2')]]]);
  const signature = { ...byVendor, trustedBy: elsewhere };
  assert.deepEqual(outcome({ revokedCertificates: new Set([hash('1')]) }, { signature }), [
    null,
    'certificate-revoked',
  ]);
});

test('an architecture the rule does not list is refused; one nobody knows is left to the host', () => {
  const rules: Rule[] = [{ ...vendorRule, architecture: ['arm64'] }];
  assert.deepEqual(outcome({ rules }, {}), ['vendor tools', 'wrong-architecture policy.yaml:8:5']);
  assert.deepEqual(outcome({ rules }, { architecture: null }), ['vendor tools']);
  assert.deepEqual(outcome({ rules }, { architecture: 'arm64' }), ['vendor tools']);
});

test('all that a rule has against an image is said at once', () => {
  const rules: Rule[] = [{ ...vendorRule, architecture: ['arm64'] }];
  assert.deepEqual(outcome({ rules }, { signature: byBackup }), [
    'vendor tools',
    'signer-untrusted policy.yaml:8:5',
    'wrong-architecture policy.yaml:8:5',
  ]);
});

const names = fc.constantFrom('vendor', 'ops', 'backup', 'second');
const hashes = fc.constantFrom(...Array.from('1234ab', hash));
const someRule = fc.record({
  name: fc.string(),
  class: fc.constantFrom('sysext', 'confext', null),
  nameGlob: fc.oneof(fc.constant(null), fc.string()),
  form: fc.constantFrom('ddi', 'directory', null),
  signedBy: fc.array(names),
  digests: fc.oneof(
    fc.constant(null),
    fc.record({
      form: fc.constantFrom('directory', 'bare'),
      values: fc.array(hashes).map((list) => new Set(list)),
    }),
  ),
  hashTypes: fc.constantFrom<(0 | 1)[]>([1], [0], [0, 1]),
  architecture: fc.oneof(fc.constant(null), fc.array(fc.constantFrom('x86-64', 'arm64'))),
  at: fc.constantFrom('policy.yaml:1:1', null),
});
const somePolicy = fc.record({
  rules: fc.array(someRule),
  revokedRootHashes: fc.array(hashes, { maxLength: 2 }).map((list) => new Set(list)),
  revokedCertificates: fc.array(hashes, { maxLength: 2 }).map((list) => new Set(list)),
});
const someFacts = fc.record({
  class: fc.constantFrom('sysext', 'confext'),
  name: fc.string(),
  form: fc.constantFrom('ddi', 'bare', 'directory', 'verity'),
  hashType: fc.constantFrom(0, 1, null),
  architecture: fc.constantFrom('x86-64', null),
  rootHash: fc.oneof(hashes, fc.constant(null)),
  signature: fc.record({
    signer: fc.oneof(hashes, fc.constant(null)),
    trustedBy: fc.array(fc.tuple(names, fc.array(hashes))).map((list) => new Map(list)),
    distrustedBy: fc.constant(new Map()),
    reasons: fc.constant([]),
  }),
});

test('whatever the policy and the facts, there is an answer, and a yes has a signer or a digest that a rule wants', () => {
  fc.assert(
    fc.property(somePolicy, someFacts, (changedPolicy, changedFacts) => {
      const asked = { ...policy, ...changedPolicy };
      const answer = decide(asked, { ...facts, ...changedFacts });
      assert.equal(answer.verdict === 'accepted', answer.reasons.length === 0);
      if (answer.verdict === 'refused') return;
      const { rootHash, signature } = changedFacts;
      assert.ok(rootHash === null || !asked.revokedRootHashes.has(rootHash));
      assert.ok(
        asked.rules.some(({ signedBy, digests }) =>
          digests === null
            ? signedBy.some((set) =>
                signature.trustedBy.get(set)?.every((one) => !asked.revokedCertificates.has(one)),
              )
            : rootHash !== null && digests.values.has(rootHash) && digests.form === changedFacts.form,
        ),
      );
    }),
    { numRuns: 2000 },
  );
});
