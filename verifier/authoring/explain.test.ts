import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { filesBy } from '../../test-vectors/generate/policy-files.ts';
import { parseHex } from '../bytes/hex.ts';
import { decide } from '../policy/decide.ts';
import type { ImageFacts, SignerFacts } from '../policy/facts.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy, Rule } from '../policy/policy.ts';
import { reason } from '../reasons.ts';
import { explainDecision, unasked } from './explain.ts';

const hash = (letter: string) => parseHex(letter.repeat(64), 'test', 32);

const head = `apiVersion: touchstone/v1
kind: ExtensionPolicy
metadata: { name: edge, version: 1 }
trust: { vendor: { directories: [d] } }
revoked: { rootHashes: [${'d'.repeat(64)}] }
`;
const policy: Policy = await loadPolicy({
  text: Buffer.from(`${head}rules:
- { name: site, match: { class: confext, labels: { env: [a, b] } }, require: { signedBy: [vendor] } }
- { name: tools, match: { class: sysext, name: 't*' }, validity: { notBefore: 2027-01-01 }, require: { signedBy: [vendor] } }
- { name: rest, match: {}, require: { signedBy: [vendor], noDowngrade: true } }
`),
  path: 'p',
  files: filesBy(() => Promise.reject(new Error('nothing is read'))),
});
const now = new Date('2027-06-01T00:00:00Z');
const context = { now, labels: new Map([['env', 'a']]) };

function signer(...sets: readonly string[]): SignerFacts {
  return {
    ...{ sha256: hash('5'), key: hash('5') },
    trustedBy: new Map(sets.map((set) => [set, [hash('5')]])),
    distrustedBy: new Map(),
  };
}

const facts: ImageFacts = {
  ...{
    class: 'sysext',
    name: 'tools',
    form: 'ddi',
    architecture: 'x86-64',
    rootHash: hash('a'),
    hashType: 1,
  },
  ...{ version: '1', accepted: null, signature: { signers: [signer('vendor')], reasons: [] } },
};

test('every rule is told of: passed over and why, deciding and by what, not reached', () => {
  const { verdict, revoked, rules } = explainDecision(policy, facts, context);
  assert.deepEqual(verdict, { verdict: 'accepted', rule: 'tools', reasons: [] });
  assert.deepEqual(revoked, []);
  const nothing = { matched: [], mismatches: [], reasons: [] };
  assert.deepEqual(rules, [
    {
      ...{ ...nothing, name: 'site', at: 'p:7:3', outcome: 'passed over' },
      mismatches: ['is about the class confext, and this is a sysext'],
    },
    {
      ...{ ...nothing, name: 'tools', at: 'p:8:3', outcome: 'accepts' },
      matched: [
        'is about the class sysext',
        'is about names like "t*"',
        'is in force from 2027-01-01T00:00:00.000Z',
      ],
    },
    { ...nothing, name: 'rest', at: 'p:9:3', outcome: 'not reached' },
  ]);
});

test('the reasons of the rule that refuses are told of, and those of no other', () => {
  const refused = { ...facts, name: 'x', accepted: { highest: '2' } };
  const { verdict, rules } = explainDecision(policy, refused, context);
  assert.equal(verdict.rule, 'rest');
  assert.deepEqual(
    rules.map(({ outcome, reasons }) => [outcome, reasons.map(({ code }) => code)]),
    [
      ['passed over', []],
      ['passed over', []],
      ['refuses', ['downgrade']],
    ],
  );
  assert.deepEqual(rules[2]?.matched, ['is about everything']);
});

test('labels that match are told of', () => {
  const { rules } = explainDecision(policy, { ...facts, class: 'confext' }, context);
  assert.deepEqual(rules[0]?.matched, [
    'is about the class confext',
    'is about hosts with the label env: a or b',
  ]);
});

test('where something is revoked no rule is reached', () => {
  const { verdict, revoked, rules } = explainDecision(policy, { ...facts, rootHash: hash('d') }, context);
  assert.deepEqual([verdict.verdict, verdict.rule, verdict.reasons], ['refused', null, revoked]);
  assert.deepEqual(
    revoked.map(({ code }) => code),
    ['root-hash-revoked'],
  );
  assert.deepEqual(rules, unasked(policy));
  assert.ok(rules.every(({ outcome }) => outcome === 'not reached'));
});

const scope = fc.record({
  class: fc.constantFrom(null, 'sysext', 'confext'),
  nameGlob: fc.constantFrom(null, 'a', 'a*', '?'),
  form: fc.constantFrom(null, 'ddi', 'sidecar', 'bare', 'directory'),
  labels: fc.constantFrom(new Map(), new Map([['env', ['a']]]), new Map([['env', ['b']]])),
  validity: fc.record({
    notBefore: fc.constantFrom(null, new Date(0), new Date('2028-01-01')),
    notAfter: fc.constantFrom(null, new Date(1), new Date('2028-01-01')),
  }),
  admits: fc.constantFrom<Rule['admits']>(
    { kind: 'signed-by', sets: ['vendor'] },
    { kind: 'signed-by-all', sets: ['vendor', 'ops'] },
    { kind: 'digest', form: 'bare', values: new Set([hash('a')]) },
  ),
  noDowngrade: fc.boolean(),
});
const someFacts = fc.record({
  class: fc.constantFrom('sysext', 'confext'),
  name: fc.constantFrom('a', 'ab', 'b'),
  form: fc.constantFrom('ddi', 'sidecar', 'bare', 'directory'),
  rootHash: fc.constantFrom(null, hash('a'), hash('d')),
  accepted: fc.constantFrom<ImageFacts['accepted']>(null, 'lost', { highest: '2' }, { highest: '1' }),
  signature: fc.constantFrom<ImageFacts['signature']>(
    { signers: [], reasons: [reason('unsigned', 'Nobody.')] },
    { signers: [signer('vendor')], reasons: [] },
    { signers: [signer('ops')], reasons: [] },
  ),
});

test('the verdict is that of the policy, and the steps lead to it', () => {
  fc.assert(
    fc.property(fc.array(scope, { maxLength: 5 }), someFacts, (scopes, some) => {
      const rules = scopes.map((one, index): Rule => ({
        ...one,
        ...{
          name: `rule ${index}`,
          at: `p:${index}:1`,
          rootHashes: null,
          architecture: null,
          hashTypes: [1],
          version: null,
        },
        rootHashes: null,
      }));
      const asked = { ...policy, rules };
      const image = { ...facts, ...some };
      const explained = explainDecision(asked, image, context);
      assert.deepEqual(explained.verdict, decide(asked, image, context));
      const decider = explained.rules.find(({ outcome }) => outcome === 'accepts' || outcome === 'refuses');
      assert.equal(decider?.name ?? null, explained.verdict.rule);
      assert.equal(decider?.outcome === 'accepts', explained.verdict.verdict === 'accepted');
      if (decider !== undefined) assert.deepEqual(decider.reasons, explained.verdict.reasons);
      const at = decider === undefined ? rules.length : rules.findIndex(({ name }) => name === decider.name);
      const outcomes = explained.rules.map(({ outcome }) => outcome);
      const isRevoked = explained.revoked.length > 0;
      assert.ok(
        outcomes.slice(0, at).every((outcome) => outcome === (isRevoked ? 'not reached' : 'passed over')),
      );
      assert.ok(outcomes.slice(at + 1).every((outcome) => outcome === 'not reached'));
    }),
    { numRuns: 3000, seed: 11 },
  );
});
