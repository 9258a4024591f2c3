import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import fc from 'fast-check';

import { filesBy } from '../../test-vectors/generate/policy-files.ts';
import { parseHex } from '../bytes/hex.ts';
import { Unsupported } from '../bytes/failures.ts';
import { decide } from '../policy/decide.ts';
import type { ImageFacts } from '../policy/facts.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import { type Certificate, parseCertificates } from '../trust/certificate.ts';
import { composePolicy, type FoundImage, type InitialPolicy } from './init-policy.ts';
import { exactGlob, nameRules } from './init-rule.ts';
import { nameCertificates } from './init-trust.ts';

const certificates = ['vendor-ca', 'ops', 'site', 'tools'].flatMap((name) =>
  parseCertificates(readFileSync(`policies/${name}.pem`), name),
);
const [vendor, ops] = certificates;
assert.ok(vendor !== undefined && ops !== undefined);

const hash = (digit: string) => parseHex(digit.repeat(64), 'test');
const tools: FoundImage = {
  ...{ path: 'exts/tools.raw', class: 'sysext', name: 'tools', form: 'ddi', architecture: 'x86-64' },
  ...{ rootHash: hash('a'), hashType: 1, version: '2.1', signers: [vendor] },
};
const bare: FoundImage = {
  ...{ path: 'exts/bare.raw', class: 'confext', name: 'bare', form: 'bare', architecture: null },
  ...{ rootHash: hash('b'), hashType: null, version: '', signers: [] },
};
const options = { name: 'site', source: 'exts' };

function load({ text, certificates: written }: InitialPolicy): Promise<Policy> {
  const files = filesBy((path) => {
    const found = written.find(({ file }) => file === path);
    return found === undefined ? Promise.reject(new Error(path)) : Promise.resolve(Buffer.from(found.pem));
  });
  return loadPolicy({ text: Buffer.from(text), path: 'policy.yaml', files });
}

/** The facts of an image, as a policy sees them whose trust sets pin what they name. */
function factsOf(image: FoundImage, { anchors }: Policy): ImageFacts {
  const signers = image.signers.map(({ sha256 }) => ({
    ...{ sha256, key: sha256 },
    trustedBy: new Map(
      anchors
        .filter((set) => set.certificates.some((one) => one.sha256 === sha256))
        .map((set) => [set.name, [sha256]]),
    ),
    distrustedBy: new Map(),
  }));
  return { ...image, accepted: null, signature: { signers, reasons: [] } };
}

function verdict(policy: Policy, image: FoundImage): string {
  const context = { now: new Date('2027-01-01'), labels: new Map() };
  return decide(policy, factsOf(image, policy), context).verdict;
}

test('a policy has a rule for each image, and says what each part is', async () => {
  const composed = composePolicy([tools, { ...bare, path: 'exts/bare.raw' }], options);
  const set = composed.certificates[0]?.set ?? '';
  assert.match(set, /^[a-z0-9-]+-[0-9a-f]{12}$/);
  assert.equal(
    composed.text.slice(composed.text.indexOf('rules:')),
    `rules:
  # exts/tools.raw, version 2.1
  - name: sysext tools
    match: { class: sysext, name: tools, form: ddi }
    require:
      signedBy: [ ${set} ]
      rootHash: [ ${hash('a')} ]
      architecture: [ x86-64 ]
      version: = 2.1
  # exts/bare.raw
  - name: confext bare
    match: { class: confext, name: bare, form: bare }
    require:
      fileDigest: [ sha256:${hash('b')} ]
# To try it first: \`audit\` reports what would be refused, and lets it be merged.
mode: enforce
`,
  );
  assert.match(
    composed.text,
    /^# The tightest policy that accepts the 2 images found in exts, and no other\.$/m,
  );
  const policy = await load(composed);
  assert.deepEqual(policy.warnings, []);
  assert.deepEqual(
    policy.anchors.map(({ mode, certificates: pinned }) => [mode, pinned.map(({ sha256 }) => sha256)]),
    [['pinned', [vendor.sha256]]],
  );
  assert.deepEqual(composed.rules, ['sysext tools', 'confext bare']);
});

/** An image that differs in one thing from one that is accepted. */
const others: Readonly<Record<string, Partial<FoundImage>>> = {
  'another root hash': { rootHash: hash('c') },
  'another name': { name: 'tools2' },
  'another class': { class: 'confext' },
  'another form': { form: 'sidecar' },
  'another architecture': { architecture: 'arm64' },
  'another version': { version: '2.2' },
  'no version': { version: '' },
  'another signer': { signers: [ops] },
  'one signer more': { signers: [vendor, ops] },
  'no signer': { signers: [] },
  'a hash tree of the other type': { hashType: 0 },
};
for (const [what, change] of Object.entries(others))
  test(`an image with ${what} is not accepted`, async () => {
    const policy = await load(composePolicy([tools], options));
    assert.equal(verdict(policy, tools), 'accepted');
    assert.equal(verdict(policy, { ...tools, ...change }), 'refused');
  });

test('what two signed must be signed by both', async () => {
  const policy = await load(composePolicy([{ ...tools, signers: [ops, vendor] }], options));
  assert.deepEqual(policy.warnings, []);
  assert.equal(verdict(policy, { ...tools, signers: [vendor, ops] }), 'accepted');
  for (const signers of [[vendor], [ops], [vendor, vendor]])
    assert.equal(verdict(policy, { ...tools, signers }), 'refused');
});

