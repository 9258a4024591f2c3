import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { testPolicies } from '../cli/commands/policy-test.ts';

/** `policy test` as its users and their CI see it. */

const directory = mkdtempSync(join(tmpdir(), 'touchstone-policy-test-'));
after(() => rmSync(directory, { recursive: true, force: true }));

function put(path: string, content: string | Uint8Array): string {
  const target = join(directory, path);
  mkdirSync(join(target, '..'), { recursive: true });
  writeFileSync(target, content);
  return target;
}

for (const name of ['sysext-x86-64-rsa', 'confext-x86-64-ecdsa'])
  put(`images/${name}.raw`, gunzipSync(readFileSync(`test-vectors/image/${name}.raw.gz`)));
for (const name of ['rsa.pem', 'p256.pem'])
  put(`policies/${name}`, readFileSync(`test-vectors/image/${name}`));

const policyFile = put(
  'policies/edge.yaml',
  `apiVersion: touchstone/v1
kind: ExtensionPolicy
metadata: { name: edge, version: 3 }
trust:
  vendor: { certificates: [rsa.pem], pinned: true }
  ops: { certificates: [p256.pem], pinned: true }
rules:
  - name: staging
    match: { class: sysext, labels: { env: staging } }
    require: { signedBy: [vendor, ops] }
  - name: vendor tools
    match: { class: sysext }
    validity: { notBefore: 2027-01-01 }
    require: { signedBy: [vendor] }
  - name: site configuration
    match: { class: confext }
    require: { signedBy: [ops], noDowngrade: true }
`,
);
const shownPolicy = relative(process.cwd(), policyFile);

/** A test file with these cases, of which the first stands in line 5. */
function testFile(cases: string, name = 'edge', policy = '../edge.yaml'): string {
  const head = `apiVersion: touchstone/v1\nkind: PolicyTest\npolicy: ${policy}\ncases:\n`;
  return relative(process.cwd(), put(`policies/tests/${name}.test.yaml`, `${head}${cases}\n`));
}

async function run(files: readonly string[], options: { json?: boolean; junit?: string } = {}) {
  const written = { out: '', err: '' };
  const code = await testPolicies(files, options, {
    out: (text) => (written.out += text),
    err: (text) => (written.err += text),
  });
  return { code, ...written };
}

const good = [
  '- { name: by the vendor, image: ../../images/sysext-x86-64-rsa.raw, now: 2027-06-01, expect: accepted, rule: vendor tools }',
  '- { name: staging, describe: { name: x, signedBy: [ops] }, labels: { env: staging }, expect: accepted, rule: staging }',
  '- { name: early, describe: { name: x, signedBy: [vendor] }, now: 2026-12-31, expect: refused, code: no-matching-rule }',
];
const site =
  '- { name: site, image: ../../images/confext-x86-64-ecdsa.raw, class: confext, expect: accepted, rule: site configuration }';

test('real images and described ones are decided by the policy; all as expected: 0', async () => {
  const file = testFile([...good, site].join('\n'));
  const { code, out, err } = await run([file]);
  assert.equal(err, '');
  assert.equal(
    out,
    [
      `${file}: ${shownPolicy} (edge, version 3)`,
      '  ok      by the vendor',
      '  ok      staging',
      '  ok      early',
      '  ok      site',
      '4 cases: 4 as expected, 0 not; 3 of 3 rules tested',
      '',
    ].join('\n'),
  );
  assert.equal(code, 0);
});

test('a rule that no case is decided by is warned of, and changes no answer', async () => {
  const file = testFile(good.join('\n'));
  const { code, out } = await run([file]);
  assert.equal(code, 0);
  assert.ok(
    out.includes(`${shownPolicy}:15:5: warning: no case is decided by the rule "site configuration"\n`),
    out,
  );
  assert.match(out, /2 of 3 rules tested\n$/);
  const { warnings } = JSON.parse((await run([file], { json: true })).out);
  assert.deepEqual(warnings, [
    { message: 'no case is decided by the rule "site configuration"', at: `${shownPolicy}:15:5` },
  ]);
});

test('what one test file of a policy leaves out, another may test', async () => {
  const { code, out } = await run([testFile(good.join('\n')), testFile(site, 'site')]);
  assert.equal(code, 0);
  assert.match(out, /4 cases: 4 as expected, 0 not; 3 of 3 rules tested\n$/);
});

