import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ImageFacts } from '../policy/facts.ts';
import { PolicyInvalid } from '../policy/policy-text.ts';
import { trustOnlyPolicy } from '../policy/trust-only-policy.ts';
import { checkTestNames, parsePolicyTest, type PolicyTest } from './policy-test.ts';

const head = 'apiVersion: touchstone/v1\nkind: PolicyTest\npolicy: ../edge.yaml\n';

function parse(text: string): PolicyTest {
  return parsePolicyTest(Buffer.from(text), 'edge.test.yaml');
}

/** The problems of a test file with these cases, the first of which stands in line 5. */
function problems(cases: string): readonly string[] {
  try {
    parse(`${head}cases:\n${cases}`);
  } catch (error) {
    assert.ok(error instanceof PolicyInvalid);
    return error.problems.map(({ at, message }) => `${at}: ${message}`);
  }
  return [];
}

/** The facts that a description gives. */
function described(description: string, more = ''): ImageFacts {
  const test = parse(`${head}cases: [{ name: a, describe: ${description}, expect: accepted${more} }]`);
  const { subject } = test.cases[0]!;
  assert.ok(subject.kind === 'described');
  return subject.facts;
}

test('a test file is read with the places of its cases', () => {
  const { policy, policyAt, cases } = parse(`${head}cases:
  - name: from a file
    image: images/tools.raw
    class: confext
    labels: { env: staging }
    now: 2027-01-31
    highestAccepted: '2.0'
    expect: refused
    code: downgrade
    rule: vendor tools
  - { name: described, describe: { name: tools }, expect: accepted }
`);
  assert.equal(policy, '../edge.yaml');
  assert.equal(policyAt, 'edge.test.yaml:3:9');
  assert.deepEqual(cases[0], {
    name: 'from a file',
    at: 'edge.test.yaml:5:5',
    subject: { kind: 'image', path: 'images/tools.raw', class: 'confext' },
    now: new Date('2027-01-31T00:00:00Z'),
    labels: new Map([['env', 'staging']]),
    accepted: { highest: '2.0' },
    expected: { verdict: 'refused', code: 'downgrade', rule: 'vendor tools' },
  });
  assert.equal(cases[1]!.at, 'edge.test.yaml:14:5');
  assert.deepEqual(cases[1]!.expected, { verdict: 'accepted', code: null, rule: null });
  assert.equal(cases[1]!.now, null);
  assert.equal(cases[1]!.accepted, null);
});

test('a description of a name alone is of an unsigned sysext image', () => {
  const facts = described('{ name: tools }');
  assert.deepEqual(
    { ...facts, rootHash: null, signature: null },
    {
      ...{ class: 'sysext', name: 'tools', form: 'ddi', architecture: null, rootHash: null, hashType: 1 },
      ...{ version: '', accepted: null, signature: null },
    },
  );
  assert.match(facts.rootHash!, /^[0-9a-f]{64}$/);
  assert.deepEqual(facts.signature.signers, []);
  assert.equal(facts.signature.reasons[0]?.code, 'unsigned');
});

test('what a description says is taken as it stands', () => {
  const facts = described(
    `{ name: site, class: confext, form: sidecar, architecture: arm64, version: '2.1', rootHash: '${'ab'.repeat(32)}', hashType: 0 }`,
    ', highestAccepted: null',
  );
  assert.deepEqual(
    { ...facts, signature: null },
    {
      ...{ class: 'confext', name: 'site', form: 'sidecar', architecture: 'arm64', version: '2.1' },
      ...{ rootHash: 'ab'.repeat(32), hashType: 0, accepted: { highest: null }, signature: null },
    },
  );
  assert.equal(described('{ name: x }', ', historyLost: true').accepted, 'lost');
});

test('a directory has the digest that the description gives, and no hash tree', () => {
  const facts = described(`{ name: x, form: directory, digest: 'sha256:${'cd'.repeat(32)}' }`);
  assert.equal(facts.rootHash, 'cd'.repeat(32));
  assert.equal(facts.hashType, null);
  assert.equal(described('{ name: x, form: bare }').hashType, null);
});

test('signers are vouched for by the sets named, and depend on the certificates given', () => {
  const one = described('{ name: x, signedBy: [vendor, site] }').signature;
  assert.deepEqual(
    [...one.signers[0]!.trustedBy],
    [
      ['vendor', []],
      ['site', []],
    ],
  );
  assert.equal(one.signers.length, 1);
  const sha256 = 'ef'.repeat(32);
  const two = described(
    `{ name: x, signers: [{ signedBy: [vendor], certificates: [{ sha256: '${sha256}' }, { issuer: 'CN=Vendor', serial: '0102' }] }, { signedBy: [site] }] }`,
  ).signature;
  assert.deepEqual([...two.signers[0]!.trustedBy], [['vendor', [sha256, '0102 of cn=vendor']]]);
  assert.deepEqual([...two.signers[1]!.trustedBy], [['site', []]]);
  assert.notEqual(two.signers[0]!.sha256, two.signers[1]!.sha256);
});

test('one signer whom nobody knows, and the signature counts for nothing', () => {
  for (const signature of ['signedBy: []', 'signers: [{ signedBy: [vendor] }, { signedBy: [] }]']) {
    const facts = described(`{ name: x, ${signature} }`);
    assert.deepEqual(facts.signature.signers, []);
    assert.equal(facts.signature.reasons[0]?.code, 'signer-untrusted');
  }
});

