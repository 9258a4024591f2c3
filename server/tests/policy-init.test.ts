import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { makeDdi, makeErofs } from '../../test-vectors/generate/make-image.ts';
import { OpensslPki, type SignOptions } from '../../test-vectors/generate/openssl-pki.ts';
import { writeVerity } from '../../test-vectors/generate/verity-writer.ts';
import { bytesSource } from '../../verifier/image/bytes-source.ts';
import { loadPolicy } from '../../verifier/policy/load.ts';
import { verifyImage } from '../../verifier/verify-image.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { policyFiles } from '../host/policy-files.ts';
import { collect } from './sample-machine.ts';

/** What `policy init` finds in a directory, and whether its policy accepts that and nothing else. */

const pki = new OpensslPki();
const authority = pki.issue({ subject: '/CN=Authority', extensions: ['basicConstraints=critical,CA:true'] });
const vendor = pki.issue({ subject: '/CN=Vendor: "signing" #1', issuer: authority });
const ops = pki.issue({ subject: '/O=Example/CN=..\\/ops', key: 'rsa2048' });
const work = mkdtempSync(join(tmpdir(), 'touchstone-init-'));
let images = '';
let count = 0;

beforeEach(() => {
  images = join(work, `images-${count++}`);
  mkdirSync(images);
});

after(() => {
  pki.remove();
  rmSync(work, { recursive: true });
});

async function touchstone(...args: readonly string[]) {
  const collected = collect();
  const code = await runCommandLine(args, collected.output);
  return { code, out: collected.out, err: collected.err };
}

function put(path: string, bytes: Uint8Array | string): string {
  const target = join(images, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, bytes);
  return target;
}

const release = (name: string, version = '1.2') => ({
  [`usr/lib/extension-release.d/extension-release.${name}`]: `ID=_any\nSYSEXT_VERSION_ID=${version}\n`,
});
const confextRelease = (name: string) => ({
  [`etc/extension-release.d/extension-release.${name}`]: 'ID=_any\nCONFEXT_VERSION_ID=7\n',
});

function ddi(
  files: Readonly<Record<string, string>>,
  signature: SignOptions | null = { signers: [vendor] },
  hashType: 0 | 1 = 1,
): Uint8Array {
  const sign = (rootHash: string) => pki.sign(rootHash, signature ?? { signers: [] });
  return makeDdi({
    ...{ data: makeErofs(files), architecture: 'x86-64', verity: { hashType } },
    ...(signature === null ? {} : { sign }),
  }).bytes;
}

function putSidecar(path: string, files: Readonly<Record<string, string>>): void {
  const data = makeErofs(files);
  const verity = writeVerity(data);
  put(`${path}.raw`, data);
  put(`${path}.verity`, verity.bytes);
  put(`${path}.roothash`, `${verity.rootHash}\n`);
  put(`${path}.roothash.p7s`, pki.sign(verity.rootHash, { signers: [ops] }));
}

function putDirectory(path: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) put(`${path}/${name}`, text);
}

async function init(...args: readonly string[]) {
  const policy = join(work, `out-${count++}`, 'policy.yaml');
  mkdirSync(dirname(policy));
  const result = await touchstone('policy', 'init', images, '--output', policy, '--json', ...args);
  return { ...result, policy, document: JSON.parse(result.out === '' ? 'null' : result.out) };
}

async function verify(policy: string, ...paths: readonly string[]) {
  const { out } = await touchstone('verify', '--full', '--json', '--policy', policy, ...paths);
  const documents: { verdict: string; rule: string; rootHash: string; reasons: { code: string }[] }[] =
    JSON.parse(out);
  return documents.map(({ verdict, rule, rootHash, reasons }) => ({
    ...{ verdict, rule, rootHash, codes: reasons.map(({ code }) => code) },
  }));
}

function loadWritten(policy: string) {
  return loadPolicy({ text: readFileSync(policy), path: policy, files: policyFiles(policy, '/') });
}

interface ImageDocument {
  readonly image: string;
  readonly outcome: string;
  readonly rule: string | null;
  readonly reasons: readonly { code: string; message: string }[];
}

const outcomesOf = (document: { images: ImageDocument[] }) =>
  Object.fromEntries(
    document.images.map(({ image, outcome, reasons }) => [
      image.slice(images.length + 1),
      [outcome, ...new Set(reasons.map(({ code }) => code))].join(' '),
    ]),
  );

