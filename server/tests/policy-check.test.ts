import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { runCommandLine } from '../cli/command-line.ts';
import { collect } from './sample-machine.ts';

/** `policy check` as its users and their CI see it. */

const directory = mkdtempSync(join(tmpdir(), 'touchstone-policy-check-'));
after(() => rmSync(directory, { recursive: true, force: true }));

function put(path: string, content: string | Uint8Array): string {
  const target = join(directory, path);
  mkdirSync(join(target, '..'), { recursive: true });
  writeFileSync(target, content);
  return relative(process.cwd(), target);
}

for (const name of ['rsa.pem', 'p256.pem']) put(name, readFileSync(`test-vectors/image/${name}`));
const image = gunzipSync(readFileSync('test-vectors/image/sysext-x86-64-rsa.raw.gz'));
for (const path of [
  'images/vendor-tools.raw',
  'images/site.confext.raw',
  'images/versioned.raw.v/versioned_1.raw',
  'extensions/agent.raw',
])
  put(path, image);
mkdirSync(join(directory, 'images', 'masked'));
put('images/tree/usr/lib/x', '');
const images = relative(process.cwd(), join(directory, 'images'));

const good = `apiVersion: touchstone/v1
kind: ExtensionPolicy
metadata: { name: edge, version: 12 }
trust:
  vendor: { certificates: [rsa.pem], pinned: true }
rules:
  - name: vendor tools
    match: { class: sysext, name: "vendor-*" }
    require: { signedBy: [vendor] }
`;

async function check(...args: readonly string[]) {
  const collected = collect();
  const code = await runCommandLine(['policy', 'check', ...args], collected.output);
  return { code, out: collected.out, err: collected.err };
}

test('a policy without problems: 0, and one line that says so', async () => {
  const file = put('good.yaml', good);
  assert.deepEqual(await check(file), { code: 0, out: `${file} (edge, version 12): no problems\n`, err: '' });
});

test('an error is shown with its line and a caret: 2', async () => {
  const file = put('typo.yaml', good.replace('pinned', '\tpined'));
  const { code, out, err } = await check(file);
  assert.deepEqual([code, err], [2, '']);
  assert.equal(
    out,
    `${file}:5:39: error: trust.vendor: unknown key "pined" (did you mean "pinned"? known: certificates, directories, crls, pinned, extendedKeyUsage)
  5 |   vendor: { certificates: [rsa.pem],     pined: true }
    |                                          ^

${file}: 1 error
`,
  );
});

test('warnings are shown and change nothing: 0', async () => {
  const file = put('audit.yaml', `${good}mode: audit\n`);
  const { code, out, err } = await check(file);
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /audit\.yaml:10:7: warning: in mode audit .*\n {2}10 \| mode: audit\n {5}\| {7}\^\n\n/);
  assert.match(out, /audit\.yaml \(edge, version 12\): 1 warning\n$/);
});

test('--json prints one document with the numbers of line and column', async () => {
  const file = put('audit.yaml', `${good}mode: audit\n`);
  const document = JSON.parse((await check('--json', file)).out);
  assert.deepEqual(Object.keys(document), ['policy', 'problems']);
  assert.deepEqual(document.policy, {
    ...{ path: file, name: 'edge', version: 12, sha256: document.policy.sha256, mode: 'audit' },
  });
  const [{ message, ...problem }] = document.problems;
  assert.match(message, /^in mode audit/);
  assert.deepEqual(problem, { severity: 'warning', at: `${file}:10:7`, line: 10, column: 7 });
  const wrong = await check('--json', put('wrong.yaml', 'kind: [\n'));
  assert.equal(wrong.code, 2);
  assert.deepEqual(JSON.parse(wrong.out).policy.name, null);
  assert.equal(JSON.parse(wrong.out).problems[0].severity, 'error');
});

