import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { after, test } from 'node:test';

import fc from 'fast-check';

import { OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { filesBy } from '../../test-vectors/generate/policy-files.ts';
import { findContradiction } from './empty-range.ts';
import type { ImageFacts } from './facts.ts';
import { globCovers } from './glob-covers.ts';
import { knownKeys } from './known-keys.ts';
import { loadPolicy } from './load.ts';
import { mismatches } from './match.ts';
import type { Rule } from './policy.ts';
import { findCovering } from './rule-covers.ts';
import { extensionPolicyJsonSchema } from './schema.ts';
import { isInRange, parseVersionRange } from './version-range.ts';

const pki = new OpensslPki();
after(() => pki.remove());
const files: Readonly<Record<string, string>> = {
  'ca.pem': pki.issue({ subject: '/CN=ca', extensions: ['basicConstraints=critical,CA:TRUE'] }).certificate,
  'leaf.pem': pki.issue({ subject: '/CN=leaf' }).certificate,
};

/** What the loader warns of, for trust sets `vendor` and `ops` and these rules, of which each begins a line. */
async function warnings(ops: string, ...rules: readonly string[]): Promise<string[]> {
  const text = `apiVersion: touchstone/v1
kind: ExtensionPolicy
metadata: { name: edge, version: 1 }
trust:
  vendor: { certificates: [ca.pem] }
  ops: ${ops}
rules:
${rules.map((rule, index) => `- { name: rule ${index + 1}, ${rule} }\n`).join('')}`;
  const policy = await loadPolicy({
    text: Buffer.from(text),
    path: 'p',
    files: filesBy((path) => Promise.resolve(readFileSync(files[path] ?? ''))),
  });
  return policy.warnings.map(({ at, message }) => `${at}: ${message}`);
}

const pinned = '{ certificates: [leaf.pem], pinned: true }';
const both = 'require: { signedBy: [vendor, ops] }';

test('a policy that means what it says has no warnings', async () => {
  const names = [
    'match: { name: a }',
    'match: { name: "b*" }',
    'match: { class: sysext, name: "*" }',
    'match: {}',
  ];
  assert.deepEqual(await warnings(pinned, ...names.map((match) => `${match}, ${both}`)), []);
});

test('a trust set that no rule asks for is warned of', async () => {
  assert.deepEqual(await warnings(pinned, 'match: {}, require: { signedBy: [vendor] }'), [
    'p:6:3: no rule asks for the trust set "ops"; name it in signedBy of a rule, or take it out',
  ]);
});

test('an anchor that can issue nothing is warned of, and only if it is not pinned', async () => {
  assert.deepEqual(await warnings('{ certificates: [ca.pem, leaf.pem] }', `match: {}, ${both}`), [
    'p:6:24: "CN=leaf" is no certificate authority, so nothing is issued under it; did you mean pinned: true?',
  ]);
});

const covered: readonly (readonly [wide: string, narrow: string, isCovered: boolean])[] = [
  ['match: {}', 'match: {}', true],
  ['match: {}', 'match: { class: confext }', true],
  ['match: { name: "*" }', 'match: { name: a }', true],
  ['match: { name: "**" }', 'match: {}', true],
  ['match: { class: sysext }', 'match: { class: sysext, name: a }', true],
  ['match: { class: sysext, name: "a*" }', 'match: { class: sysext, name: "a*" }', true],
  ['match: { name: "a*" }', 'match: { class: sysext, name: "a*" }', true],
  ['match: { name: "a*" }', 'match: { name: "ab*" }', true],
  ['match: { name: "[a-c]*" }', 'match: { name: "b?" }', true],
  ['match: { form: ddi }', 'match: { form: ddi, name: a }', true],
  ['match: { labels: { env: [a, b] } }', 'match: { labels: { env: b, site: x } }', true],
  ['match: {}, validity: { notAfter: 2027-06-30 }', 'match: {}, validity: { notAfter: 2027-06-30 }', true],
  [
    'match: {}, validity: { notBefore: 2027-01-01, notAfter: 2027-12-31 }',
    'match: {}, validity: { notBefore: 2027-01-01, notAfter: 2027-01-31 }',
    true,
  ],
  ['match: { class: sysext }', 'match: { class: confext }', false],
  ['match: { class: sysext }', 'match: {}', false],
  ['match: { class: sysext, name: "*" }', 'match: { name: "*" }', false],
  ['match: { name: a }', 'match: { name: b }', false],
  ['match: { name: "ab*" }', 'match: { name: "a*" }', false],
  ['match: { name: "?*" }', 'match: {}', false],
  ['match: { form: ddi }', 'match: { form: sidecar }', false],
  ['match: { form: ddi }', 'match: {}', false],
  ['match: { labels: { env: a } }', 'match: {}', false],
  ['match: { labels: { env: a } }', 'match: { labels: { env: [a, b] } }', false],
  ['match: { labels: { env: a } }', 'match: { labels: { site: a } }', false],
  ['match: {}, validity: { notAfter: 2027-06-30 }', 'match: {}', false],
  ['match: {}, validity: { notBefore: 2027-06-30 }', 'match: {}', false],
  [
    'match: {}, validity: { notBefore: 2027-01-01, notAfter: 2027-12-31 }',
    'match: {}, validity: { notBefore: 2027-01-01, notAfter: 2028-01-01 }',
    false,
  ],
  [
    'match: {}, validity: { notBefore: 2027-01-01, notAfter: 2027-12-31 }',
    'match: {}, validity: { notBefore: 2026-12-31, notAfter: 2027-12-31 }',
    false,
  ],
];

for (const [wide, narrow, isCovered] of covered) {
  test(`after ${wide}, ${narrow} is ${isCovered ? 'never' : 'still'} asked`, async () => {
    const found = await warnings(pinned, `${wide}, ${both}`, `${narrow}, ${both}`);
    const message =
      'the rule "rule 2" never decides: "rule 1" fits all that it fits, and comes first; move it up, or take it out';
    assert.deepEqual(found, isCovered ? [`p:9:3: ${message}`] : []);
  });
}

test('what a match can have is all compared', () => {
  // A key that `ruleCovers` does not know would make it say that rules never decide which do.
  const keys = ['class', 'name', 'form', 'labels'];
  assert.deepEqual(knownKeys(['rules', 0, 'match'], extensionPolicyJsonSchema()), keys);
  const rule = ['name', 'match', 'validity', 'require'];
  assert.deepEqual(knownKeys(['rules', 0], extensionPolicyJsonSchema()), rule);
});

test('several rules that together fit all that a later one fits are named', async () => {
  const [sysext, confext] = ['match: { class: sysext }', 'match: { class: confext, name: "*" }'];
  const found = await warnings(
    pinned,
    ...[sysext, confext, 'match: { name: a }'].map((one) => `${one}, ${both}`),
  );
  assert.deepEqual(found, [
    'p:10:3: the rule "rule 3" never decides: "rule 1" and "rule 2" together fit all that it fits, and come first; move it up, or take it out',
  ]);
  const forms = ['ddi', 'sidecar', 'bare'].map((form) => `match: { form: ${form} }, ${both}`);
  assert.deepEqual(await warnings(pinned, ...forms, `match: {}, ${both}`), []);
  assert.equal(
    (await warnings(pinned, ...forms, `match: { form: directory }, ${both}`, `match: {}, ${both}`)).length,
    1,
  );
  const partly = ['match: { class: sysext }', 'match: { class: confext, form: ddi }', 'match: { name: a }'];
  assert.deepEqual(await warnings(pinned, ...partly.map((one) => `${one}, ${both}`)), []);
});

test('a rule that ends before it begins, and one whose range of versions is empty, are warned of', async () => {
  const rule = 'require: { signedBy: [vendor, ops], version';
  assert.deepEqual(
    await warnings(
      pinned,
      `match: { name: a }, validity: { notBefore: 2027-01-02, notAfter: 2027-01-01 }, ${both}`,
      `match: { name: b }, validity: { notBefore: 2027-01-01, notAfter: 2027-01-01 }, ${both}`,
      `match: { name: c }, ${rule}: ">= 3, < 2.1" }`,
      `match: { name: d }, ${rule}: ">= 2.1, < 3" }`,
    ),
    [
      'p:8:49: the rule "rule 1" is never in force: it ends before it begins; correct notBefore or notAfter',
      'p:10:84: the rule "rule 3" accepts no version: none is ">= 3" and "< 2.1"; correct the range',
    ],
  );
});

/** Rules over few words, so that many of them cover each other. */
const scope = fc.record({
  class: fc.constantFrom(null, 'sysext', 'confext'),
  nameGlob: fc.constantFrom(null, 'a', 'a*', '*', '?', '[ab]', '*b', 'a?*'),
  form: fc.constantFrom(null, 'ddi', 'sidecar', 'bare', 'directory'),
  labels: fc.constantFrom(new Map(), new Map([['env', ['x']]]), new Map([['env', ['x', 'y']]])),
  validity: fc.record({
    notBefore: fc.constantFrom(null, new Date(0), new Date(2)),
    notAfter: fc.constantFrom(null, new Date(1), new Date(3)),
  }),
});

test('a rule that is said never to decide is never the first that matches', () => {
  const rule = (
    one: Pick<Rule, 'class' | 'nameGlob' | 'form' | 'labels' | 'validity'>,
    index: number,
  ): Rule => ({
    ...one,
    ...{
      name: String(index),
      architecture: null,
      rootHashes: null,
      hashTypes: [1],
      version: null,
      noDowngrade: false,
      at: null,
    },
    ...{ admits: { kind: 'signed-by', sets: [] }, rootHashes: null },
  });
  const cases = product(
    ['sysext', 'confext'] as const,
    ['', 'a', 'b', 'ab', 'c'],
    ['ddi', 'sidecar', 'bare', 'directory'] as const,
    [new Map<string, string>(), new Map([['env', 'x']]), new Map([['env', 'y']]), new Map([['env', 'z']])],
  );
  let found = 0;
  fc.assert(
    fc.property(fc.array(scope, { minLength: 2, maxLength: 5 }), (scopes) => {
      const rules = scopes.map(rule);
      const last = rules.at(-1);
      if (last === undefined || findCovering(rules.slice(0, -1), last, globCovers) === null) return;
      found++;
      for (const [name, text, form, labels] of cases) {
        const facts: ImageFacts = {
          ...{
            class: name,
            name: text,
            form,
            architecture: null,
            rootHash: null,
            hashType: null,
            version: null,
          },
          ...{ accepted: null, signature: { signers: [], reasons: [] } },
        };
        for (const now of [0, 1, 2, 3].map((time) => new Date(time)))
          assert.notEqual(
            rules.find((one) => mismatches(one, facts, { now, labels }).length === 0),
            last,
          );
      }
    }),
    { numRuns: 3000, seed: 5 },
  );
  assert.ok(found > 100, `${found} found`);
});

function product<A, B, C, D>(a: readonly A[], b: readonly B[], c: readonly C[], d: readonly D[]) {
  return a.flatMap((w) => b.flatMap((x) => c.flatMap((y) => d.map((z) => [w, x, y, z] as const))));
}

test('a range that is said to be empty has no version in it', () => {
  const version = fc.string({
    unit: fc.constantFrom(...Array.from('012ab~^.-_')),
    minLength: 1,
    maxLength: 5,
  });
  const operator = fc.constantFrom('>=', '<=', '!=', '>', '<', '=');
  const ranges = fc.array(fc.tuple(operator, version), { minLength: 1, maxLength: 3 });
  let found = 0;
  fc.assert(
    fc.property(ranges, fc.array(version, { minLength: 5, maxLength: 20 }), (comparisons, versions) => {
      const range = parseVersionRange(comparisons.map((one) => one.join(' ')).join(', '));
      assert.ok(typeof range !== 'string');
      if (findContradiction(range) === null) return;
      found++;
      const inside = [...versions, ...comparisons.map(([, one]) => one)].filter((one) =>
        isInRange(range, one),
      );
      assert.deepEqual(inside, [], range.text);
    }),
    { numRuns: 5000, seed: 9 },
  );
  assert.ok(found > 500, `${found} found`);
});

for (const [text, isEmpty] of [
  ['>= 2, < 2', true],
  ['> 2, <= 2', true],
  ['> 2, < 2', true],
  ['> 2, = 2', true],
  ['>= 2, <= 2', false],
  ['= 2, != 2', true],
  ['= 2, = 3', true],
  ['>= 2.10, < 2.9', true],
  ['>= 2.9, < 2.10', false],
  ['= 2', false],
  ['!= 2', false],
  ['> 1, > 2, < 3, >= 4', true],
] as const) {
  test(`${text} is ${isEmpty ? '' : 'not '}seen to be empty`, () => {
    const range = parseVersionRange(text);
    assert.ok(typeof range !== 'string');
    assert.equal(findContradiction(range) !== null, isEmpty);
  });
}

test('a thousand rules with long names are linted in little time', async () => {
  const start = performance.now();
  const rules = Array.from(
    { length: 1000 },
    (_, index) => `match: { name: "${'*a?'.repeat(60)}${index}*" }, ${both}`,
  );
  await warnings(pinned, ...rules);
  assert.ok(performance.now() - start < 10_000, `${performance.now() - start} ms`);
});