test('of every form of image, what is found is accepted, and the policy loads without a warning', async () => {
  put('tools.raw', ddi(release('tools')));
  put('two.raw', ddi(release('two'), { signers: [vendor, ops] }));
  put('old.raw', ddi(release('old'), { signers: [ops] }, 0));
  put('site.confext.raw', ddi(confextRelease('site')));
  putSidecar('side', release('side'));
  put('bare.raw', makeErofs(release('bare')));
  putDirectory('tree', release('tree'));
  put('app.raw.v/app_1.raw', 'not an image');
  put('app.raw.v/app_2.raw', ddi(release('app')));
  put('app.raw.v/README', 'nothing');
  put('README', 'nothing');
  mkdirSync(join(images, 'masked'));
  const { code, policy, document, err } = await init();
  assert.equal(code, 0, err + JSON.stringify(document));
  assert.equal(err, '');
  assert.equal(document.policy, readFileSync(policy, 'utf8'));
  assert.equal(document.images.length, 8);
  const loaded = await loadWritten(policy);
  assert.deepEqual(loaded.warnings, []);
  assert.equal(loaded.rules.length, 8);
  const paths = document.images.map(({ image }: ImageDocument) => image);
  const verdicts = await verify(policy, ...paths);
  assert.deepEqual(
    verdicts.map(({ verdict, rule }) => [verdict, rule]),
    document.images.map(({ rule }: ImageDocument) => ['accepted', rule]),
  );
  // The certificates that signed, not the authority that one of them comes with.
  assert.equal(loaded.anchors.length, 2);
  assert.deepEqual(loaded.anchors.map(({ name }) => name.replace(/[0-9a-f]{12}$/, '')).sort(), [
    'ops-',
    'vendor-signing-1-',
  ]);
  assert.deepEqual(
    readdirSync(dirname(policy)).sort(),
    ['policy.yaml', ...document.certificates.map(({ file }: { file: string }) => file)].sort(),
  );
});

test('another image of the same name, version and signer is refused, and one of the same authority', async () => {
  const path = put('tools.raw', ddi(release('tools')));
  putDirectory('tree', release('tree'));
  put('bare.raw', makeErofs(release('bare')));
  const { policy } = await init();
  put('tools.raw', ddi({ ...release('tools'), 'usr/more': 'x' }));
  assert.deepEqual((await verify(policy, path))[0]?.codes, ['digest-mismatch']);
  const colleague = pki.issue({ subject: '/CN=Vendor: "signing" #1', issuer: authority });
  put('tools.raw', ddi(release('tools'), { signers: [colleague] }));
  assert.deepEqual((await verify(policy, path))[0]?.codes, ['signer-untrusted']);
  put('tools.raw', ddi(release('tools'), { signers: [authority] }));
  assert.deepEqual((await verify(policy, path))[0]?.codes, ['signer-untrusted']);
  put('tree/usr/more', 'x');
  put('bare.raw', makeErofs({ ...release('bare'), 'usr/more': 'x' }));
  const changed = await verify(policy, join(images, 'tree'), join(images, 'bare.raw'));
  assert.deepEqual(
    changed.map(({ codes }) => codes),
    [['digest-mismatch'], ['digest-mismatch']],
  );
});

test('of all vector images, a policy made for some accepts what has their root hashes and nothing else', async () => {
  // The name in the release data of most of them, whatever their files are called.
  const name = 'sysext-two-levels';
  const vectors = readdirSync('test-vectors/image').filter((file) => file.endsWith('.raw.gz'));
  assert.ok(vectors.length > 150);
  put('sysext-x86-64-rsa.raw', vector('sysext-x86-64-rsa.raw.gz'));
  put(`${name}.raw`, vector(`${name}.raw.gz`));
  put('confext-x86-64-ecdsa.confext.raw', vector('confext-x86-64-ecdsa.raw.gz'));
  const { code, policy, document } = await init();
  assert.equal(code, 0, JSON.stringify(document.images));
  const pinned: readonly string[] = document.images.map(({ rootHash }: { rootHash: string }) => rootHash);
  const options = {
    ...{ policy: await loadWritten(policy), now: new Date(), full: false, host: null },
    ...{ labels: new Map<string, string>(), acceptedVersion: () => null },
  };
  const accepted: string[] = [];
  for (const file of vectors) {
    const files = { image: bytesSource(vector(file)) };
    const { verdict, content } = await verifyImage(files, { class: 'sysext', name }, options);
    if (verdict !== 'accepted') continue;
    assert.ok(pinned.includes(content?.rootHash ?? ''), file);
    accepted.push(file);
  }
  assert.ok(accepted.includes(`${name}.raw.gz`));
  // Besides it, those with a difference in what is neither data nor signature.
  assert.ok(accepted.length < vectors.length / 4, accepted.join(' '));
});