test('another answer is shown beside the one expected, with both places: 1', async () => {
  const file = testFile(
    [
      '- { name: first, describe: { name: x, signedBy: [vendor] }, now: 2027-06-01, expect: refused, rule: staging, code: downgrade }',
      '- { name: second, describe: { name: x }, now: 2027-06-01, expect: accepted }',
    ].join('\n'),
  );
  const { code, out } = await run([file]);
  assert.equal(code, 1);
  const [, ...lines] = out.split('\n');
  assert.deepEqual(lines.slice(0, 6), [
    '  FAILED  first',
    `            expected  refused by the rule "staging" with downgrade (${file}:5:3)`,
    `            got       accepted by the rule "vendor tools" (${shownPolicy}:11:5)`,
    '  FAILED  second',
    `            expected  accepted (${file}:6:3)`,
    `            got       refused by the rule "vendor tools" with unsigned (${shownPolicy}:11:5)`,
  ]);
  assert.match(lines[6]!, /^ +because {3}unsigned: /);
});

test('the code and the rule count, and not the verdict alone', async () => {
  const described = 'describe: { name: x, class: confext }, expect: refused';
  const run1 = async (more: string) => (await run([testFile(`- { name: a, ${described}${more} }`)])).code;
  assert.equal(await run1(''), 0);
  assert.equal(await run1(', code: unsigned, rule: site configuration'), 0);
  assert.equal(await run1(', code: downgrade'), 1);
  assert.equal(await run1(', rule: staging'), 1);
});

test('a refusal for no reason in particular gets the advice to name it', async () => {
  const { out } = await run([
    testFile('- { name: a, describe: { name: x, class: confext }, expect: refused }'),
  ]);
  assert.match(out, / {2}ok {6}a \(any refusal will do; say which with code: unsigned\)\n/);
});

test('what the host has accepted before counts for described and for real images', async () => {
  const image = 'image: ../../images/confext-x86-64-ecdsa.raw, class: confext';
  const { code, out } = await run([
    testFile(
      [
        `- { name: real, ${image}, highestAccepted: '9', expect: refused, code: downgrade }`,
        `- { name: lost, ${image}, historyLost: true, expect: refused, code: history-lost }`,
        `- { name: first, ${image}, highestAccepted: null, expect: accepted }`,
        "- { name: made up, describe: { name: x, class: confext, version: '8', signedBy: [ops] }, highestAccepted: '9', expect: refused, code: downgrade }",
      ].join('\n'),
    ),
  ]);
  assert.equal(code, 0, out);
});

test('a name that contradicts the class is refused as by verify', async () => {
  put('images/odd.confext.raw', readFileSync(join(directory, 'images/sysext-x86-64-rsa.raw')));
  const { code, out } = await run([
    testFile(
      '- { name: a, image: ../../images/odd.confext.raw, class: sysext, now: 2027-06-01, expect: refused, code: wrong-class }',
    ),
  ]);
  assert.equal(code, 0, out);
});

test('an image that cannot be read is no refusal: 3, whatever else there is', async () => {
  const cases = [
    '- { name: gone, image: nowhere.raw, expect: refused }',
    '- { name: wrong, describe: { name: x }, expect: accepted }',
  ];
  const file = testFile(cases.join('\n'));
  const { code, out } = await run([file]);
  assert.equal(code, 3);
  assert.match(out, / {2}ERROR {3}gone\n.*\n +got {7}no answer: .*nowhere\.raw/);
  assert.match(out, /2 cases: 0 as expected, 1 not, 1 without an answer;/);
  assert.equal((await run([file], { json: true })).code, 3);
});

