import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { filesIn } from '../../test-vectors/generate/policy-files.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import { compareAspects } from './diff-aspects.ts';
import { diffPolicies } from './diff-policies.ts';
import { movedNames } from './diff-rules.ts';

const written = `apiVersion: touchstone/v1
kind: ExtensionPolicy
metadata: { name: edge, version: 3 }
trust:
  vendor: { certificates: [vendor-ca.pem], extendedKeyUsage: [codeSigning] }
  ops: { certificates: [ops.pem], pinned: true }
revoked:
  rootHashes: [${'a'.repeat(64)}]
rules:
  - { name: tools, match: { class: sysext, name: tools }, require: { signedBy: [vendor, ops], version: ">= 2" } }
  - { name: site, match: { labels: { env: [test, staging] } }, require: { signedBy: [ops] } }
  - { name: last, match: { form: bare }, require: { fileDigest: ["sha256:${'b'.repeat(64)}"] } }
`;

function load(text: string, path: string): Promise<Policy> {
  return loadPolicy({ text: Buffer.from(text), path, files: filesIn('policies') });
}

const old = await load(written, 'old.yaml');

/** What differs if one text is put in the place of another, in one string each. */
async function edited(from: string | RegExp, to: string): Promise<readonly string[]> {
  const text = written.replace(from, to);
  assert.notEqual(text, written);
  return diffPolicies(old, await load(text, 'new.yaml')).map(
    ({ subject, change, name, oldAt, newAt, details }) =>
      [
        `${subject} ${change} ${name} (${oldAt} -> ${newAt})`,
        ...details.map((detail) => `${detail.what}: ${detail.old} -> ${detail.new}`),
      ].join('; '),
  );
}

test('what is written in another way and means the same is no difference', async () => {
  for (const [from, to] of [
    ['kind: ExtensionPolicy', 'kind: "ExtensionPolicy" # a remark\nmode: enforce'],
    ['[vendor, ops]', '[ops, vendor]'],
    ['[test, staging]', '[staging, test]'],
    ['certificates: [ops.pem]', 'certificates: [./ops.pem, ops.pem]'],
    ['extendedKeyUsage: [codeSigning]', 'extendedKeyUsage: [codeSigning, codeSigning], pinned: false'],
    ['version: ">= 2"', 'version: ">= 2", hashType: [1], noDowngrade: false'],
  ] as const)
    assert.deepEqual(await edited(from, to), [], to);
});