function vector(file: string): Uint8Array {
  return gunzipSync(readFileSync(join('test-vectors/image', file)));
}

test('what no policy can admit is left out, with the reason', async () => {
  put('good.raw', ddi(release('good')));
  put('unsigned.raw', ddi(release('unsigned'), null));
  put('broken.raw', 'not an image');
  put('cut.raw', vector('truncated-partitions.raw.gz'));
  const corrupt = Buffer.from(ddi({ ...release('corrupt'), 'usr/filler': 'filler'.repeat(20_000) }));
  const at = corrupt.indexOf('fillerfiller') + 70_000;
  corrupt.writeUInt8(corrupt.readUInt8(at) ^ 1, at);
  put('corrupt.raw', corrupt);
  put('misnamed.raw', ddi(release('other')));
  putDirectory('empty-tree', { 'usr/share/x': 'x' });
  put('expired.raw', ddi(release('expired'), { signers: [expired()] }));
  const special = '*'.repeat(140);
  putDirectory(special, release(special));
  // An image before systemd 260, and a stack of images since.
  putDirectory('stack.mstack', release('stack.mstack'));
  put('twice.raw', ddi(release('twice')));
  put('twice.sysext.raw', ddi(release('twice')));
  const { code, document, policy } = await init();
  assert.equal(code, 1);
  assert.deepEqual(outcomesOf(document), {
    [special]: 'left out unsupported',
    'broken.raw': 'left out unsupported',
    'corrupt.raw': 'left out data-corrupt',
    'cut.raw': 'left out malformed',
    'empty-tree': 'left out incompatible',
    'expired.raw': 'left out certificate-expired',
    'good.raw': 'admitted',
    'misnamed.raw': 'left out name-mismatch',
    'stack.mstack': 'left out name-mismatch',
    'twice.raw': 'left out name-mismatch',
    'twice.sysext.raw': 'left out name-mismatch',
    'unsigned.raw': 'left out unsigned',
  });
  const verdicts = await verify(policy, ...document.images.map(({ image }: ImageDocument) => image));
  assert.deepEqual(
    verdicts.map(({ verdict }) => verdict),
    document.images.map(({ outcome }: ImageDocument) => (outcome === 'admitted' ? 'accepted' : 'refused')),
  );
});

function expired() {
  return pki.issue({ subject: '/CN=late', notBefore: '20200101000000Z', notAfter: '20210101000000Z' });
}

test('where there is nothing to admit, no policy is written; where there is nothing at all, that is a mistake', async () => {
  put('unsigned.raw', ddi(release('unsigned'), null));
  const { code, policy, document } = await init();
  assert.deepEqual([code, document.policy, document.output, existsSync(policy)], [1, null, null, false]);
  rmSync(join(images, 'unsigned.raw'));
  const nothing = await init();
  assert.deepEqual([nothing.code, nothing.out], [2, '']);
  assert.match(nothing.err, /there are no images in /);
  assert.equal((await touchstone('policy', 'init', join(images, 'none'))).code, 3);
  assert.equal((await touchstone('policy', 'init', put('file.raw', 'x'))).code, 2);
});

test('an image that cannot be read leaves the exit code at 3, and the others in the policy', async () => {
  putSidecar('store/side', release('side'));
  symlinkSync('store/side.raw', join(images, 'side.raw'));
  put('tools.raw', ddi(release('tools')));
  const { code, document } = await init();
  assert.equal(code, 3);
  assert.equal(outcomesOf(document)['side.raw'], 'error unreadable');
  assert.equal(outcomesOf(document)['tools.raw'], 'admitted');
});

test('a signer whose certificate is not in the message is found among those given', async () => {
  put('tools.raw', ddi(release('tools'), { signers: [vendor], embed: 'none' }));
  assert.deepEqual(outcomesOf((await init()).document), { 'tools.raw': 'left out signer-untrusted' });
  // An authority is no signer.
  const byAuthority = await init('--trust', authority.certificate);
  assert.deepEqual(outcomesOf(byAuthority.document), { 'tools.raw': 'left out signer-untrusted' });
  const { code, policy } = await init('--trust', vendor.certificate, '--trust', ops.certificate);
  assert.equal(code, 0);
  assert.equal(readdirSync(dirname(policy)).length, 2);
  assert.equal((await verify(policy, join(images, 'tools.raw')))[0]?.verdict, 'accepted');
});

