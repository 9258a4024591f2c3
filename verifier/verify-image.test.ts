import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';

import { type ImageOptions, makeDdi, makeErofs } from '../test-vectors/generate/make-image.ts';
import { OpensslPki } from '../test-vectors/generate/openssl-pki.ts';
import { writeVerity } from '../test-vectors/generate/verity-writer.ts';
import type { ImageFiles } from './check-content.ts';
import type { ByteSource } from './image/byte-source.ts';
import { bytesSource } from './image/bytes-source.ts';
import { parseHostRelease } from './image/release/host-os-release.ts';
import type { ExtendedHost, ImageName, ImageVerdict } from './image-verdict.ts';
import { loadPolicy } from './policy/load.ts';
import type { Policy } from './policy/policy.ts';
import type { Hex } from './bytes/hex.ts';
import type { VerifyImageOptions } from './image-verdict.ts';
import { verifyImage } from './verify-image.ts';
import { filesBy } from '../test-vectors/generate/policy-files.ts';

const pki = new OpensslPki();
after(() => pki.remove());
const vendor = pki.issue({ subject: '/CN=vendor' });
const stranger = pki.issue({ subject: '/CN=stranger' });
const sign = (rootHash: string) => pki.sign(rootHash, { signers: [vendor] });

const releasePath = 'usr/lib/extension-release.d/extension-release.tools';
const filler = 'touchstone '.repeat(40_000);
const tree = (release = 'ID=debian\nVERSION_ID=12\nSYSEXT_VERSION_ID=2.1\n') =>
  makeErofs({ [releasePath]: release, 'usr/share/filler': filler });
const ddi = (more: Partial<ImageOptions> = {}) => makeDdi({ data: tree(), sign, ...more });
const tools: ImageName = { class: 'sysext', name: 'tools' };

function policy(require: string): Promise<Policy> {
  const text = `apiVersion: touchstone/v1
kind: ExtensionPolicy
metadata: { name: test, version: 1 }
trust: { vendor: { certificates: [vendor.pem], pinned: true } }
rules: [{ name: tools, match: {}, require: { ${require} } }]
`;
  const files = filesBy(() => Promise.resolve(readFileSync(vendor.certificate)));
  return loadPolicy({ text: Buffer.from(text), path: 'policy.yaml', files });
}

const bySigner = await policy('signedBy: [vendor]');
const host = (osRelease: string): ExtendedHost => ({
  release: parseHostRelease(Buffer.from(osRelease), 'x86-64'),
  scope: 'system',
});
const debian = host('ID=debian\nVERSION_ID=12\n');

async function verify(
  image: Uint8Array | ByteSource | ImageFiles,
  more: { policy?: Policy; name?: ImageName; host?: ExtendedHost | null; full?: boolean } & Partial<
    Pick<VerifyImageOptions, 'acceptedVersion'>
  > = {},
): Promise<ImageVerdict> {
  const source = image instanceof Uint8Array ? bytesSource(image) : image;
  const files = 'image' in source ? source : { image: source };
  const { name = tools, full = false } = more;
  const options = {
    ...{ policy: more.policy ?? bySigner, now: new Date(), full, host: more.host ?? null },
    ...{ labels: new Map(), acceptedVersion: more.acceptedVersion ?? (() => null) },
  };
  const verdict = await verifyImage(files, name, options);
  assert.equal(verdict.approval === null, verdict.reasons.length > 0);
  assert.equal(verdict.approval === null, verdict.verdict === 'refused');
  return verdict;
}

const codes = async (...args: Parameters<typeof verify>): Promise<string[]> =>
  (await verify(...args)).reasons.map(({ code }) => code);

/** A source whose bytes change after so many reads: a file that somebody writes to between check and use. */
function swapped(before: Uint8Array, after: Uint8Array, reads: number): ByteSource {
  let left = reads;
  return {
    size: before.length,
    read: (offset, length) => bytesSource(left-- > 0 ? before : after).read(offset, length),
  };
}

