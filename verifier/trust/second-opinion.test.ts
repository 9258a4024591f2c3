import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  algorithm,
  issuerAndSerial,
  message,
  oids,
  requiredAttributes,
  signerInfo,
  type SignerParts,
} from '../../test-vectors/generate/cms-writer.ts';
import { der, oid } from '../../test-vectors/generate/der-writer.ts';
import { toHex } from '../bytes/hex.ts';
import { parseSignedData, type SignedData, type SignerInfo } from './cms.ts';
import { findDisagreement } from './second-opinion.ts';

const issuer = der(0x30, der(0x31, der(0x30, oid('2.5.4.3'), der(0x0c, Buffer.from('vendor')))));
const parts: SignerParts = {
  sid: issuerAndSerial(issuer, Uint8Array.of(0x00, 0xff)),
  attributes: requiredAttributes(new Uint8Array(32)),
  signatureAlgorithm: algorithm(oids.ecdsaSha256),
  signature: Uint8Array.of(9, 9),
};
const bytes = message({ signers: [signerInfo(parts)] });
const parsed = parseSignedData(bytes);
const [signer] = parsed.signers;
assert.ok(signer?.signedAttributes);

const keyBytes = message({
  version: 3,
  signers: [signerInfo({ ...parts, sid: der(0x80, Uint8Array.of(1, 2)) })],
});

test('two parsers that read the same have nothing to say', () => {
  assert.equal(findDisagreement(bytes, parsed), null);
  assert.equal(findDisagreement(keyBytes, parseSignedData(keyBytes)), null);
  const bare = message({ signers: [signerInfo({ ...parts, attributes: undefined as never })] });
  assert.equal(findDisagreement(bare, parseSignedData(bare)), null);
});

const other = Uint8Array.of(1);
const withSigner = (edit: Partial<SignerInfo>): SignedData => ({
  ...parsed,
  signers: [{ ...signer, ...edit }],
});
const flipped = (value: Uint8Array) =>
  value.map((octet, at) => (at === value.length - 1 ? octet ^ 1 : octet));
const readings: readonly (readonly [string, SignedData, RegExp])[] = [
  ['the number of signers', { ...parsed, signers: [signer, signer] }, /number of signers/],
  ['the number of certificates', { ...parsed, certificates: [other] }, /number of certificates/],
  [
    'the serial number',
    withSigner({ sid: { kind: 'issuer-serial', issuerDer: issuer, serial: toHex(other) } }),
    /certificate named/,
  ],
  [
    'the issuer',
    withSigner({
      sid: { kind: 'issuer-serial', issuerDer: flipped(issuer), serial: toHex(Uint8Array.of(0xff)) },
    }),
    /certificate named/,
  ],
  [
    'the kind of name',
    withSigner({ sid: { kind: 'key-identifier', keyIdentifier: toHex(other) } }),
    /certificate named/,
  ],
  ['the digest algorithm', withSigner({ digestOid: oids.sha512 }), /digest algorithm/],
  ['the signature algorithm', withSigner({ signatureOid: oids.ecdsaSha512 }), /signature algorithm/],
  ['the signature value', withSigner({ signature: Uint8Array.of(9, 8) }), /signature value/],
  ['whether there are attributes', withSigner({ signedAttributes: null }), /signed attributes/],
  [
    'the attributes',
    withSigner({
      signedAttributes: { ...signer.signedAttributes, der: flipped(signer.signedAttributes.der) },
    }),
    /signed attributes/,
  ],
];
for (const [what, reading, problem] of readings) {
  test(`another reading of ${what} is refused`, () => {
    const found = findDisagreement(bytes, reading);
    assert.equal(found?.code, 'signature-invalid');
    assert.match(found.message, problem);
  });
}

test('another reading of a key identifier is refused', () => {
  const read = parseSignedData(keyBytes);
  const signers = read.signers.map((one) => ({
    ...one,
    sid: { kind: 'key-identifier', keyIdentifier: toHex(other) } as const,
  }));
  assert.match(findDisagreement(keyBytes, { ...read, signers })?.message ?? '', /certificate named/);
});

test('content that only the other parser sees is refused', () => {
  const attached = message({
    signers: [signerInfo(parts)],
    encapsulated: der(0x30, oid(oids.data), der(0xa0, der(0x04, other))),
  });
  assert.match(findDisagreement(attached, parsed)?.message ?? '', /the content/);
});

test('bytes that the other parser cannot read are refused', () => {
  for (const cut of [bytes.subarray(0, -1), new Uint8Array(0), Buffer.concat([bytes, other])]) {
    assert.match(findDisagreement(cut, parsed)?.message ?? '', /the structure/);
  }
});
