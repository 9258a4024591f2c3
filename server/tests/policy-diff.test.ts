import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';

import { makeDdi, makeErofs } from '../../test-vectors/generate/make-image.ts';
import { type Issued, OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { collect } from './sample-machine.ts';

/** What `policy diff` says of two policies, and of images under them. */

const pki = new OpensslPki();
const vendor = pki.issue({ subject: '/CN=vendor' });
const ops = pki.issue({ subject: '/CN=ops' });
const work = mkdtempSync(join(tmpdir(), 'touchstone-diff-'));
copyFileSync(vendor.certificate, join(work, 'vendor.pem'));
copyFileSync(ops.certificate, join(work, 'ops.pem'));

after(() => {
  pki.remove();
  rmSync(work, { recursive: true });
});

function put(path: string, bytes: Uint8Array | string): string {
  const target = join(work, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, bytes);
  return target;
}

const release = (name: string) => ({
  [`usr/lib/extension-release.d/extension-release.${name}`]: 'ID=_any\nSYSEXT_VERSION_ID=1.2\n',
});
const ddi = (name: string, signer: Issued) =>
  makeDdi({
    data: makeErofs(release(name)),
    sign: (rootHash) => pki.sign(rootHash, { signers: [signer] }),
  }).bytes;

const tools = put('images/tools.raw', ddi('tools', vendor));
const monitor = put('images/monitor.raw', ddi('monitor', ops));
const stranger = put('images/stranger.raw', ddi('stranger', pki.issue({ subject: '/CN=stranger' })));
const bare = put('images/bare.raw', makeErofs(release('bare')));
const bareDigest = await digestOf(bare);

async function touchstone(...args: readonly string[]) {
  const collected = collect();
  const code = await runCommandLine(args, collected.output);
  return { code, out: collected.out.replaceAll(`${work}/`, ''), err: collected.err };
}

async function digestOf(path: string): Promise<string> {
  return JSON.parse((await touchstone('inspect', '--json', path)).out).rootHash;
}

interface Written {
  readonly version?: number;
  readonly trust?: string;
  readonly mode?: string;
}

/** A policy of these rules, one in each line from the sixth on. */
function policy(
  name: string,
  rules: readonly string[],
  { version = 1, trust, mode = 'enforce' }: Written = {},
) {
  const sets =
    trust ??
    'vendor: { certificates: [vendor.pem], pinned: true }, ops: { certificates: [ops.pem], pinned: true }';
  return put(
    `${name}.yaml`,
    [
      'apiVersion: touchstone/v1',
      'kind: ExtensionPolicy',
      `metadata: { name: edge, version: ${version} }`,
      `trust: { ${sets} }`,
      'rules:',
      ...rules.map((rule) => `  - { ${rule} }`),
      `mode: ${mode}`,
      '',
    ].join('\n'),
  );
}

const rules = {
  tools: 'name: vendor tools, match: { name: tools }, require: { signedBy: [vendor] }',
  ops: 'name: operations, match: { name: "[!t]*" }, require: { signedBy: [ops] }',
  rest: 'name: rest, match: {}, require: { signedBy: [vendor] }',
  restOfOps: 'name: rest, match: {}, require: { signedBy: [ops] }',
  bare: `name: by digest, match: { form: bare }, require: { fileDigest: ["sha256:${bareDigest}"] }`,
};

const both = policy('old', [rules.tools, rules.ops]);

test('an image that changes has a line with the rules of both policies; the others are counted', async () => {
  const next = policy('new', [rules.bare, rules.restOfOps], { version: 2 });
  const { code, out, err } = await touchstone('policy', 'diff', both, next, join(work, 'images'));
  assert.equal(code, 1);
  assert.match(err, /no rule asks for the trust set "vendor"/);
  assert.deepEqual(out.trimEnd().split('\n'), [
    'old.yaml (edge, version 1) -> new.yaml (edge, version 2)',
    'images/bare.raw: refused by "operations" (old.yaml:7:5): unsigned: The image has no hash tree, so nobody can sign it. -> accepted by "by digest" (new.yaml:6:5)',
    'images/monitor.raw: accepted by "operations" (old.yaml:7:5) -> accepted by "rest" (new.yaml:7:5)',
    'images/tools.raw: accepted by "vendor tools" (old.yaml:6:5) -> refused by "rest" (new.yaml:7:5): signer-untrusted: "CN=vendor" is not among the certificates of "ops".',
    '2 of 4 images change, 1 are accepted by another rule, 1 stay as they are',
  ]);
});

test('where another rule decides and the same comes of it, nothing changes', async () => {
  const next = policy('new', [rules.tools, 'name: others, match: {}, require: { signedBy: [ops] }']);
  const { code, out } = await touchstone('policy', 'diff', both, next, '--json', tools, monitor);
  assert.equal(code, 0);
  const document = JSON.parse(out);
  assert.equal(document.changes, false);
  assert.ok(document.differences.length > 0);
  assert.deepEqual(
    document.images.map((one: Record<string, unknown>) => [one['image'], one['name'], one['change']]),
    [
      ['images/tools.raw', 'tools', 'none'],
      ['images/monitor.raw', 'monitor', 'rule'],
    ],
  );
  assert.deepEqual(document.images[1].new, {
    ...{ outcome: 'accepted', rule: 'others', at: 'new.yaml:7:5', reasons: [] },
  });
  assert.deepEqual(Object.keys(document).sort(), ['changes', 'differences', 'images', 'new', 'old']);
});

test('the signature is verified under the anchors of each policy', async () => {
  const trust =
    'vendor: { certificates: [ops.pem], pinned: true }, ops: { certificates: [ops.pem], pinned: true }';
  const next = policy('new', [rules.tools, rules.ops], { trust });
  const forth = await touchstone('policy', 'diff', both, next, tools);
  assert.equal(forth.code, 1);
  assert.match(
    forth.out,
    /tools\.raw: accepted by .* -> refused by "vendor tools" \(new\.yaml:6:5\): signer-untrusted/,
  );
  const back = await touchstone('policy', 'diff', next, both, tools);
  assert.match(back.out, /tools\.raw: refused by .* -> accepted by/);
});

test('what audit lets pass is another thing than what is refused', async () => {
  const next = policy('new', [rules.tools, rules.ops], { mode: 'audit' });
  const { code, out } = await touchstone('policy', 'diff', both, next, stranger, tools);
  assert.equal(code, 1);
  assert.match(
    out,
    /stranger\.raw: refused by "operations" \(old\.yaml:7:5\) -> refused, yet merged \(mode audit\) by /,
  );
  assert.match(out, /\n1 of 2 images change, 1 stay as they are\n$/);
});

test('rules about labels go by the labels given', async () => {
  const next = policy('new', [
    rules.tools.replace('name: tools', 'name: tools, labels: { env: prod }'),
    rules.ops,
  ]);
  const labels = put('labels.yaml', 'env: prod\n');
  assert.equal((await touchstone('policy', 'diff', both, next, tools)).code, 1);
  const labelled = await touchstone('policy', 'diff', '--labels', labels, both, next, tools);
  assert.equal(labelled.code, 0, labelled.out + labelled.err);
});

test('a directory is an image if it has what is merged, and a directory of images if not', async () => {
  for (const [name, text] of Object.entries(release('tree'))) put(`trees/tree/${name}`, text);
  put('trees/app.raw.v/app_1.raw', ddi('app', vendor));
  const digest = await digestOf(join(work, 'trees/tree'));
  const admit = `name: tree, match: { name: tree }, require: { treeDigest: ["sha256:${digest}"] }`;
  const next = policy('new', [admit, rules.tools, rules.ops]);
  for (const path of ['trees', 'trees/tree']) {
    const { code, out } = await touchstone('policy', 'diff', both, next, join(work, path));
    assert.equal(code, 1);
    assert.match(
      out,
      /\ntrees\/tree: refused: no-matching-rule: .* -> accepted by "tree" \(new\.yaml:6:5\)\n1 of/,
    );
  }
  const versions = await touchstone('policy', 'diff', '--json', both, next, join(work, 'trees/app.raw.v'));
  assert.deepEqual(
    JSON.parse(versions.out).images.map((one: { image: string; name: string }) => [one.image, one.name]),
    [['trees/app.raw.v/app_1.raw', 'app']],
  );
});

test('what depends on the version of systemd is refused under both policies, whatever their rules say', async () => {
  for (const [name, text] of Object.entries(release('stack.mstack')))
    put(`stacks/stack.mstack/${name}`, text);
  const digest = await digestOf(join(work, 'stacks/stack.mstack'));
  const admit = `name: stack, match: {}, require: { treeDigest: ["sha256:${digest}"] }`;
  const next = policy('new', [admit]);
  const { code, out } = await touchstone('policy', 'diff', '--json', both, next, join(work, 'stacks'));
  assert.equal(code, 0);
  const [image] = JSON.parse(out).images;
  assert.deepEqual(
    [image.new.outcome, image.new.reasons.map((why: { code: string }) => why.code)],
    ['refused', ['name-mismatch']],
  );
});

test('an image that cannot be read leaves the exit code at 3, and the others are compared', async () => {
  const next = policy('new', [rules.ops]);
  const { code, out } = await touchstone('policy', 'diff', both, next, join(work, 'nowhere.raw'), tools);
  assert.equal(code, 3);
  assert.match(out, /^nowhere\.raw: not decided: cannot .*nowhere\.raw/m);
  assert.match(out, /^images\/tools\.raw: accepted by .* -> refused: no-matching-rule/m);
  assert.match(out, /\n1 of 2 images change, 1 could not be read, 0 stay as they are\n$/);
});

test('without images, it says what differs; nothing if the policies mean the same', async () => {
  const next = policy('new', [rules.ops, rules.tools.replace('[vendor]', '[vendor, ops]')], { version: 2 });
  const { code, out } = await touchstone('policy', 'diff', both, next);
  assert.equal(code, 1);
  assert.deepEqual(out.trimEnd().split('\n'), [
    'old.yaml (edge, version 1) -> new.yaml (edge, version 2)',
    '~ metadata.version (old.yaml:3:34 -> new.yaml:3:34): 1 -> 2',
    '~ rule "vendor tools" (old.yaml:6:5 -> new.yaml:7:5)',
    '    + signedBy ops',
    '> rule "operations" (old.yaml:7:5 -> new.yaml:6:5)',
    '    place: 2 -> 1',
  ]);
  const same = policy('same', [rules.tools, rules.ops]);
  writeFileSync(same, `# A remark.\n${readFileSync(same, 'utf8')}`);
  const nothing = await touchstone('policy', 'diff', both, same);
  assert.deepEqual([nothing.code, nothing.out.split('\n')[1]], [0, 'nothing differs']);
  const document = JSON.parse((await touchstone('policy', 'diff', '--json', both, same)).out);
  assert.deepEqual([document.changes, document.differences, document.images], [false, [], null]);
});

test('a policy that does not load, and a directory without images, are mistakes', async () => {
  const bad = put('bad.yaml', 'kind: ExtensionPolicy\n');
  assert.equal((await touchstone('policy', 'diff', both, bad)).code, 2);
  assert.equal((await touchstone('policy', 'diff', bad, both)).code, 2);
  mkdirSync(join(work, 'none'));
  const none = await touchstone('policy', 'diff', both, both, join(work, 'none'));
  assert.deepEqual([none.code, none.out], [2, '']);
  assert.match(none.err, /none is a directory without images/);
});

test('nothing in names or policies moves the cursor', async () => {
  const path = put('images/\u001b[2J\u202e.raw', 'no image');
  const { out } = await touchstone('policy', 'diff', both, policy('new', [rules.rest]), path);
  assert.doesNotMatch(out, /[^\P{C}\n]/u);
});