test('--images finds rules that are about no image there, by the names that systemd gives them', async () => {
  const rules = [
    'class: sysext, name: vendor-tools',
    'class: confext, name: site',
    'class: sysext, name: site',
    'name: site.confext',
    'name: versioned',
    'name: tree',
    'name: masked',
    'class: sysext, name: agent',
  ];
  const text = rules.map(
    (match, index) => `  - { name: r${index}, match: { ${match} }, require: { signedBy: [vendor] } }\n`,
  );
  const file = put('images.yaml', `${good.slice(0, good.indexOf('rules:'))}rules:\n${text.join('')}`);
  const unmatched = async (...directories: readonly string[]): Promise<readonly string[]> => {
    const { code, out } = await check('--json', file, ...directories.flatMap((one) => ['--images', one]));
    assert.equal(code, 0);
    const messages: string[] = JSON.parse(out).problems.map(({ message }: { message: string }) => message);
    return messages.flatMap((message) => /^the rule "(r\d)" is about names like/.exec(message)?.[1] ?? []);
  };
  assert.deepEqual(await unmatched(), []);
  assert.deepEqual(await unmatched(images), ['r2', 'r3', 'r6', 'r7']);
  assert.deepEqual(await unmatched(images, join(images, '../extensions')), ['r2', 'r3', 'r6']);
  assert.deepEqual(await unmatched(join(images, '../extensions')), [
    'r0',
    'r1',
    'r2',
    'r3',
    'r4',
    'r5',
    'r6',
  ]);
});

test('--within says how long before its end a certificate is warned of', async () => {
  const file = put('good.yaml', good);
  assert.match((await check(file, '--within', '99999')).out, /rsa\.pem\][^]*\^/);
  const { code, err } = await check(file, '--within', 'soon');
  assert.equal(code, 2);
  assert.match(err, /options\.within: is not a number of days/);
});

test('what is not there is said: a policy 3, a directory of images 3, a file instead of one 2', async () => {
  const file = put('good.yaml', good);
  assert.equal((await check('none.yaml')).code, 3);
  assert.equal((await check(file, '--images', 'none')).code, 3);
  const { code, err } = await check(file, '--images', file);
  assert.equal(code, 2);
  assert.match(err, /good\.yaml is not a directory/);
});

test('nothing in a policy reaches the terminal as a control character', async () => {
  const file = put('control.yaml', `${good}# \u001b[2J\n"a\u0085\u202eb\\e": [\u001b]\n`);
  const { code, out } = await check(file);
  assert.equal(code, 2);
  assert.doesNotMatch(out.replaceAll('\n', ''), /[\p{C}\u2028\u2029]/u);
});

test('of very many problems the first hundred are shown, and the rest counted', async () => {
  const rules = Array.from(
    { length: 120 },
    (_, index) => `  - { name: r${index}, match: {}, require: { signedBy: [vendor] } }\n`,
  );
  const file = put('many.yaml', `${good.slice(0, good.indexOf('rules:'))}rules:\n${rules.join('')}`);
  const { out } = await check(file);
  assert.equal(out.match(/never decides/g)?.length, 100);
  assert.match(out, /\n\.\.\. and 19 more\n\n.*: 119 warnings\n$/);
  assert.equal(JSON.parse((await check('--json', file)).out).problems.length, 119);
});

test('the ready-made policies have nothing but warnings', async () => {
  for (const name of [
    'signed-by-vendor',
    'pinned-signers',
    'two-teams',
    'two-party',
    'audit-everything',
    'systemd-trust',
  ])
    assert.equal((await check(`policies/${name}.yaml`)).code, 0, name);
});

const hosts = `apiVersion: touchstone/v1
kind: AppraisalPolicy
metadata: { name: hosts, version: 3 }
rules:
  - name: all hosts
    require: { merged: true }
`;

test('a policy about hosts is checked as one, even where its text is broken', async () => {
  const file = put('hosts.yaml', hosts);
  assert.deepEqual(await check(file), { code: 0, out: `${file} (hosts, version 3): no problems\n`, err: '' });
  const wrong = await check(put('wrong.yaml', hosts.replace('merged', 'mergd')));
  assert.equal(wrong.code, 2);
  assert.match(wrong.out, /unknown key "mergd" \(did you mean "merged"\?[^]*\^/);
  const broken = await check(put('broken.yaml', `${hosts}  - &a { name: x }\n`), '--json');
  assert.deepEqual(
    JSON.parse(broken.out).problems.map(({ message }: { message: string }) => message),
    ['anchors are not allowed in a policy'],
  );
  const hardlyMeant = await check(put('empty.yaml', hosts.replace('merged: true', '')));
  assert.equal(hardlyMeant.code, 0);
  assert.match(hardlyMeant.out, /require asks for nothing[^]*2 warnings\n$/);
});

test('images do not go with a policy about hosts', async () => {
  const { code, err } = await check(put('hosts.yaml', hosts), '--images', images);
  assert.equal(code, 2);
  assert.match(err, /--images is for an ExtensionPolicy/);
});
