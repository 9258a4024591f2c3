import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { reason } from '../reasons.ts';
import { decide } from './decide.ts';
import { type AcceptedVersion, noSignatureFacts } from './facts.ts';
import type { Rule } from './policy.ts';
import {
  by,
  byBackup,
  byTwo,
  byVendor,
  context,
  facts,
  hash,
  opsRule,
  outcome,
  policy,
  vendorRule,
  vendorSigner,
} from './tests/asked.ts';

test('an image that a matching rule wants and its signer vouches for is accepted, by that rule', () => {
  assert.deepEqual(decide(policy, facts, context), {
    verdict: 'accepted',
    rule: 'vendor tools',
    reasons: [],
  });
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
  const signature = by({
    ...vendorSigner,
    distrustedBy: new Map([['other', [reason('certificate-unfit', 'Unfit.')]]]),
  });
  assert.deepEqual(outcome({}, { signature }), ['vendor tools']);
  const { reasons } = decide(policy, { ...facts, name: 'site', signature }, context);
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
  assert.deepEqual(outcome({}, { signature: by() }), ['vendor tools', 'signer-untrusted policy.yaml:8:5']);
  const unvouched = by({ ...vendorSigner, trustedBy: new Map(), distrustedBy: new Map() });
  assert.deepEqual(outcome({}, { signature: unvouched }), [
    'vendor tools',
    'signer-untrusted policy.yaml:8:5',
  ]);
});

test('a rule that names nobody admits nobody', () => {
  for (const kind of ['signed-by', 'signed-by-all'] as const)
    for (const signature of [byVendor, by()]) {
      const rules: Rule[] = [{ ...vendorRule, admits: { kind, sets: [] } }];
      assert.deepEqual(outcome({ rules }, { signature }), [
        'vendor tools',
        'signer-untrusted policy.yaml:8:5',
      ]);
    }
});

test('a revoked root hash is refused whatever the rules say', () => {
  const revokedRootHashes = new Set([hash('a')]);
  assert.deepEqual(outcome({ revokedRootHashes }, {}), [null, 'root-hash-revoked policy.yaml:6:3']);
  assert.deepEqual(outcome({ revokedRootHashes, rules: [] }, {}), [
    null,
    'root-hash-revoked policy.yaml:6:3',
  ]);
  assert.deepEqual(outcome({ revokedRootHashes }, { rootHash: hash('b') }), ['vendor tools']);
  assert.deepEqual(outcome({ revokedRootHashes }, { rootHash: null }), ['vendor tools']);
});

test('a revoked signer, or any other certificate of its chain, is refused before a rule is asked', () => {
  for (const digit of ['1', '2']) {
    const revokedCertificates = new Set([hash(digit)]);
    assert.deepEqual(outcome({ revokedCertificates }, {}), [null, 'certificate-revoked policy.yaml:6:3']);
    assert.deepEqual(outcome({ revokedCertificates, rules: [] }, {}), [
      null,
      'certificate-revoked policy.yaml:6:3',
    ]);
  }
  assert.deepEqual(outcome({ revokedCertificates: new Set([hash('3')]) }, {}), ['vendor tools']);
});

const either: Rule = { ...vendorRule, admits: { kind: 'signed-by', sets: ['vendor', 'second'] } };

test('a chain without a revoked certificate is enough, if a rule names its trust set', () => {
  const revokedCertificates = new Set([hash('2')]);
  assert.deepEqual(outcome({ rules: [either], revokedCertificates }, { signature: byTwo }), ['vendor tools']);
  assert.deepEqual(outcome({ revokedCertificates }, { signature: byTwo }), [
    'vendor tools',
    'certificate-revoked policy.yaml:6:3',
  ]);
});

test('a certificate in every chain, or the signer of any of them, is revoked for all', () => {
  const rules = [either];
  for (const digits of ['1', '24']) {
    const revokedCertificates = new Set(Array.from(digits, hash));
    assert.deepEqual(outcome({ rules, revokedCertificates }, { signature: byTwo }), [
      null,
      'certificate-revoked policy.yaml:6:3',
    ]);
  }
  const elsewhere = new Map([['vendor', [hash('2')]]]);
  const signature = by({ ...vendorSigner, trustedBy: elsewhere });
  assert.deepEqual(outcome({ revokedCertificates: new Set([hash('1')]) }, { signature }), [
    null,
    'certificate-revoked policy.yaml:6:3',
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
const moments = fc.constantFrom(null, new Date('2020-01-01'), new Date('2030-01-01'), new Date(NaN));
const someRule = fc.record({
  name: fc.string(),
  class: fc.constantFrom('sysext', 'confext', null),
  nameGlob: fc.oneof(fc.constant(null), fc.string()),
  form: fc.constantFrom('ddi', 'directory', null),
  labels: fc.constantFrom(new Map(), new Map([['env', ['staging']]])),
  validity: fc.record({ notBefore: moments, notAfter: moments }),
  admits: fc.oneof(
    fc.record({ kind: fc.constantFrom('signed-by', 'signed-by-all'), sets: fc.array(names) }),
    fc.record({
      kind: fc.constant('digest'),
      form: fc.constantFrom('directory', 'bare'),
      values: fc.array(hashes).map((list) => new Set(list)),
    }),
  ),
  version: fc.constantFrom(null, { text: '>= 2', comparisons: [{ operator: '>=', version: '2' }] } as const),
  noDowngrade: fc.boolean(),
  rootHashes: fc.oneof(
    fc.constant(null),
    fc.array(hashes).map((list) => new Set(list)),
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
  form: fc.constantFrom('ddi', 'bare', 'directory', 'sidecar'),
  hashType: fc.constantFrom(0, 1, null),
  architecture: fc.constantFrom('x86-64', null),
  rootHash: fc.oneof(hashes, fc.constant(null)),
  version: fc.constantFrom(null, '', '1', '2.1'),
  accepted: fc.constantFrom<AcceptedVersion>(null, 'lost', { highest: null }, { highest: '2' }),
  signature: fc.record({
    signers: fc.array(
      fc.record({
        ...{ sha256: hashes, key: hashes },
        trustedBy: fc.array(fc.tuple(names, fc.array(hashes))).map((list) => new Map(list)),
        distrustedBy: fc.constant(new Map()),
      }),
      { maxLength: 3 },
    ),
    reasons: fc.constant([]),
  }),
});

test('whatever the policy and the facts, there is an answer, and a yes has a signer or a digest that a rule wants', () => {
  fc.assert(
    fc.property(somePolicy, someFacts, (changedPolicy, changedFacts) => {
      const asked = { ...policy, ...changedPolicy };
      const answer = decide(asked, { ...facts, ...changedFacts }, context);
      assert.equal(answer.verdict === 'accepted', answer.reasons.length === 0);
      if (answer.verdict === 'refused') return;
      const { rootHash, signature } = changedFacts;
      assert.ok(rootHash === null || !asked.revokedRootHashes.has(rootHash));
      assert.ok(
        asked.rules.some(({ admits }) =>
          admits.kind === 'digest'
            ? rootHash !== null && admits.values.has(rootHash) && admits.form === changedFacts.form
            : signature.signers.length > 0 &&
              signature.signers.every(({ sha256, trustedBy }) =>
                admits.sets.some((set) =>
                  [sha256, ...(trustedBy.get(set) ?? [sha256])].every(
                    (one) => trustedBy.has(set) && !asked.revokedCertificates.has(one),
                  ),
                ),
              ),
        ),
      );
    }),
    { numRuns: 2000 },
  );
});