const wrong: readonly (readonly [why: string, test: string, problem: RegExp])[] = [
  [
    'an unknown key of a case',
    '- { name: a, describe: { name: x }, expect: accepted, rules: x }',
    /5:55: cases\.0: unknown key "rules" \(did you mean "rule"\?/,
  ],
  [
    'an unknown key of a description',
    '- { name: a, describe: { name: x, signdBy: [v] }, expect: accepted }',
    /5:35: cases\.0\.describe: unknown key "signdBy" \(did you mean "signedBy"\?/,
  ],
  [
    'neither image nor description',
    '- { name: a, expect: accepted }',
    /5:3: cases\.0: needs either image or describe/,
  ],
  [
    'image and description',
    '- { name: a, image: x.raw, describe: { name: x }, expect: accepted }',
    /5:3: cases\.0: needs either image or describe/,
  ],
  [
    'a class beside a description',
    '- { name: a, class: confext, describe: { name: x }, expect: accepted }',
    /5:21: cases\.0\.class: goes with image/,
  ],
  [
    'a code where nothing is refused',
    '- { name: a, describe: { name: x }, expect: accepted, code: unsigned }',
    /5:61: cases\.0\.code: goes with expect: refused/,
  ],
  [
    'a code that is none',
    '- { name: a, describe: { name: x }, expect: refused, code: unsinged }',
    /5:60: cases\.0\.code: /,
  ],
  [
    'a history that is lost and there',
    "- { name: a, describe: { name: x }, historyLost: true, highestAccepted: '1', expect: refused }",
    /highestAccepted: contradicts historyLost/,
  ],
  [
    'a version that YAML takes for a number',
    '- { name: a, describe: { name: x, version: 2.10 }, expect: refused }',
    /5:44: cases\.0\.describe\.version: .*put it in quotes/,
  ],
  [
    'a version that no image can have',
    "- { name: a, describe: { name: x, version: '1:2' }, expect: refused }",
    /describe\.version: is not a version/,
  ],
  [
    'a day that does not exist',
    '- { name: a, describe: { name: x }, now: 2027-02-30, expect: refused }',
    /5:42: cases\.0\.now: is not a day/,
  ],
  [
    'a signed directory',
    '- { name: a, describe: { name: x, form: directory, signedBy: [v] }, expect: refused }',
    /describe\.signedBy: does not go with form: directory/,
  ],
  [
    'a digest of a hash tree',
    `- { name: a, describe: { name: x, digest: 'sha256:${'ab'.repeat(32)}' }, expect: refused }`,
    /describe\.digest: is for a directory or a bare file system/,
  ],
  [
    'two ways to say who signed',
    '- { name: a, describe: { name: x, signedBy: [v], signers: [{ signedBy: [v] }] }, expect: refused }',
    /describe\.signedBy: is said a second time/,
  ],
  [
    'certificates of nobody',
    `- { name: a, describe: { name: x, certificates: [{ sha256: '${'ab'.repeat(32)}' }] }, expect: refused }`,
    /describe\.certificates: belongs to a signer/,
  ],
  [
    'a name twice',
    '- { name: a, describe: { name: x }, expect: refused }\n- { name: a, describe: { name: y }, expect: refused }',
    /6:11: a case named "a" stands further up/,
  ],
  [
    'a name with control characters',
    '- { name: "a\\e[2J", describe: { name: x }, expect: refused }',
    /name: has control characters/,
  ],
  ['no cases', ' []', /5:2: cases: are none/],
];

for (const [why, cases, problem] of wrong) {
  test(`refused with its place: ${why}`, () => {
    const found = problems(cases);
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0]!, problem);
  });
}

test('a policy is no test file, nor is what is not YAML, not UTF-8 or too large', () => {
  assert.throws(() => parse('apiVersion: touchstone/v1\nkind: ExtensionPolicy\n'), PolicyInvalid);
  assert.throws(() => parse('{'), PolicyInvalid);
  assert.throws(() => parsePolicyTest(Uint8Array.of(0xff), 'x'), PolicyInvalid);
  assert.throws(() => parsePolicyTest(new Uint8Array(1024 * 1024 + 1).fill(0x20), 'x'), PolicyInvalid);
});

test('an alias could say what a reader does not see, as in policies', () => {
  assert.match(
    problems('- &a { name: a, describe: { name: x }, expect: refused }\n- *a')[0]!,
    /anchors|aliases/,
  );
});

test('names that the policy does not have are problems with a place and a suggestion', () => {
  const policy = trustOnlyPolicy([]);
  const [rule, set] = ['--trust', '--trust'];
  const one = parse(`${head}cases:
  - { name: a, describe: { name: x, signedBy: ['${set}', vendro] }, expect: accepted, rule: '${rule}' }
  - { name: b, describe: { name: x, signers: [{ signedBy: [vendor] }] }, expect: accepted, rule: --truts }
`);
  assert.deepEqual(
    checkTestNames(one, policy).map(({ at, message }) => `${at}: ${message}`),
    [
      'edge.test.yaml:5:59: no trust set of the policy "--trust" is named "vendro" (known: --trust)',
      'edge.test.yaml:6:60: no trust set of the policy "--trust" is named "vendor" (known: --trust)',
      'edge.test.yaml:6:98: no rule of the policy "--trust" is named "--truts" (did you mean "--trust"? known: --trust)',
    ],
  );
});
