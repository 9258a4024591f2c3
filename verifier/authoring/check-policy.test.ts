import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';

import { OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { filesBy } from '../../test-vectors/generate/policy-files.ts';
import { CouldNotDecide } from '../bytes/failures.ts';
import { checkPolicy } from './check-policy.ts';
import type { CheckCircumstances } from './check-problem.ts';

const pki = new OpensslPki();
after(() => pki.remove());
const ca = pki.issue({ subject: '/CN=ca', extensions: ['basicConstraints=critical,CA:TRUE'] });

const circumstances: CheckCircumstances = {
  now: new Date('2027-06-12T00:00:00Z'),
  withinDays: 30,
  images: null,
};

async function check(text: string, more: Partial<CheckCircumstances> = {}): Promise<readonly string[]> {
  const read = (path: string): Promise<Uint8Array> =>
    path === 'ca.pem'
      ? Promise.resolve(readFileSync(ca.certificate))
      : Promise.reject(new CouldNotDecide(`cannot read ${path}: it does not exist`));
  const { problems, policy } = await checkPolicy(
    { text: Buffer.from(text), path: 'p', files: filesBy(read) },
    { ...circumstances, ...more },
  );
  assert.equal(
    policy === null,
    problems.some(({ severity }) => severity === 'error'),
  );
  return problems.map(({ severity, at, message }) => `${severity} ${at} ${message}`);
}

const head = 'apiVersion: touchstone/v1\nkind: ExtensionPolicy\nmetadata: { name: edge, version: 1 }\n';

/** Of a policy with a good trust set and these rules, of which each begins a line, the first the sixth. */
function checkRules(
  rules: readonly string[],
  more: Partial<CheckCircumstances> = {},
): Promise<readonly string[]> {
  const text = rules.map((rule, index) => `- { name: rule ${index + 1}, ${rule} }\n`).join('');
  return check(`${head}trust: { vendor: { certificates: [ca.pem] } }\nrules:\n${text}`, more);
}

const signed = 'require: { signedBy: [vendor] }';

test('a policy that is as it should be has no problems', async () => {
  const rules = [
    `match: { name: "a*" }, ${signed}`,
    'match: {}, require: { signedBy: [vendor], noDowngrade: true }',
  ];
  assert.deepEqual(await checkRules(rules), []);
});

test('a policy that is not valid has errors, and nothing besides', async () => {
  assert.deepEqual(await check(`${head}trust: {}\nrules: []\nmod: audit\n`), [
    'error p:6:1 unknown key "mod" (did you mean "mode"? known: apiVersion, kind, metadata, trust, revoked, rules, mode, onRefused, measure)',
  ]);
  assert.deepEqual(
    await check(`${head}trust: { vendor: { certificates: [ca.pem, none.pem] } }\nrules: []\n`),
    ['error p:4:43 cannot read none.pem: it does not exist'],
  );
});

test('what the loader warns of is among the problems, in the order of the file', async () => {
  const text = `${head}trust: { vendor: { certificates: [ca.pem] } }\nrules: []\nmode: audit\n`;
  assert.deepEqual(await check(text), [
    'warning p:4:10 no rule asks for the trust set "vendor"; name it in signedBy of a rule, or take it out',
    'warning p:5:8 there are no rules, so that every image is refused; `touchstone policy init` writes some',
    'warning p:6:7 in mode audit what is refused is merged all the same; write mode: enforce once the reports are as they should be',
  ]);
});

test('a rule that is over, not begun or about to end is warned of', async () => {
  const rules = [
    'notAfter: 2027-06-11',
    'notBefore: 2027-06-13',
    'notAfter: 2027-07-01',
    'notAfter: 2027-08-01',
  ];
  const text = rules.map(
    (validity, index) => `match: { name: "${index}" }, validity: { ${validity} }, ${signed}`,
  );
  assert.deepEqual(await checkRules(text), [
    'warning p:6:63 the rule "rule 1" ended on 2027-06-11T23:59:59.999Z and is as if it were not written; take it out, or move notAfter',
    'warning p:7:64 the rule "rule 2" is as if it were not written until 2027-06-13T00:00:00.000Z; see to it that the rules below it do until then',
    'warning p:8:63 the rule "rule 3" ends in 19 days, on 2027-07-01T23:59:59.999Z; move notAfter if it is still wanted then',
  ]);
});

test('a rule that is never in force is warned of once', async () => {
  const never = 'validity: { notBefore: 2027-05-02, notAfter: 2027-05-01 }';
  assert.equal((await checkRules([`match: {}, ${never}, ${signed}`])).length, 1);
});

test('rules that admit what nobody signed are warned of', async () => {
  const digest = (letter: string): string => `"sha256:${letter.repeat(64)}"`;
  assert.deepEqual(
    await checkRules([
      `match: { form: directory }, require: { treeDigest: [${digest('a')}, ${digest('b')}] }`,
      `match: {}, require: { fileDigest: [${digest('c')}] }`,
    ]),
    [
      'warning p:4:10 no rule asks for the trust set "vendor"; name it in signedBy of a rule, or take it out',
      'warning p:6:70 the rule "rule 1" admits directories that nobody signed, by 2 digests; make sure that each is still wanted, or sign images instead',
      'warning p:7:53 the rule "rule 2" admits bare file systems that nobody signed, by one digest; make sure that each is still wanted, or sign images instead',
    ],
  );
});

test('rules that can accept nothing are warned of', async () => {
  const digest = `"sha256:${'a'.repeat(64)}"`;
  const found = await checkRules([
    `match: { name: a, form: bare }, ${signed}`,
    `match: { name: b, form: directory }, ${signed}`,
    `match: { name: c, form: bare }, require: { treeDigest: [${digest}] }`,
    `match: { name: d, form: ddi }, require: { fileDigest: [${digest}] }`,
    `match: { name: e, form: sidecar }, ${signed}`,
    `match: { name: f, form: bare }, require: { fileDigest: [${digest}] }`,
  ]);
  const texts = found.filter((text) => text.includes('accepts nothing'));
  const end = 'change one of the two, unless it is there to refuse them';
  assert.deepEqual(texts, [
    `warning p:6:43 the rule "rule 1" accepts nothing: it is about the form bare and asks for a signature, and nobody can sign these; ${end}`,
    `warning p:7:43 the rule "rule 2" accepts nothing: it is about the form directory and asks for a signature, and nobody can sign these; ${end}`,
    `warning p:8:43 the rule "rule 3" accepts nothing: it is about the form bare and asks for a digest of another form (directory); ${end}`,
    `warning p:9:43 the rule "rule 4" accepts nothing: it is about the form ddi and asks for a digest of another form (bare); ${end}`,
  ]);
});

test('a rule that lists what is revoked is warned of, at the place where it does', async () => {
  const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
  const rules = [
    `- { name: x, match: { name: x }, require: { signedBy: [vendor], rootHash: [${a}, ${b}] } }`,
    `- { name: y, match: { form: bare }, require: { fileDigest: ["sha256:${b}"] } }`,
  ].join('\n');
  const trust = 'trust: { vendor: { certificates: [ca.pem] } }';
  const found = await check(`${head}${trust}\nrevoked: { rootHashes: [${b}] }\nrules:\n${rules}\n`);
  const message = (name: string): string => `the rule "${name}" lists what the policy revokes; take it out`;
  assert.deepEqual(
    found.filter((text) => text.includes('revokes')),
    [`warning p:7:${76 + 66} ${message('x')}`, `warning p:8:61 ${message('y')}`],
  );
});

const repeated = (name: string, later: string): string =>
  `the rule "${name}" decides nothing that "${later}" further down would not decide the same way; take it out, unless reports are to name it`;

test('a rule is warned of that one further down would decide the same way', async () => {
  assert.deepEqual(
    await checkRules([
      `match: { name: "a*" }, require: { signedBy: [vendor], architecture: [arm64, x86-64] }`,
      `match: { class: confext }, require: { architecture: [arm64, x86-64], signedBy: [vendor] }`,
      `match: {}, require: { architecture: [arm64, x86-64], signedBy: [vendor] }`,
    ]),
    [`warning p:6:3 ${repeated('rule 1', 'rule 3')}`, `warning p:7:3 ${repeated('rule 2', 'rule 3')}`],
  );
});

for (const different of [
  'hashType: [0, 1]',
  `rootHash: [${'a'.repeat(64)}]`,
  'version: ">= 1"',
  'noDowngrade: true',
  'architecture: [arm64]',
]) {
  test(`a rule that differs by ${different} from one further down is not warned of`, async () => {
    const rules = [
      `match: { name: a }, require: { signedBy: [vendor], ${different} }`,
      `match: {}, ${signed}`,
    ];
    assert.deepEqual(await checkRules(rules), []);
  });
}

test('a rule is not warned of if one between asks for something else', async () => {
  assert.deepEqual(
    await checkRules([
      `match: { name: a }, ${signed}`,
      `match: { class: confext }, require: { signedBy: [vendor], noDowngrade: true }`,
      `match: {}, ${signed}`,
    ]),
    [],
  );
});

test('two rules about the same are warned of once', async () => {
  const found = await checkRules([`match: {}, ${signed}`, `match: { name: "*" }, ${signed}`]);
  assert.equal(found.length, 1);
  assert.match(found[0] ?? '', /never decides/);
});

test('globs that match none of the images given are warned of, with what was nearly meant', async () => {
  const images = [
    { class: 'sysext', name: 'vendor-tools' },
    { class: 'confext', name: 'site' },
  ] as const;
  const rules = [
    `match: { class: sysext, name: "vendor-*" }, ${signed}`,
    `match: { class: sysext, name: vendor-tool }, ${signed}`,
    `match: { class: confext, name: "vendor-*" }, ${signed}`,
    `match: { name: "[st]ite" }, ${signed}`,
    `match: { class: confext }, ${signed}`,
  ];
  assert.deepEqual(
    (await checkRules(rules, { images })).filter((text) => text.includes('names like')),
    [
      'warning p:7:49 the rule "rule 2" is about names like "vendor-tool", which no sysext there has (did you mean "vendor-tools"? known: vendor-tools); correct it, or take it out',
      'warning p:8:50 the rule "rule 3" is about names like "vendor-*", which no confext there has (known: site); correct it, or take it out',
    ],
  );
  assert.deepEqual(await checkRules(rules.slice(0, 1)), []);
  assert.equal(
    (await checkRules(rules, { images: [] })).filter((text) => text.includes('names like')).length,
    4,
  );
});
