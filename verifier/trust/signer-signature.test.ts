import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import {
  attribute,
  message,
  type MessageParts,
  oids,
  requiredAttributes,
} from '../../test-vectors/generate/cms-writer.ts';
import { der, oid } from '../../test-vectors/generate/der-writer.ts';
import { type HandSigned, handSigned } from '../../test-vectors/generate/hand-signed.ts';
import { issuers, judgedAt, vendor } from '../../test-vectors/generate/judge-chain.ts';
import { OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { digest } from '../bytes/digest.ts';
import { parseHex } from '../bytes/hex.ts';
import { parseCertificate } from './certificate.ts';
import { verifyRootHashSignature } from './root-hash-signature.ts';

const pki = new OpensslPki();
after(() => pki.remove());
const { issue } = issuers(pki);
const rootHash = parseHex('0123456789abcdef'.repeat(4), 'root hash');
const otherHash = parseHex('0123456789abcdee'.repeat(4), 'root hash');
const p256 = issue('p256', null);
const rsa = issue('rsa', null, { key: 'rsa2048' });
const edwards = issue('ed25519', null, { key: 'ed25519' });

/** The first reason for a message of one signer, which is pinned; null if it is accepted. */
function judge(edit: Partial<HandSigned>, parts: Partial<MessageParts> = {}, hash = rootHash) {
  const request = {
    content: rootHash,
    signer: p256,
    signatureOid: oids.ecdsaSha256,
    hash: 'sha256',
    ...edit,
  };
  const cms = message({
    ...(edit.digestOid !== undefined && { digestOids: [edit.digestOid] }),
    signers: [handSigned(request)],
    ...parts,
  });
  const anchors = [vendor([request.signer], { mode: 'pinned' })];
  const verdict = verifyRootHashSignature(hash, cms, anchors, judgedAt);
  return verdict.signed ? null : (verdict.reasons[0] ?? null);
}
const attributesOf = (hash: string, name: 'sha256' | 'sha512' = 'sha256') =>
  requiredAttributes(digest(name, hash));

test('a message made by hand is accepted, so that what follows differs in one thing', () => {
  assert.equal(judge({}), null);
  assert.equal(judge({ attributes: attributesOf(rootHash) }), null);
  assert.equal(judge({ signer: rsa, signatureOid: oids.rsa }), null);
  assert.equal(judge({ signer: rsa, signatureOid: oids.sha256WithRsa }), null);
});

test('Ed25519 is accepted with and without attributes, for its own content alone', () => {
  const request = { signer: edwards, signatureOid: oids.ed25519, hash: null, digestOid: oids.sha512 };
  for (const signed of [{}, { attributes: attributesOf(rootHash, 'sha512') }]) {
    assert.equal(judge({ ...request, ...signed }), null);
    assert.equal(judge({ ...request, ...signed }, {}, otherHash)?.code, 'signature-invalid');
  }
});

test('Ed25519 over attributes goes with SHA-512 alone', () => {
  const request = { signer: edwards, signatureOid: oids.ed25519, hash: null, digestOid: oids.sha256 };
  const refusal = judge({ ...request, attributes: attributesOf(rootHash) });
  assert.equal(refusal?.code, 'signature-invalid');
  assert.match(refusal.message, /names sha256; Ed25519 goes with sha512/);
  assert.equal(judge(request), null);
});

test('a message digest of other content is invalid, though the attributes are signed', () => {
  assert.match(judge({ attributes: attributesOf(otherHash) })?.message ?? '', /over other content/);
  assert.equal(judge({ attributes: attributesOf(otherHash) })?.code, 'signature-invalid');
});

test('a message digest by another algorithm than announced is invalid', () => {
  assert.equal(judge({ attributes: attributesOf(rootHash, 'sha512') })?.code, 'signature-invalid');
});

test('attributes about another content type are invalid', () => {
  const [contentType = new Uint8Array(), messageDigest = new Uint8Array()] = attributesOf(rootHash);
  const about = Buffer.from(contentType);
  about.set(oid('1.2.840.113549.1.7.2'), about.length - 11);
  const refusal = judge({ attributes: [about, messageDigest] });
  assert.equal(refusal?.code, 'signature-invalid');
  assert.match(refusal.message, /other than plain data/);
});

test('attributes that the signature does not cover are invalid', () => {
  const genuine = handSigned({
    content: rootHash,
    signer: p256,
    signatureOid: oids.ecdsaSha256,
    hash: 'sha256',
    attributes: attributesOf(otherHash),
  });
  const edited = Buffer.from(genuine);
  const expected = digest('sha256', rootHash);
  edited.set(expected, edited.indexOf(digest('sha256', otherHash)));
  const verdict = verifyRootHashSignature(
    rootHash,
    message({ signers: [edited] }),
    [vendor([p256], { mode: 'pinned' })],
    judgedAt,
  );
  assert.equal(!verdict.signed && verdict.reasons[0]?.code, 'signature-invalid');
});

test('two digests in one signer are invalid', () => {
  const refusal = judge({ signatureOid: oids.ecdsaSha512, hash: 'sha512', digestOid: oids.sha256 });
  assert.equal(refusal?.code, 'signature-invalid');
  assert.match(refusal.message, /two digests, sha512 and sha256/);
});

const misfits = [
  ['rsaEncryption', oids.rsa, p256],
  ['Ed25519', oids.ed25519, p256],
  ['ECDSA', oids.ecdsaSha256, rsa],
  ['ECDSA', oids.ecdsaSha256, edwards],
] as const;
for (const [name, signatureOid, signer] of misfits) {
  test(`${name} by ${signer === p256 ? 'a P-256' : signer === rsa ? 'an RSA' : 'an Ed25519'} key is invalid`, () => {
    assert.equal(
      judge({ signatureOid, signer, hash: signer === edwards ? null : 'sha256' })?.code,
      'signature-invalid',
    );
  });
}

test('RSA PKCS#1 by a key that is for RSA-PSS alone is invalid, as openssl cms labels it by default', () => {
  const pss = issue('pss', null, { key: 'rsa-pss' });
  const cms = pki.sign(rootHash, { signers: [pss], tool: 'cms' });
  const verdict = verifyRootHashSignature(rootHash, cms, [vendor([pss], { mode: 'pinned' })], judgedAt);
  assert.equal(!verdict.signed && verdict.reasons[0]?.code, 'signature-invalid');
});

test('weak digests are weak', () => {
  assert.equal(judge({ hash: 'sha1', digestOid: oids.sha1 })?.code, 'signature-weak');
  assert.equal(judge({ hash: 'md5', digestOid: '1.2.840.113549.2.5' })?.code, 'signature-weak');
  assert.equal(judge({ signatureOid: '1.2.840.10045.4.1', hash: 'sha1' })?.code, 'signature-weak');
});

test('unknown algorithms are unsupported', () => {
  assert.equal(judge({ signatureOid: oids.ed448 })?.code, 'unsupported');
  assert.equal(judge({ digestOid: oids.sha3 })?.code, 'unsupported');
});

test('a key that verifies is not enough: the message must name its certificate', () => {
  const named = parseCertificate(p256.der, 'p256');
  const [genuine, serial] = [Buffer.from(named.issuerDer).toString('hex'), named.serial];
  const signed = handSigned({
    content: rootHash,
    signer: p256,
    signatureOid: oids.ecdsaSha256,
    hash: 'sha256',
  });
  for (const [part, last] of [
    [genuine, 2],
    [serial, 2],
  ] as const) {
    const bytes = Buffer.from(signed);
    const at = bytes.indexOf(Buffer.from(part, 'hex')) + part.length / 2 - last + 1;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const verdict = verifyRootHashSignature(
      rootHash,
      message({ signers: [bytes] }),
      [vendor([p256], { mode: 'pinned' })],
      judgedAt,
    );
    assert.equal(!verdict.signed && verdict.reasons[0]?.code, 'signer-untrusted');
  }
});

test('a message that two parsers read differently is refused', () => {
  // The second parser takes the tag [30] for a string of two-octet characters, and reads past the end of this one.
  const odd = attribute('1.2.3', der(0x9e, Uint8Array.of(0x41)));
  const refusal = judge({ attributes: [odd, ...attributesOf(rootHash)] });
  assert.equal(refusal?.code, 'signature-invalid');
  assert.match(refusal.message, /Two parsers disagree/);
  assert.equal(
    judge({ attributes: [attribute('1.2.3', der(0x9e, Uint8Array.of(0, 0x41))), ...attributesOf(rootHash)] }),
    null,
  );
});

test('an embedded certificate that cannot be read makes the message malformed', () => {
  const broken = Buffer.from(p256.der);
  broken[broken.indexOf(Buffer.from('0603551d0f', 'hex')) + 4] = 0x13; // key usage, relabelled as basic constraints
  const refusal = judge({}, { certificates: [broken] });
  assert.equal(refusal?.code, 'malformed');
  assert.match(refusal.message, /^signature: certificate 1: /);
});
