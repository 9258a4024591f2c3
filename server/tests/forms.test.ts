import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { makeErofs } from '../../test-vectors/generate/make-image.ts';
import { writeVerity } from '../../test-vectors/generate/verity-writer.ts';
import type { AppraisedExtension } from '../../verifier/appraisal/appraisal.ts';
import { appraise } from '../../verifier/appraisal/appraise.ts';
import { toEvidenceDocument } from '../../verifier/evidence/evidence.ts';
import { loadPolicy } from '../../verifier/policy/load.ts';
import { createAttester } from '../attester/attester.ts';
import { ensureIdentity } from '../attester/identity.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { collect, releaseFiles, SampleMachine } from './sample-machine.ts';
import { policyFiles } from '../host/policy-files.ts';

/** Every form of image that systemd merges, from files on disk to verdicts. */

let machine: SampleMachine;
const data = makeErofs({ ...releaseFiles('side'), 'usr/share/x': 'x'.repeat(50_000) });
const verity = writeVerity(data);

before(async () => {
  machine = await SampleMachine.start();
});

after(() => machine.stop());

async function touchstone(...args: readonly string[]) {
  const collected = collect();
  const code = await runCommandLine(args, collected.output);
  return { code, out: collected.out, err: collected.err };
}

async function verify(path: string, ...args: readonly string[]) {
  const policy = ['--policy', machine.policyFile];
  const { code, out, err } = await touchstone('verify', '--json', ...policy, ...args, path);
  const [document] = JSON.parse(out === '' ? '[{}]' : out);
  const codes: string[] = document.reasons?.map((why: { code: string }) => why.code);
  return { code, document, codes, err };
}

interface VerdictDocument {
  readonly name: string;
  readonly form: string;
  readonly rootHash: string | null;
  readonly reasons: readonly { readonly code: string; readonly at: string }[];
}

/** Puts an image and its sidecars into a directory of their own. */
function putSidecars(directory: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  for (const [name, bytes] of Object.entries(files)) machine.put(`${directory}/${name}`, bytes);
  return machine.put(`${directory}/vendor-side.raw`, data);
}

const sign = (): Uint8Array => machine.pki.sign(verity.rootHash, { signers: [machine.vendor] });

test('a file system with .verity, .roothash and .roothash.p7s beside it is accepted', async () => {
  const path = putSidecars('sidecar', {
    'vendor-side.verity': verity.bytes,
    'vendor-side.roothash': `${verity.rootHash}\n`,
    'vendor-side.roothash.p7s': sign(),
  });
  const { code, document } = await verify(path, '--full');
  assert.equal(code, 0, JSON.stringify(document));
  assert.deepEqual(
    [document.form, document.rootHash, document.integrity.checked, document.version],
    ['sidecar', verity.rootHash, 'full', '1.2'],
  );
});

test('the root hash may be an extended attribute of the image, which has to say what a file says', async () => {
  const path = putSidecars('attribute', {
    'vendor-side.verity': verity.bytes,
    'vendor-side.roothash.p7s': sign(),
  });
  assert.deepEqual((await verify(path)).codes, ['unsigned']);
  execFileSync('setfattr', ['-n', 'user.verity.roothash', '-v', verity.rootHash, path]);
  assert.equal((await verify(path)).code, 0);
  machine.put('attribute/vendor-side.roothash', 'ab'.repeat(32));
  assert.deepEqual((await verify(path)).codes, ['malformed']);
});

test('a link has the sidecars that systemd would find under either of its names, or none', async () => {
  putSidecars('store', {
    'vendor-side.verity': verity.bytes,
    'vendor-side.roothash': verity.rootHash,
    'vendor-side.roothash.p7s': sign(),
  });
  const link = join(machine.root, 'vendor-side.raw');
  symlinkSync('store/vendor-side.raw', link);
  const { code, document } = await verify(link);
  assert.equal(code, 3);
  assert.match(document.reasons[0].message, /beside .*store.* lies a \.verity file that is not beside/);
  for (const suffix of ['verity', 'roothash', 'roothash.p7s'])
    symlinkSync(`store/vendor-side.${suffix}`, join(machine.root, `vendor-side.${suffix}`));
  assert.equal((await verify(link)).code, 0);
});