test('an approval has all that is measured, the version from the release data among it', async () => {
  const made = ddi();
  const { approval, release } = await verify(made.bytes, { host: debian });
  assert.ok(approval !== null && approval.cms !== null);
  assert.deepEqual(
    [approval.name, approval.version, approval.hashAlgorithm, approval.rootHash, approval.rule],
    ['tools', '2.1', 'sha256', made.rootHash, 'tools'],
  );
  assert.equal(release?.release.fields.get('VERSION_ID'), '12');
});

test('release data is read only once somebody vouches for the root hash', async () => {
  const unsigned = await verify(makeDdi({ data: tree() }).bytes);
  assert.deepEqual([unsigned.release, unsigned.reasons[0]?.code], [null, 'unsigned']);
  const byStranger = await verify(
    ddi({ sign: (rootHash) => pki.sign(rootHash, { signers: [stranger] }) }).bytes,
  );
  assert.deepEqual([byStranger.release, byStranger.reasons[0]?.code], [null, 'signer-untrusted']);
});

test('an image under another file name than its own is judged under both', async () => {
  const renamed = { ...tools, name: 'tools_9' };
  const strict = await policy('signedBy: [vendor], noDowngrade: true');
  const remembers = ({ name }: ImageName) => ({ highest: name === 'tools' ? '3.0' : null });
  assert.deepEqual(await codes(ddi().bytes, { name: renamed }), []);
  const downgrade = await codes(ddi().bytes, { policy: strict, name: renamed, acceptedVersion: remembers });
  assert.deepEqual(downgrade, ['downgrade']);
  const [rule] = bySigner.rules;
  assert.ok(rule);
  const narrowFirst = {
    ...bySigner,
    rules: [
      {
        ...rule,
        name: 'narrow',
        nameGlob: 'tools',
        admits: { kind: 'digest', form: 'bare', values: new Set<Hex>() } as const,
      },
      rule,
    ],
  };
  assert.deepEqual(await codes(ddi().bytes, { policy: narrowFirst, name: renamed }), ['digest-mismatch']);
  const { approval } = await verify(ddi().bytes, { name: renamed });
  assert.deepEqual([approval?.name, approval?.releaseName], ['tools_9', 'tools']);
});

test('the architecture that a rule asks for is the one that the root hash covers, if it covers one', async () => {
  const [rule] = bySigner.rules;
  assert.ok(rule);
  const forArm = { ...bySigner, rules: [{ ...rule, architecture: ['arm64'] }] };
  const release = (text: string) =>
    ddi({
      data: makeErofs({ 'usr/lib/extension-release.d/extension-release.tools': text }),
      architecture: 'arm64',
    }).bytes;
  assert.deepEqual(await codes(release('ID=_any\nARCHITECTURE=x86-64\n'), { policy: forArm }), [
    'wrong-architecture',
  ]);
  assert.deepEqual(await codes(release('ID=_any\nARCHITECTURE=arm64\n'), { policy: forArm }), []);
  assert.deepEqual(await codes(release('ID=_any\n'), { policy: forArm }), []);
});

test('an image that systemd would not merge is refused, however well it is signed', async () => {
  assert.deepEqual(await codes(ddi().bytes, { name: { ...tools, name: 'other' } }), ['name-mismatch']);
  assert.deepEqual(await codes(ddi({ data: makeErofs({ 'usr/share/x': 'x' }) }).bytes), ['incompatible']);
  assert.deepEqual(await codes(ddi().bytes, { host: host('ID=fedora\n') }), ['incompatible']);
  assert.deepEqual(await codes(ddi({ data: Buffer.alloc(8192, 'x') }).bytes), ['unsupported']);
});

test('a block of the release data that is not what the root hash covers is found without --full', async () => {
  const made = ddi();
  const at = made.bytes.indexOf('SYSEXT_VERSION_ID=2.1');
  assert.ok(at > made.dataOffset);
  made.bytes.write('SYSEXT_VERSION_ID=9.9', at);
  assert.deepEqual(await codes(made.bytes), ['data-corrupt']);
});

