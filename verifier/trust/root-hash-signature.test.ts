import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { message, oids } from '../../test-vectors/generate/cms-writer.ts';
import { handSigned } from '../../test-vectors/generate/hand-signed.ts';
import { issuers, judgedAt as now, parse, vendor } from '../../test-vectors/generate/judge-chain.ts';
import { type Issued, OpensslPki, type SignOptions } from '../../test-vectors/generate/openssl-pki.ts';
import { type Hex, parseHex } from '../bytes/hex.ts';
import type { ReasonCode } from '../reasons.ts';
import type { TrustAnchors } from './anchors.ts';
import { type SignatureVerdict, verifyRootHashSignature } from './root-hash-signature.ts';

const pki = new OpensslPki();
after(() => pki.remove());
const { issue, leaf } = issuers(pki);

const rootHash = parseHex('0123456789abcdef'.repeat(4), 'root hash');
const otherHash = parseHex('0123456789abcdee'.repeat(4), 'root hash');
const signingKeys = {
  rsa: issue('rsa', null, { key: 'rsa2048' }),
  p256: issue('p256', null),
  p384: issue('p384', null, { key: 'p384' }),
  p521: issue('p521', null, { key: 'p521' }),
};
const { rsa, p256 } = signingKeys;

const pin = (...certificates: readonly Issued[]) => vendor(certificates, { mode: 'pinned' });
const verify = (cms: Uint8Array, anchors: readonly TrustAnchors[], hash: Hex = rootHash) =>
  verifyRootHashSignature(hash, cms, anchors, now);
const codeOf = (verdict: SignatureVerdict): ReasonCode | null =>
  verdict.signed ? null : (verdict.reasons[0]?.code ?? 'unreadable');
const messageOf = (verdict: SignatureVerdict) => (verdict.signed ? '' : (verdict.reasons[0]?.message ?? ''));

/** What systemd's own check says; `smime` for PKCS#7, `cms` for what only CMS can express. */
function opensslAccepts(
  tool: 'smime' | 'cms',
  cms: Uint8Array,
  certificates: readonly Issued[],
  hash: Hex = rootHash,
) {
  const [signature, content, known] = [pki.write(cms), pki.write(hash), pki.bundle(certificates)];
  return pki.accepts(
    ...[tool, '-verify', '-inform', 'DER', '-in', signature, '-content', content, '-out', pki.path('out')],
    ...['-certfile', known, '-nointern', '-noverify', '-binary'],
  );
}

for (const [name, signer] of Object.entries(signingKeys)) {
  for (const tool of ['smime', 'cms'] as const) {
    for (const attributes of [false, true]) {
      for (const embed of ['none', 'signer'] as const) {
        const how = `${name} by ${tool} ${attributes ? 'with' : 'without'} attributes, embedding ${embed}`;
        test(`${how}: accepted for its hash and signer alone, as by openssl`, () => {
          const cms = pki.sign(rootHash, { signers: [signer], tool, attributes, embed });
          const stranger = signer === rsa ? p256 : rsa;
          assert.equal(codeOf(verify(cms, [pin(signer)])), null);
          assert.equal(opensslAccepts(tool, cms, [signer]), true);
          assert.equal(codeOf(verify(cms, [pin(signer)], otherHash)), 'signature-invalid');
          assert.equal(opensslAccepts(tool, cms, [signer], otherHash), false);
          assert.equal(codeOf(verify(cms, [pin(stranger)])), 'signer-untrusted');
          assert.equal(opensslAccepts(tool, cms, [stranger]), false);
        });
      }
    }
  }
}