test('a bare file system is admitted by the digest that sha256sum prints, and by nothing else', async () => {
  const path = machine.put('bare/vendor-bare.raw', makeErofs(releaseFiles('bare')));
  assert.deepEqual((await verify(path)).codes, ['unsigned']);
  const digest = execFileSync('sha256sum', [path], { encoding: 'utf8' }).split(' ')[0] ?? '';
  machine.writePolicy(
    `  - { name: bare, match: { form: bare }, require: { fileDigest: ["sha256:${digest}"] } }`,
  );
  assert.deepEqual((await verify(path)).codes, ['unsigned'], 'the first rule that matches decides');
  const other = machine.put('bare/bare.raw', readFileSync(path));
  const { code, document } = await verify(other);
  assert.equal(code, 0, JSON.stringify(document));
  assert.deepEqual([document.form, document.hashAlgorithm, document.signer], ['bare', 'file-sha256', null]);
  machine.writePolicy();
});

// Reading these would take longer than any test may.
test('the gate reads no bare image and no directory that no digest in the policy could admit', async () => {
  const host = await SampleMachine.start();
  try {
    truncateSync(host.put('var/lib/extensions/vendor-bare.raw', makeErofs(releaseFiles('bare'))), 2 ** 42);
    truncateSync(host.put('var/lib/extensions/vendor-tree/usr/big', ''), 2 ** 42);
    const { code, out, err } = await touchstone(
      'gate',
      '--json',
      '--root',
      host.root,
      '--tcti',
      host.tpm.tcti,
    );
    assert.equal(code, 0, err);
    const { images } = JSON.parse(out);
    assert.deepEqual(
      images.map((image: VerdictDocument) => [
        image.name,
        image.form,
        image.rootHash,
        image.reasons[0]?.code,
      ]),
      [
        ['vendor-bare', 'bare', null, 'unsigned'],
        ['vendor-tree', 'directory', null, 'unsigned'],
      ],
    );
    for (const { reasons } of images) assert.match(reasons[0].at, /policy\.yaml:6:5$/);
  } finally {
    await host.stop();
  }
});

test('a directory is admitted by the digest that inspect prints, until anything in it changes', async () => {
  for (const [name, text] of Object.entries(releaseFiles('tree'))) machine.put(`dirs/tree/${name}`, text);
  const path = join(machine.root, 'dirs/tree');
  const inspected = JSON.parse((await touchstone('inspect', '--json', path)).out);
  assert.deepEqual([inspected.form, inspected.hashAlgorithm], ['directory', 'tree-sha256']);
  assert.deepEqual((await verify(path)).codes, ['no-matching-rule']);
  machine.writePolicy(
    `  - { name: tree, match: { form: directory }, require: { treeDigest: ["sha256:${inspected.rootHash}"] } }`,
  );
  const { code, document } = await verify(path);
  assert.equal(code, 0, JSON.stringify(document));
  assert.deepEqual(
    [document.form, document.rootHash, document.version],
    ['directory', inspected.rootHash, '1.2'],
  );
  machine.put('dirs/tree/usr/share/more', 'x');
  assert.deepEqual((await verify(path)).codes, ['digest-mismatch']);
  machine.writePolicy();
});

test('of a versioned directory, the version is verified that systemd would take', async () => {
  machine.put('versions/vendor-tools.raw.v/vendor-tools_1.9.raw', 'not an image');
  machine.put('versions/vendor-tools.raw.v/vendor-tools_1.10.raw', machine.image('tools'));
  machine.put('versions/vendor-tools.raw.v/other_2.raw', 'not an image');
  const directory = join(machine.root, 'versions/vendor-tools.raw.v');
  const { code, document } = await verify(directory);
  assert.equal(code, 0, JSON.stringify(document));
  assert.deepEqual(
    [document.image, document.name],
    [join(directory, 'vendor-tools_1.10.raw'), 'vendor-tools'],
  );
  const inspected = JSON.parse((await touchstone('inspect', '--json', directory)).out);
  assert.deepEqual(
    [inspected.image, inspected.name, inspected.form],
    [document.image, 'vendor-tools', 'ddi'],
  );
  const empty = machine.put('versions/none.raw.v/other_2.raw', 'x').replace(/\/[^/]*$/, '');
  const none = await verify(empty);
  assert.deepEqual([none.code, none.document.verdict], [3, 'error']);
  assert.match(none.document.reasons[0].message, /holds no none_VERSION\.raw/);
});

test('--host asks whether systemd there would merge the image', async () => {
  const path = machine.put('host/vendor-tools.raw', machine.image('tools'));
  assert.equal((await verify(path, '--host', machine.root)).code, 0);
  writeFileSync(join(machine.root, 'etc/os-release'), 'ID=other\n');
  assert.deepEqual((await verify(path, '--host', machine.root)).codes, ['incompatible']);
  writeFileSync(join(machine.root, 'etc/os-release'), 'ID=sample\n');
  const nowhere = await touchstone('verify', '--policy', machine.policyFile, '--host', '/nowhere', path);
  assert.equal(nowhere.code, 3);
});