test('whenever the file is swapped, what was approved is what the root hash covers', async () => {
  const made = ddi();
  const other = Buffer.from(made.bytes);
  other.write('SYSEXT_VERSION_ID=9.9', other.indexOf('SYSEXT_VERSION_ID=2.1'));
  for (let reads = 0; reads < 200; reads++) {
    const { approval } = await verify(swapped(made.bytes, other, reads), { full: reads % 2 === 0 });
    assert.ok(approval === null || approval.version === '2.1', `after ${reads} reads`);
  }
});

test('a bare file system is admitted by the digest of the whole file, and by nothing else', async () => {
  const bytes = tree();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const listed = await policy(`fileDigest: ['sha256:${sha256}']`);
  const { approval, integrity } = await verify(bytes, { policy: listed, host: debian });
  assert.deepEqual(
    [approval?.hashAlgorithm, approval?.rootHash, approval?.signer, approval?.cms, approval?.version],
    ['file-sha256', sha256, 'unsigned', null, '2.1'],
  );
  assert.deepEqual(integrity, { checked: 'full', dataBytes: bytes.length });
  assert.deepEqual(await codes(bytes), ['unsigned']);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  assert.deepEqual(await codes(bytes, { policy: listed }), ['digest-mismatch']);
  assert.deepEqual(await codes(ddi().bytes, { policy: listed }), ['digest-mismatch']);
});

test('whenever a bare file is swapped, what was approved is what was digested', async () => {
  const bytes = tree();
  const other = Buffer.from(bytes);
  other.write('SYSEXT_VERSION_ID=9.9', other.indexOf('SYSEXT_VERSION_ID=2.1'));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const listed = await policy(`fileDigest: ['sha256:${sha256}']`);
  for (let reads = 0; reads < 120; reads++) {
    const { approval } = await verify(swapped(bytes, other, reads), { policy: listed });
    assert.ok(approval === null || approval.version === '2.1', `after ${reads} reads`);
  }
});

test('a file system with its hash tree, root hash and signature beside it is accepted like a GPT image', async () => {
  const data = tree();
  const { bytes, rootHash } = writeVerity(data);
  const sidecars = {
    hashTree: bytesSource(bytes),
    rootHashes: [{ designator: 'root', name: 'tools.roothash', text: Buffer.from(`${rootHash}\n`) }],
    signatures: { root: sign(rootHash), usr: null },
  } as const;
  const image = bytesSource(data);
  const { approval, content } = await verify({ image, sidecars }, { full: true, host: debian });
  assert.deepEqual([content?.form, approval?.rootHash, approval?.version], ['sidecar', rootHash, '2.1']);
  const unsigned = { ...sidecars, signatures: { root: null, usr: null } };
  assert.deepEqual(await codes({ image, sidecars: unsigned }), ['unsigned']);
  const flipped = Buffer.from(data);
  flipped.writeUInt8(flipped.readUInt8(100_000) ^ 1, 100_000);
  assert.deepEqual(await codes({ image: bytesSource(flipped), sidecars }, { full: true }), ['data-corrupt']);
});

test('a root hash beside a GPT image counts before the one inside, and both must be the same', async () => {
  const made = ddi();
  const beside = (rootHash: string) => ({
    hashTree: null,
    rootHashes: [{ designator: 'root', name: 'tools.roothash', text: Buffer.from(rootHash) }] as const,
    signatures: { root: sign(rootHash), usr: null },
  });
  const image = bytesSource(made.bytes);
  const { approval } = await verify({ image, sidecars: beside(made.rootHash) });
  assert.equal(approval?.rootHash, made.rootHash);
  const unsigned = bytesSource(makeDdi({ data: tree() }).bytes);
  assert.deepEqual(await codes({ image: unsigned, sidecars: beside(made.rootHash) }), ['unsigned']);
  const other = 'ab'.repeat(32);
  assert.ok((await codes({ image, sidecars: beside(other) })).includes('root-hash-mismatch'));
});

test('hash trees of type 0 are verified, and refused unless the policy names them', async () => {
  const made = ddi({ verity: { hashType: 0 } });
  assert.deepEqual(await codes(made.bytes, { full: true }), ['unsupported']);
  const named = await policy('signedBy: [vendor], hashType: [0, 1]');
  const { approval } = await verify(made.bytes, { policy: named, full: true });
  assert.equal(approval?.rootHash, made.rootHash);
});