const pssPadding = ['-keyopt', 'rsa_padding_mode:pss'];
const variants: readonly (readonly [string, SignOptions])[] = [
  ['SHA-384', { signers: [rsa], options: ['-md', 'sha384'] }],
  ['SHA-512 with attributes', { signers: [p256], attributes: true, options: ['-md', 'sha512'] }],
  ['a key identifier', { signers: [p256], tool: 'cms', options: ['-keyid'] }],
  ['a key identifier and attributes', { signers: [rsa], tool: 'cms', attributes: true, options: ['-keyid'] }],
  ['RSA-PSS', { signers: [rsa], tool: 'cms', options: pssPadding }],
  ['RSA-PSS and attributes', { signers: [rsa], tool: 'cms', attributes: true, options: pssPadding }],
  ['RSA-PSS and SHA-512', { signers: [rsa], tool: 'cms', options: ['-md', 'sha512', ...pssPadding] }],
  [
    'a short PSS salt',
    { signers: [rsa], tool: 'cms', options: [...pssPadding, '-keyopt', 'rsa_pss_saltlen:20'] },
  ],
  ['an RSA-PSS key', { signers: [issue('pss', null, { key: 'rsa-pss' })], tool: 'cms', options: pssPadding }],
  ['other certificates embedded', { signers: [p256], embed: [rsa, signingKeys.p384] }],
  ['S/MIME capabilities left out', { signers: [rsa], attributes: true, options: ['-nosmimecap'] }],
  ['two signers', { signers: [rsa, p256] }],
  ['two signers and attributes', { signers: [p256, signingKeys.p384], attributes: true }],
];
for (const [what, options] of variants) {
  test(`${what}: accepted, as by openssl`, () => {
    const cms = pki.sign(rootHash, options);
    const { tool = 'smime', signers } = options;
    assert.equal(codeOf(verify(cms, [pin(...signers)])), null);
    assert.equal(opensslAccepts(tool, cms, signers), true);
    assert.equal(codeOf(verify(cms, [pin(...signers)], otherHash)), 'signature-invalid');
    assert.equal(opensslAccepts(tool, cms, signers, otherHash), false);
  });
}

test('a root hash of SHA-512 is signed like any other', () => {
  const long = parseHex('5a'.repeat(64), 'root hash');
  assert.equal(codeOf(verify(pki.sign(long, { signers: [p256] }), [pin(p256)], long)), null);
});

test('a signature over the root hash with a newline, in capitals or in binary is invalid', () => {
  for (const content of [
    `${rootHash}\n`,
    rootHash.toUpperCase(),
    Buffer.from(rootHash, 'hex').toString('latin1'),
  ]) {
    assert.equal(codeOf(verify(pki.sign(content, { signers: [p256] }), [pin(p256)])), 'signature-invalid');
  }
});

test('a message digest of other content is invalid', () => {
  const verdict = verify(pki.sign(otherHash, { signers: [p256], attributes: true }), [pin(p256)]);
  assert.equal(codeOf(verdict), 'signature-invalid');
  assert.match(messageOf(verdict), /over other content/);
});

test('SHA-1 is too weak in the signature, with and without attributes', () => {
  for (const attributes of [false, true]) {
    const cms = pki.sign(rootHash, { signers: [rsa], attributes, options: ['-md', 'sha1'] });
    assert.equal(codeOf(verify(cms, [pin(rsa)])), 'signature-weak');
  }
});

test('SHA-1 is too weak in RSA-PSS', () => {
  const options = ['-md', 'sha1', ...pssPadding];
  assert.equal(
    codeOf(verify(pki.sign(rootHash, { signers: [rsa], tool: 'cms', options }), [pin(rsa)])),
    'signature-weak',
  );
});

test('a weak key is too weak even when it is pinned', () => {
  const weak = issue('weak', null, { key: 'rsa1024' });
  assert.equal(codeOf(verify(pki.sign(rootHash, { signers: [weak] }), [pin(weak)])), 'signature-weak');
});

test('attached content is malformed, be it the root hash itself', () => {
  for (const tool of ['smime', 'cms'] as const) {
    const verdict = verify(pki.sign(rootHash, { signers: [p256], tool, options: ['-nodetach'] }), [
      pin(p256),
    ]);
    assert.equal(codeOf(verdict), 'malformed');
    assert.match(messageOf(verdict), /^signature: content: is attached/);
  }
});