test('each difference is named, with its places', async () => {
  const cases: readonly (readonly [from: string | RegExp, to: string, ...differences: string[]])[] = [
    [
      'version: 3',
      'version: 4, minimum: 4',
      'policy changed metadata.version (old.yaml:3:34 -> new.yaml:3:34); value: 3 -> 4',
      'policy changed metadata.minimum (null -> new.yaml:3:46); value: none -> 4',
    ],
    [
      'name: edge',
      'name: rim',
      'policy changed metadata.name (old.yaml:3:19 -> new.yaml:3:19); value: edge -> rim',
    ],
    ['rules:', 'mode: audit\nrules:', 'policy changed mode (null -> new.yaml:9:7); value: enforce -> audit'],
    [
      'rules:',
      'onRefused: abort\nmeasure: { pcr: 12 }\nrules:',
      'policy changed onRefused (null -> new.yaml:9:12); value: quarantine -> abort',
      'policy changed measure.pcr (null -> new.yaml:10:17); value: 13 -> 12',
    ],
    [
      'extendedKeyUsage: [codeSigning]',
      'pinned: true',
      'trust changed vendor (old.yaml:5:3 -> new.yaml:5:3); pinned: false -> true; extendedKeyUsage: codeSigning -> null',
    ],
    [
      `rootHashes: [${'a'.repeat(64)}]`,
      `certificates: [{ issuer: CN=x, serial: '01' }]`,
      `revocation removed root hash ${'a'.repeat(64)} (old.yaml:8:15 -> null)`,
      'revocation added certificate 01 of cn=x (null -> new.yaml:8:17)',
    ],
    [
      'class: sysext, name: tools }',
      'class: confext, name: "tools*", form: ddi }',
      'rule changed tools (old.yaml:10:5 -> new.yaml:10:5); class: sysext -> confext; name: tools -> tools*; form: any -> ddi',
    ],
    [
      'version: ">= 2"',
      `rootHash: [${'c'.repeat(64)}], architecture: [arm64], hashType: [0, 1], noDowngrade: true`,
      `rule changed tools (old.yaml:10:5 -> new.yaml:10:5); rootHash: any -> ${'c'.repeat(64)}; architecture: any -> arm64; hashType: null -> 0; version: >= 2 -> any; noDowngrade: false -> true`,
    ],
    [
      'signedBy: [vendor, ops]',
      'signedByAll: [vendor, ops]',
      'rule changed tools (old.yaml:10:5 -> new.yaml:10:5); signedBy: vendor -> null; signedBy: ops -> null; signedByAll: null -> vendor; signedByAll: null -> ops',
    ],
    [
      '{ env: [test, staging] } }',
      `{ env: prod } }, validity: { notAfter: '2030-01-01' }`,
      'rule changed site (old.yaml:11:5 -> new.yaml:11:5); labels: env: staging or test -> env: prod; in force: always -> until 2030-01-01T23:59:59.999Z',
    ],
    [
      `"sha256:${'b'.repeat(64)}"`,
      `"sha256:${'b'.repeat(64)}", "sha256:${'d'.repeat(64)}"`,
      `rule changed last (old.yaml:12:5 -> new.yaml:12:5); fileDigest: null -> ${'d'.repeat(64)}`,
    ],
    [
      /( {2}- \{ name: tools.*\n)( {2}- \{ name: site.*\n)/,
      '$2$1',
      'rule moved site (old.yaml:11:5 -> new.yaml:10:5); place: 2 -> 1',
    ],
    [
      /( {2}- \{ name: tools.*\n)( {2}- \{ name: site.*)\[ops\](.*\n)/,
      '$2[vendor]$3$1',
      'rule changed site (old.yaml:11:5 -> new.yaml:10:5); place: 2 -> 1; signedBy: ops -> vendor',
    ],
  ];
  for (const [from, to, ...differences] of cases) assert.deepEqual(await edited(from, to), differences);
});

test('certificates are told apart by their digests, not by their files', async () => {
  const [difference, ...more] = await edited('certificates: [ops.pem]', 'certificates: [site.pem]');
  assert.deepEqual(more, []);
  assert.match(
    difference ?? '',
    /^trust changed ops \(old\.yaml:6:3 -> new\.yaml:6:3\); certificate: CN=.* \([0-9a-f]{64}\) -> CN=.* \([0-9a-f]{64}\)$/,
  );
});

test('of what is added or removed, all is told', async () => {
  const text = written
    .replace('revoked:', '  site: { certificates: [site.pem] }\nrevoked:')
    .replace('- { name: site,', '- { name: new,');
  const found = diffPolicies(old, await load(text, 'new.yaml'));
  assert.deepEqual(
    found.map(({ subject, change, name, details }) => [subject, change, name, details.length > 0]),
    [
      ['trust', 'added', 'site', true],
      ['rule', 'removed', 'site', true],
      ['rule', 'added', 'new', true],
    ],
  );
});

test('only what has one value for another is a change from one to the other', () => {
  const compare = (old: readonly string[], next: readonly string[]) =>
    compareAspects(new Map([['x', old]]), new Map([['x', next]])).map((one) => [one.old, one.new]);
  assert.deepEqual(compare(['a'], ['b']), [['a', 'b']]);
  assert.deepEqual(compare(['a', 'b'], ['b', 'c']), [['a', 'c']]);
  assert.deepEqual(compare(['a', 'b'], ['c']), [
    ['a', null],
    ['b', null],
    [null, 'c'],
  ]);
  assert.deepEqual(compare([], ['c']), [[null, 'c']]);
  assert.deepEqual(compare(['c', 'd'], ['d', 'c']), []);
});

test('without the rules that moved, those in both policies stand in one order, and fewer would not do', () => {
  const names = fc.uniqueArray(fc.constantFrom<string[]>('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), {
    maxLength: 7,
  });
  const inOneOrder = (
    old: readonly string[],
    next: readonly string[],
    moved: ReadonlySet<string>,
  ): boolean => {
    const keep = (one: readonly string[], other: readonly string[]): string =>
      one.filter((name) => other.includes(name) && !moved.has(name)).join(' ');
    return keep(old, next) === keep(next, old);
  };
  fc.assert(
    fc.property(names, names, (before, after) => {
      const moved = movedNames(before, after);
      assert.ok([...moved].every((name) => before.includes(name) && after.includes(name)));
      assert.ok(inOneOrder(before, after, moved));
      for (let fewer = 0; fewer < 1 << before.length; fewer++) {
        const chosen = new Set(before.filter((_, index) => (fewer >> index) & 1));
        if (chosen.size < moved.size) assert.ok(!inOneOrder(before, after, chosen));
      }
    }),
    { numRuns: 300 },
  );
});