test('inspect says what is in an image, and that nobody vouches for it', async () => {
  const path = machine.put('inspect/vendor-tools.raw', machine.image('tools'));
  const { code, out, err } = await touchstone('inspect', path);
  assert.equal(code, 0, err);
  assert.match(out, /form +ddi\n/);
  assert.match(
    out,
    /hash tree +sha256, type 1, \d+ data blocks of 4096, hash blocks of 4096, salt [0-9a-f]+\n/,
  );
  assert.match(out, /root hash +sha256:[0-9a-f]{64} \(from signature\)\n/);
  assert.match(out, /signed by +serial [0-9a-f]+ with .* over sha256; not verified\n/);
  assert.match(out, /certificate +CN=vendor, until \d{4}-\d\d-\d\d \([0-9a-f]{64}\)\n/);
  assert.match(out, /release +SYSEXT_VERSION_ID=1\.2\n/);
  assert.doesNotMatch(out, /problem/);
});

test('a sidecar that systemd ignores for its name is warned of', async () => {
  const path = machine.put('misnamed/vendor-tools.raw', machine.image('tools'));
  machine.put('misnamed/vendor-tools.raw.roothash', 'ab'.repeat(32));
  const { code, err } = await verify(path);
  assert.equal(code, 0);
  assert.match(err, /vendor-tools\.raw\.roothash: warning: .* \(ignored-sidecar\)/);
});

test('inspect names what does not fit, and exits with 1 only for what is no image', async () => {
  const bytes = machine.image('tools');
  bytes.write('9.9', bytes.indexOf('SYSEXT_VERSION_ID=1.2') + 'SYSEXT_VERSION_ID='.length);
  const { code, out } = await touchstone('inspect', machine.put('inspect/changed.raw', bytes));
  assert.equal(code, 0);
  assert.match(out, /problem +data-corrupt: /);
  const text = await touchstone('inspect', machine.put('inspect/text.raw', 'no image'));
  assert.equal(text.code, 1);
  assert.match(text.out, /problem +unsupported: image: has neither a GPT nor a file system/);
  assert.equal((await touchstone('inspect', '/nowhere.raw')).code, 3);
});

/** Has the machine attest, and appraises the evidence under the policy as it is now. */
async function appraiseHost(): Promise<readonly AppraisedExtension[]> {
  const { root, device, policyFile } = machine;
  const host = await ensureIdentity(root, device);
  const nonce = new Uint8Array(32).fill(7);
  const evidence = await createAttester({ root, device, measurePcr: 13, ...host }).attest(nonce);
  const policy = await loadPolicy({
    ...{ text: readFileSync(policyFile), path: 'policy.yaml' },
    files: policyFiles(policyFile, '/'),
  });
  const document = Buffer.from(JSON.stringify(toEvidenceDocument(evidence)));
  const { identity } = host;
  return appraise({ evidence: document, nonce, identity, policy, now: new Date(), labels: new Map() })
    .extensions;
}

test('the gate measures what it admits by digest, and evidence of it convinces a verifier', async () => {
  for (const [name, text] of Object.entries(releaseFiles('scratch')))
    machine.put(`var/lib/extensions/scratch/${name}`, text);
  const path = join(machine.root, 'var/lib/extensions/scratch');
  const { rootHash } = JSON.parse((await touchstone('inspect', '--json', path)).out);
  machine.writePolicy(
    `  - { name: scratch, match: { form: directory }, require: { treeDigest: ["sha256:${rootHash}"] } }`,
  );
  const { code, out } = await touchstone(
    'gate',
    '--json',
    '--root',
    machine.root,
    '--tcti',
    machine.tpm.tcti,
  );
  assert.equal(code, 0, out);
  const { events } = JSON.parse(out);
  assert.ok(
    events.includes(`touchstone-extension:sysext:scratch:1.2:tree-sha256:${rootHash}:unsigned:scratch`),
    out,
  );
  const extensions = await appraiseHost();
  assert.deepEqual(
    extensions.map(({ name, verdict, signer }) => [name, verdict, signer]),
    [['scratch', 'accepted', null]],
  );
  machine.writePolicy();
  assert.deepEqual(
    (await appraiseHost()).flatMap(({ reasons }) => reasons.map((why) => why.code)),
    ['no-matching-rule'],
  );
});