test('PEM, nothing and trailing bytes are malformed', () => {
  const cms = pki.sign(rootHash, { signers: [p256] });
  const pem = Buffer.from('-----BEGIN PKCS7-----\n');
  for (const bytes of [pem, new Uint8Array(0), Buffer.concat([cms, Buffer.of(0)])]) {
    assert.equal(codeOf(verify(bytes, [pin(p256)])), 'malformed');
  }
});

test('without anchors nobody is trusted, and a bad signature is still the first thing said', () => {
  const cms = pki.sign(rootHash, { signers: [p256] });
  assert.equal(codeOf(verify(cms, [])), 'signer-untrusted');
  assert.equal(codeOf(verify(cms, [], otherHash)), 'signature-invalid');
});

test('a signer nobody knows is named by serial number or key identifier', () => {
  const serial = issue('known', null, { serial: '7b' });
  const bySerial = verify(pki.sign(rootHash, { signers: [serial], embed: 'none' }), [pin(p256)]);
  assert.match(messageOf(bySerial), /serial number 7b/);
  const keyid = { signers: [serial], embed: 'none', tool: 'cms', options: ['-keyid'] } as const;
  const byKey = verify(pki.sign(rootHash, keyid), [pin(p256)]);
  assert.equal(codeOf(byKey), 'signer-untrusted');
  assert.match(messageOf(byKey), new RegExp(`key identifier ${parse(serial).subjectKeyIdentifier ?? ''}`));
});

test('the claimed signer is shown when its signature is not accepted', () => {
  const verdict = verify(pki.sign(rootHash, { signers: [p256] }), [pin(rsa)], otherHash);
  assert.equal(!verdict.signed && verdict.claimedSigner?.sha256, parse(p256).sha256);
});

test('each set of anchors is asked, and says why not', () => {
  const root = issue('root', null);
  const inter = issue('inter', root);
  const signer = leaf(inter);
  const cms = pki.sign(rootHash, { signers: [signer], embed: [inter] });
  const verdict = verify(cms, [
    vendor([root], { name: 'issued' }),
    vendor([signer], { name: 'pinned', mode: 'pinned' }),
    vendor([root], { name: 'stranger', mode: 'pinned' }),
    vendor([root], { name: 'unfit', extendedKeyUsage: ['1.3.6.1.5.5.7.3.3'] }),
  ]);
  assert.ok(verdict.signed);
  const { signature } = verdict;
  assert.equal(signature.rootHash, rootHash);
  const [found, ...others] = signature.signers;
  assert.equal(others.length, 0);
  assert.equal(found.certificate.sha256, parse(signer).sha256);
  const chains = [...found.trustedBy].map(([name, chain]) => [name, chain.map(({ subject }) => subject)]);
  assert.deepEqual(chains, [
    ['issued', ['CN=leaf', 'CN=inter', 'CN=root']],
    ['pinned', ['CN=leaf']],
  ]);
  const refusals = [...found.distrustedBy].map(([name, [first]]) => [name, first?.code]);
  assert.deepEqual(refusals, [
    ['stranger', 'signer-untrusted'],
    ['unfit', 'certificate-unfit'],
  ]);
});

test('the most helpful refusal comes first', () => {
  const root = issue('root', null);
  const expired = leaf(root, { notAfter: '20260601000000Z' });
  const verdict = verify(pki.sign(rootHash, { signers: [expired] }), [
    pin(rsa),
    vendor([root], { name: 'issued' }),
  ]);
  const codes = !verdict.signed && verdict.reasons.map(({ code }) => code);
  assert.deepEqual(codes, ['certificate-expired', 'signer-untrusted']);
});

test('every signer must verify and be trusted by some set, and each says by which', () => {
  const cms = pki.sign(rootHash, { signers: [rsa, p256] });
  assert.equal(codeOf(verify(cms, [pin(rsa)])), 'signer-untrusted');
  assert.equal(codeOf(verify(cms, [pin(p256)])), 'signer-untrusted');
  assert.equal(codeOf(verify(cms, [pin(p256, rsa)])), null);
  const verdict = verify(cms, [pin(rsa), { ...pin(p256), name: 'other' }]);
  assert.ok(verdict.signed);
  const sets = verdict.signature.signers.map(({ certificate, trustedBy, distrustedBy }) => [
    certificate.sha256,
    [...trustedBy.keys()].join(),
    [...distrustedBy.keys()].join(),
  ]);
  const expected = [
    [parse(rsa).sha256, 'vendor', 'other'],
    [parse(p256).sha256, 'other', 'vendor'],
  ];
  assert.deepEqual(sets.sort(), expected.sort());
});