const unusable: readonly (readonly [why: string, make: () => string, code: number, problem: RegExp])[] = [
  [
    'a key that is not known',
    () => testFile('- { nam: a, describe: { name: x }, expect: refused }'),
    2,
    /edge\.test\.yaml:5:5: cases\.0: unknown key "nam" \(did you mean "name"\?/,
  ],
  [
    'a trust set that the policy does not have',
    () => testFile('- { name: a, describe: { name: x, signedBy: [vendr] }, expect: refused }'),
    2,
    /edge\.test\.yaml:5:46: no trust set of the policy "edge" is named "vendr" \(did you mean "vendor"\?/,
  ],
  [
    'a rule that the policy does not have',
    () => testFile('- { name: a, describe: { name: x }, expect: refused, rule: stagin }'),
    2,
    /edge\.test\.yaml:5:60: no rule of the policy "edge" is named "stagin" \(did you mean "staging"\?/,
  ],
  [
    'a policy that is not there',
    () => testFile(site, 'edge', '../nowhere.yaml'),
    2,
    /edge\.test\.yaml:3:9: .*nowhere\.yaml/,
  ],
  [
    'a policy that is not valid',
    () => {
      put('policies/broken.yaml', 'apiVersion: touchstone/v1\nkind: ExtensionPolcy\n');
      return testFile(site, 'edge', '../broken.yaml');
    },
    2,
    /policies\/broken\.yaml:2:7: kind: /,
  ],
  ['a test file that is not there', () => join(directory, 'nowhere.test.yaml'), 3, /nowhere\.test\.yaml/],
];

for (const [why, make, expected, problem] of unusable) {
  test(`${why}: ${expected}, and other files are tested all the same`, async () => {
    const fine = testFile(good.join('\n'), 'fine');
    const { code, out } = await run([make(), fine]);
    assert.equal(code, expected);
    assert.match(out, problem);
    assert.match(out, /3 cases: 3 as expected, 0 not; .*; 1 of 2 files could not be used\n$/);
  });
}

test('--json prints one document with everything that the text says', async () => {
  const file = testFile(
    [
      ...good,
      '- { name: no, describe: { name: x, signedBy: [ops] }, now: 2027-06-01, expect: accepted }',
    ].join('\n'),
  );
  const { code, out } = await run([file, 'nowhere.yaml'], { json: true });
  assert.equal(code, 3);
  const { files, summary, warnings } = JSON.parse(out);
  assert.deepEqual(summary, { cases: 4, passed: 3, failed: 1, error: 0 });
  assert.equal(warnings.length, 1);
  const [tested, missing] = files;
  assert.deepEqual(Object.keys(tested.policy), ['path', 'name', 'version', 'sha256', 'mode']);
  assert.deepEqual(
    { ...tested.cases[3], seconds: null },
    {
      ...{ name: 'no', at: `${file}:8:3`, result: 'failed', error: null, advice: null, seconds: null },
      expected: { verdict: 'accepted', code: null, rule: null },
      answer: {
        ...{ verdict: 'refused', rule: 'vendor tools', ruleAt: `${shownPolicy}:11:5` },
        reasons: tested.cases[3].answer.reasons,
      },
    },
  );
  assert.equal(tested.cases[3].answer.reasons[0].code, 'signer-untrusted');
  // Of a real image, too, no more than the answer.
  assert.deepEqual(tested.cases[0].answer, {
    ...{ verdict: 'accepted', rule: 'vendor tools', ruleAt: `${shownPolicy}:11:5`, reasons: [] },
  });
  assert.equal(missing.policy, null);
  assert.match(missing.problems[0].message, /nowhere\.yaml/);
});

test('--junit writes what a CI shows, for files that cannot be used, too', async () => {
  const file = testFile(
    [
      ...good,
      '- { name: \'<&"> ""\', describe: { name: x }, now: 2027-06-01, expect: accepted }',
      '- { name: gone, image: nowhere.raw, expect: refused }',
    ].join('\n'),
  );
  const broken = testFile('- { name: a, expects: x }', 'broken');
  const junit = join(directory, 'results/junit.xml');
  mkdirSync(join(directory, 'results'));
  writeFileSync(junit, 'earlier');
  assert.equal((await run([file, broken], { junit })).code, 3);
  const reader = `
import json, sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
print(json.dumps([dict(root.attrib), [[c.get('name'), c.get('file'), c.get('line'), [[e.tag, e.get('message')] for e in c]] for c in root.iter('testcase')]]))
`;
  const { stdout, stderr } = spawnSync('python3', ['-c', reader, junit], { encoding: 'utf8' });
  assert.equal(stderr, '');
  const [totals, cases] = JSON.parse(stdout);
  assert.deepEqual(
    { ...totals, time: null },
    {
      ...{ name: 'touchstone policy test', tests: '6', failures: '1', errors: '2', time: null },
    },
  );
  assert.deepEqual(cases[0], ['by the vendor', file, '5', []]);
  assert.equal(cases[3][0], '<&"> ""');
  assert.equal(cases[3][2], '8');
  assert.match(
    cases[3][3][0][1],
    /^expected accepted \(.*:8:3\), got refused by the rule "vendor tools" with unsigned \(.*edge\.yaml:11:5\)$/,
  );
  assert.equal(cases[4][3][0][0], 'error');
  assert.equal(cases[5][1], broken);
  assert.equal(cases[5][3][0][0], 'error');
  assert.match(cases[5][3][0][1], /^.*broken\.test\.yaml:5:3: cases\.0\.expect: is missing$/);
  assert.equal(statSync(junit).mode & 0o777, 0o644);
});

test('a JUnit file that cannot be written is not passed over', async () => {
  const junit = join(directory, 'no-such-directory/junit.xml');
  await assert.rejects(run([testFile(good.join('\n'))], { junit }), { name: 'CouldNotDecide' });
  assert.ok(!existsSync(junit));
});

test('a name from a file cannot move the cursor', async () => {
  const { out } = await run([testFile('- { name: a, image: "x\\u202e.raw", expect: refused }')]);
  assert.doesNotMatch(out, /\u202e/);
  put('policies/\u001b[2J.yaml', 'x');
  const { out: shown } = await run([join(directory, 'policies/\u001b[2J.yaml')]);
  assert.doesNotMatch(shown, /\u001b/);
});