test('the class is the one given, of the file name, or of the directory', async () => {
  put('confexts/site.raw', ddi({ ...confextRelease('site'), ...release('site') }));
  put('confexts/tools.sysext.raw', ddi(release('tools')));
  images = join(images, 'confexts');
  const classes = async (...args: readonly string[]) =>
    (await init(...args)).document.images.map(
      (one: ImageDocument & { class: string; name: string }) => `${one.class} ${one.name} ${one.outcome}`,
    );
  assert.deepEqual(await classes(), ['sysext tools admitted', 'confext site admitted']);
  assert.deepEqual(await classes('--class', 'sysext'), ['sysext site admitted', 'sysext tools admitted']);
  assert.deepEqual(await classes('--class', 'confext'), [
    'confext site admitted',
    'confext tools.sysext left out',
  ]);
});

test('nothing is overwritten: not the policy, and not a certificate that is another one', async () => {
  put('tools.raw', ddi(release('tools')));
  const { policy, document } = await init();
  const before = readFileSync(policy);
  const again = await touchstone('policy', 'init', images, '--output', policy);
  assert.deepEqual([again.code, again.out], [2, '']);
  assert.match(again.err, /^touchstone: .*policy\.yaml exists already, and is left as it is/);
  assert.deepEqual(readFileSync(policy), before);
  const second = join(dirname(policy), 'second.yaml');
  assert.equal((await touchstone('policy', 'init', images, '--output', second)).code, 0);
  const certificate = join(dirname(policy), document.certificates[0].file);
  writeFileSync(certificate, readFileSync(ops.certificate));
  const third = join(dirname(policy), 'third.yaml');
  const refused = await touchstone('policy', 'init', images, '--output', third);
  assert.deepEqual([refused.code, existsSync(third)], [2, false]);
  rmSync(certificate);
  symlinkSync('nowhere', certificate);
  assert.equal((await touchstone('policy', 'init', images, '--output', third)).code, 2);
  symlinkSync('nowhere', third);
  assert.equal((await touchstone('policy', 'init', images, '--output', third)).code, 2);
  assert.deepEqual([existsSync(join(dirname(policy), 'nowhere')), existsSync(third)], [false, false]);
});

test('no file name makes the policy say anything else', async () => {
  const names = [
    ...[
      'a: b',
      '- x',
      '# y',
      '*',
      '[a-z]',
      '!tag',
      '&anchor',
      '%YAML 1.1',
      '{',
      '}',
      "it's",
      '"quoted"',
      '~',
      'null',
    ],
    ...['back\\slash', '\u202egnp.yaml', 'x'.repeat(200), '\u2028rules: []', '@', '`', '1e3', 'ünï'],
  ];
  for (const name of names) putDirectory(name, release(name));
  const { code, policy, document } = await init();
  assert.equal(code, 0, JSON.stringify(document.images));
  const loaded = await loadWritten(policy);
  assert.deepEqual(loaded.warnings, []);
  assert.equal(loaded.rules.length, names.length);
  assert.doesNotMatch(document.policy, /[^\P{C}\n]|[\u2028\u2029]/u);
  const verdicts = await verify(policy, ...names.map((name) => join(images, name)));
  assert.ok(verdicts.every(({ verdict }) => verdict === 'accepted'));
});

test('for people, the policy is printed, and what is left out is said beside it', async () => {
  put('tools.raw', ddi(release('tools')));
  put('unsigned.raw', ddi(release('unsigned'), null));
  const printed = await touchstone('policy', 'init', images, '--name', 'edge');
  assert.equal(printed.code, 1);
  assert.match(printed.out, /^# The tightest policy/);
  assert.match(printed.out, /^ {2}name: edge$/m);
  assert.match(printed.err, /^touchstone: left out: .*unsigned\.raw: unsigned: .*\n/);
  assert.match(printed.err, /\ntouchstone: the certificates were not written; give --output FILE/);
  const policy = join(images, 'policy.yaml');
  const written = await touchstone('policy', 'init', images, '--output', policy);
  assert.equal(written.err, '');
  assert.match(
    written.out,
    /policy\.yaml accepts\n {2}.*tools\.raw: sysext tools 1\.2, signed by vendor-signing-1-[0-9a-f]{12}\.pem\nby the signatures of\n {2}vendor-signing-1-.*\nand leaves out\n {2}.*unsigned\.raw: unsigned: /,
  );
  const nameless = await touchstone('policy', 'init', images, '--name', '');
  assert.equal(nameless.code, 2);
});