test('one good signature does not carry a bad one, as openssl sees it too', () => {
  const second = issue('second', null);
  const hand = (content: Hex, signer: Issued) =>
    handSigned({ content, signer, signatureOid: oids.ecdsaSha256, hash: 'sha256' });
  const cms = message({ signers: [hand(rootHash, p256), hand(otherHash, second)] });
  assert.equal(codeOf(verify(cms, [pin(p256, second)])), 'signature-invalid');
  assert.equal(opensslAccepts('smime', cms, [p256, second]), false);
  const good = message({ signers: [hand(rootHash, p256), hand(rootHash, second)] });
  assert.equal(codeOf(verify(good, [pin(p256, second)])), null);
  assert.equal(opensslAccepts('smime', good, [p256, second]), true);
});

test('an embedded certificate of the same name and number does not stand in for the trusted one', () => {
  const genuine = issue('vendor', null, { serial: '01' });
  const forged = issue('vendor', null, { serial: '01' });
  const cms = pki.sign(rootHash, { signers: [forged] });
  assert.equal(codeOf(verify(cms, [pin(genuine)])), 'signer-untrusted');
  assert.equal(codeOf(verify(cms, [vendor([genuine], { mode: 'either' })])), 'signer-untrusted');
  assert.equal(
    codeOf(verify(pki.sign(rootHash, { signers: [forged], embed: 'none' }), [pin(genuine)])),
    'signature-invalid',
  );
});

test('an embedded certificate of the same name and number does not hide the trusted one', () => {
  const genuine = issue('vendor', null, { serial: '01' });
  const decoy = issue('vendor', null, { serial: '01' });
  const signer = handSigned({
    content: rootHash,
    signer: genuine,
    signatureOid: oids.ecdsaSha256,
    hash: 'sha256',
  });
  const cms = message({ certificates: [decoy.der], signers: [signer] });
  const verdict = verify(cms, [pin(decoy), { ...pin(genuine), name: 'genuine' }]);
  assert.equal(verdict.signed && verdict.signature.signers[0].certificate.sha256, parse(genuine).sha256);
});

test('of two certificates over one key, each set may trust its own', () => {
  const root = issue('root', null);
  const old = issue('old', null, { extensions: ['subjectKeyIdentifier=hash'] });
  const renewed = leaf(root, { key: old, extensions: ['subjectKeyIdentifier=hash'] });
  const cms = pki.sign(rootHash, { signers: [renewed], tool: 'cms', options: ['-keyid'] });
  const verdict = verify(cms, [vendor([root], { name: 'issued' }), { ...pin(old), name: 'pinned' }]);
  assert.deepEqual(verdict.signed && [...verdict.signature.signers[0].trustedBy.keys()], [
    'issued',
    'pinned',
  ]);
  assert.equal(verdict.signed && verdict.signature.signers[0].certificate.sha256, parse(renewed).sha256);
});

test('of two certificates over one key, the one that reaches an anchor explains the refusal', () => {
  const root = issue('root', null);
  const extensions = ['subjectKeyIdentifier=hash'];
  const stranger = issue('stranger', null, { extensions });
  const expired = leaf(root, { key: stranger, extensions, notAfter: '20260601000000Z' });
  for (const [signer, other] of [
    [stranger, expired],
    [expired, stranger],
  ] as const) {
    const options = { signers: [signer], embed: [other], tool: 'cms', options: ['-keyid'] } as const;
    assert.equal(codeOf(verify(pki.sign(rootHash, options), [vendor([root])])), 'certificate-expired');
  }
});