test('a hash tree of the older type is accepted where it was found, and no other', async () => {
  const older = { ...tools, hashType: 0 as const };
  const policy = await load(composePolicy([older], options));
  assert.equal(verdict(policy, older), 'accepted');
  assert.equal(verdict(policy, tools), 'refused');
});

test('a version that a policy cannot ask for is left to the root hash', async () => {
  const odd = { ...tools, version: 'a, b' };
  const policy = await load(composePolicy([odd], options));
  assert.equal(policy.rules[0]?.version, null);
  assert.equal(verdict(policy, odd), 'accepted');
  assert.equal(verdict(policy, { ...odd, rootHash: hash('d') }), 'refused');
});

const hostileText = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 120 }),
  fc.constantFrom(
    ...[
      '*',
      '[a-z]',
      '\\',
      'a\nrules: []',
      '# x',
      '- a',
      'null',
      '~',
      "'",
      '"',
      '{',
      '\u202e',
      ': ',
      '!x',
      '%',
    ],
  ),
);

test('whatever images, signers and directories are called, the policy loads without warnings and accepts exactly them', async () => {
  const image = fc.record({
    ...{ path: hostileText, name: hostileText, class: fc.constantFrom('sysext', 'confext') },
    ...{ form: fc.constantFrom('ddi', 'sidecar', 'bare', 'directory'), hashType: fc.constantFrom(0, 1) },
    ...{ architecture: fc.constantFrom('x86-64', null), version: fc.oneof(hostileText, fc.constant('1.2')) },
    signers: fc.subarray([...certificates], { minLength: 1 }),
    subject: hostileText,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(image, { minLength: 1, maxLength: 5, selector: ({ class: one, name }) => one + name }),
      hostileText,
      async (some, source) => {
        const images = some.map(({ subject, ...one }, index): FoundImage => {
          const isDigest = one.form === 'bare' || one.form === 'directory';
          return {
            ...one,
            rootHash: hash('0123456789abcdef'[index] ?? ''),
            hashType: isDigest ? null : one.hashType,
            architecture: isDigest ? null : one.architecture,
            signers: isDigest ? [] : one.signers.map((signer) => ({ ...signer, subject: `CN=${subject}` })),
          };
        });
        fc.pre(images.every(({ name }) => exactGlob(name).length <= 255));
        const policy = await load(composePolicy(images, { name: 'any', source }));
        assert.deepEqual(policy.warnings, []);
        assert.equal(policy.rules.length, images.length);
        for (const [index, one] of images.entries()) {
          assert.equal(verdict(policy, one), 'accepted');
          assert.equal(verdict(policy, { ...one, rootHash: hash('f') }), 'refused');
          assert.equal(verdict(policy, { ...one, name: `${one.name}x` }), 'refused', String(index));
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('rules have names that can be measured, no two alike', () => {
  const names = nameRules([
    { ...tools, name: 'a\u202eb' },
    { ...tools, name: 'a\u202db' },
    { ...tools, name: `${'x'.repeat(100)}1` },
    { ...tools, name: `${'x'.repeat(100)}2` },
    { ...tools, name: '😀'.repeat(40) },
  ]);
  assert.deepEqual(names, [
    ...['sysext a?b', 'sysext a?b 2', `sysext ${'x'.repeat(57)}`, `sysext ${'x'.repeat(55)} 2`],
    `sysext ${'😀'.repeat(28)}`,
  ]);
});

test('certificates have names that are safe in a directory, no two alike', () => {
  const named = (subject: string, sha256 = vendor.sha256): Certificate => ({
    ...vendor,
    subject,
    sha256,
  });
  const short = vendor.sha256.slice(0, 12);
  const cases = {
    'CN=Vendor Signing 2026, O=Example': `vendor-signing-2026-${short}`,
    'O=Example, CN=../../etc/passwd': `etc-passwd-${short}`,
    'O=CN, cn=x\\, y\\2C z': `x-y-2c-z-${short}`,
    'O=nobody': `signer-${short}`,
    'CN=---': `signer-${short}`,
    [`CN=${'a'.repeat(99)}`]: `${'a'.repeat(40)}-${short}`,
  };
  for (const [subject, set] of Object.entries(cases))
    assert.deepEqual(
      nameCertificates([named(subject)]).map((one) => [one.set, one.file]),
      [[set, `${set}.pem`]],
    );
  const alike = parseHex(`${short}${'0'.repeat(52)}`, 'test');
  const [first, second] = nameCertificates([named('CN=a'), named('CN=a', alike)]);
  assert.deepEqual([first?.set, second?.set], [`a-${short}`, alike]);
});

test('what does not fit into one policy is not cut off', () => {
  const many = Array.from({ length: 1001 }, (_, index) => ({ ...bare, name: `b${index}` }));
  assert.throws(() => composePolicy(many, options), Unsupported);
  const signers = Array.from({ length: 101 }, (_, index) => ({
    ...vendor,
    sha256: parseHex(index.toString(16).padStart(64, '0'), 'test'),
  }));
  assert.throws(() => composePolicy([{ ...tools, signers }], options), Unsupported);
});
