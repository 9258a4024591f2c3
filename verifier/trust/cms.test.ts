import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  algorithm,
  attribute,
  issuerAndSerial,
  message,
  type MessageParts,
  oids,
  requiredAttributes,
  signerInfo,
  type SignerParts,
} from '../../test-vectors/generate/cms-writer.ts';
import { der, integer, null_, oid } from '../../test-vectors/generate/der-writer.ts';
import { Malformed, Unsupported } from '../bytes/failures.ts';
import { parseSignedData } from './cms.ts';

const issuer = der(0x30, der(0x31, der(0x30, oid('2.5.4.3'), der(0x0c, Buffer.from('vendor')))));
const sid = issuerAndSerial(issuer, Uint8Array.of(0x00, 0xff));
const keyIdentifier = der(0x80, Uint8Array.of(1, 2, 3));
const digest = new Uint8Array(32).fill(7);
const attributes = requiredAttributes(digest);

const signer = (edit: Partial<SignerParts> = {}) =>
  signerInfo({
    sid,
    signatureAlgorithm: algorithm(oids.ecdsaSha256),
    signature: Uint8Array.of(9, 9),
    ...edit,
  });
const build = (edit: Partial<MessageParts> = {}) => message({ signers: [signer()], ...edit });
const buildSigner = (edit: Partial<SignerParts>, digestOids: readonly string[] = [oids.sha256]) =>
  message({ digestOids, signers: [signer(edit)], version: edit.sid?.[0] === 0x80 ? 3 : 1 });
const parseSigner = (edit: Partial<SignerParts>, digestOids?: readonly string[]) => {
  const [first] = parseSignedData(buildSigner(edit, digestOids)).signers;
  assert.ok(first);
  return first;
};

test('a signer is read as written', () => {
  const parsed = parseSignedData(build());
  assert.deepEqual(parsed, {
    digestAlgorithms: ['sha256'],
    certificates: [],
    signers: [
      {
        sid: { kind: 'issuer-serial', issuerDer: issuer, serial: 'ff' },
        digestAlgorithm: 'sha256',
        signatureAlgorithm: { kind: 'ecdsa', digest: 'sha256' },
        digestOid: oids.sha256,
        signatureOid: oids.ecdsaSha256,
        signedAttributes: null,
        signature: Uint8Array.of(9, 9),
      },
    ],
  });
});

test('a key identifier is read as written', () => {
  assert.deepEqual(parseSigner({ sid: keyIdentifier }).sid, {
    kind: 'key-identifier',
    keyIdentifier: '010203',
  });
});

test('signed attributes are the bytes of the message, as a SET', () => {
  assert.deepEqual(parseSigner({ attributes }).signedAttributes, {
    der: der(0x31, ...attributes),
    contentType: oids.data,
    messageDigest: digest,
  });
});

test('the parsed message does not change when the input does', () => {
  const bytes = buildSigner({ attributes });
  const parsed = parseSignedData(bytes);
  const before = structuredClone(parsed);
  bytes.fill(0);
  assert.deepEqual(parsed, before);
});

const pss = (hash: Uint8Array, mask: Uint8Array, ...rest: readonly Uint8Array[]) =>
  algorithm(oids.rsaPss, der(0x30, der(0xa0, hash), der(0xa1, algorithm(oids.mgf1, mask)), ...rest));
const [sha1, sha256, sha384] = [algorithm(oids.sha1), algorithm(oids.sha256, null_), algorithm(oids.sha384)];
const salt = (...octets: number[]) => der(0xa2, der(0x02, Uint8Array.from(octets)));
const algorithms: readonly (readonly [string, Uint8Array, unknown])[] = [
  ['rsaEncryption', algorithm(oids.rsa, null_), { kind: 'rsa-pkcs1', digest: null }],
  ['sha256WithRSAEncryption', algorithm(oids.sha256WithRsa, null_), { kind: 'rsa-pkcs1', digest: 'sha256' }],
  ['ecdsa-with-SHA512', algorithm(oids.ecdsaSha512), { kind: 'ecdsa', digest: 'sha512' }],
  ['Ed25519', algorithm(oids.ed25519), { kind: 'ed25519' }],
  ['PSS with a salt', pss(sha256, sha256, salt(32)), { kind: 'rsa-pss', digest: 'sha256', saltLength: 32 }],
  ['PSS with the default salt', pss(sha384, sha384), { kind: 'rsa-pss', digest: 'sha384', saltLength: 20 }],
  [
    'PSS with the only trailer',
    pss(sha256, sha256, der(0xa3, integer(1))),
    { kind: 'rsa-pss', digest: 'sha256', saltLength: 20 },
  ],
  ['PSS with SHA-1', pss(sha1, sha256), { kind: 'weak', oid: oids.sha1 }],
  ['PSS with a SHA-1 mask', pss(sha256, sha1), { kind: 'weak', oid: oids.sha1 }],
  ['PSS with SHA-1 by default', algorithm(oids.rsaPss, der(0x30)), { kind: 'weak', oid: oids.sha1 }],
  ['PSS with two digests', pss(sha256, sha384), { kind: 'unknown', oid: oids.rsaPss }],
  [
    'PSS with another mask function',
    algorithm(oids.rsaPss, der(0x30, der(0xa0, sha256), der(0xa1, algorithm('1.2.3', sha256)))),
    { kind: 'unknown', oid: '1.2.3' },
  ],
  [
    'sha1WithRSAEncryption',
    algorithm('1.2.840.113549.1.1.5', null_),
    { kind: 'weak', oid: '1.2.840.113549.1.1.5' },
  ],
  ['ecdsa-with-SHA1', algorithm('1.2.840.10045.4.1'), { kind: 'weak', oid: '1.2.840.10045.4.1' }],
  ['Ed448', algorithm(oids.ed448), { kind: 'unknown', oid: oids.ed448 }],
];
for (const [what, signatureAlgorithm, expected] of algorithms) {
  test(`${what} is recognised`, () =>
    assert.deepEqual(parseSigner({ signatureAlgorithm }).signatureAlgorithm, expected));
}

test('weak and unknown digests are values, not errors', () => {
  const digestOf = (name: string) =>
    parseSigner({ digestAlgorithm: algorithm(name) }, [name]).digestAlgorithm;
  assert.deepEqual(digestOf(oids.sha1), { kind: 'weak', oid: oids.sha1 });
  assert.deepEqual(digestOf('1.2.840.113549.2.5'), { kind: 'weak', oid: '1.2.840.113549.2.5' });
  assert.deepEqual(digestOf(oids.sha3), { kind: 'unknown', oid: oids.sha3 });
  assert.equal(digestOf(oids.sha512), 'sha512');
});

const content = der(0xa0, der(0x04, Buffer.from('00')));
const x509 = der(0x30, der(0x30), der(0x30), der(0x03, Uint8Array.of(0)));
const attributeSet = (...values: readonly Uint8Array[]) => buildSigner({ attributes: values });
const [contentType, messageDigest] = attributes;
assert.ok(contentType && messageDigest);
const digestValue = der(0x04, digest);
const refusals: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['bytes after the message', Buffer.concat([build(), Buffer.of(0)]), /bytes after its end/],
  ['a message over 1 MiB', new Uint8Array(1024 * 1024 + 1), /larger than 1048576/],
  ['no message', new Uint8Array(0), /needs 1 bytes/],
  ['a ContentInfo of another type', build({ contentType: oids.data }), /not PKCS#7 SignedData/],
  ['another value than a ContentInfo', der(0x31, oid(oids.signedData)), /fields that do not belong/],
  ['attached content', build({ encapsulated: der(0x30, oid(oids.data), content) }), /content: is attached/],
  [
    'attached empty content',
    build({ encapsulated: der(0x30, oid(oids.data), der(0xa0)) }),
    /content: is attached/,
  ],
  [
    'content that is not plain data',
    build({ encapsulated: der(0x30, oid(oids.signedData)) }),
    /not plain data/,
  ],
  ['no signer', build({ signers: [] }), /has no signer/],
  ['17 signers', build({ signers: Array.from({ length: 17 }, () => signer()) }), /more than 16 signers/],
  [
    '17 certificates',
    build({ certificates: Array.from({ length: 17 }, () => x509) }),
    /more than 16 certificates/,
  ],
  ['a certificate without structure', build({ certificates: [der(0x30)] }), /structure of PKCS#7/],
  ['version 3 for an issuer and serial', build({ version: 3 }), /version: is not 1/],
  [
    'version 1 for a key identifier',
    message({ version: 1, signers: [signer({ sid: keyIdentifier })] }),
    /version: is not 3/,
  ],
  ['a signer version for the other kind of name', buildSigner({ version: 3 }), /does not fit how/],
  ['a digest that is not announced', buildSigner({}, [oids.sha512]), /lacks that of a signer/],
  ['no digest announced', buildSigner({}, []), /lacks that of a signer/],
  [
    'digest parameters',
    buildSigner({ digestAlgorithm: algorithm(oids.sha256, integer(1)) }),
    /parameters where none/,
  ],
  [
    'signature parameters',
    buildSigner({ signatureAlgorithm: algorithm(oids.rsa, integer(1)) }),
    /parameters where none/,
  ],
  ['PSS without parameters', buildSigner({ signatureAlgorithm: algorithm(oids.rsaPss) }), /no RSASSA-PSS/],
  [
    'PSS with another trailer',
    buildSigner({ signatureAlgorithm: pss(sha256, sha256, der(0xa3, integer(2))) }),
    /trailer/,
  ],
  [
    'PSS with a giant salt',
    buildSigner({ signatureAlgorithm: pss(sha256, sha256, salt(0x7f, 0xff)) }),
    /salt/,
  ],
  [
    'PSS with a negative salt',
    buildSigner({ signatureAlgorithm: pss(sha256, sha256, salt(0xff)) }),
    /negative/,
  ],
  ['a name of the wrong kind', buildSigner({ version: 1, sid: der(0x81, Uint8Array.of(1)) }), /./],
  [
    'a negative serial number',
    buildSigner({ sid: issuerAndSerial(issuer, Uint8Array.of(0x80)) }),
    /is negative/,
  ],
  ['no content type', attributeSet(messageDigest), /content type: is not there exactly once/],
  ['no message digest', attributeSet(contentType), /message digest: is not there exactly once/],
  ['empty attributes', attributeSet(), /not there exactly once|structure/],
  [
    'two content types',
    attributeSet(contentType, contentType, messageDigest),
    /content type: is not there exactly/,
  ],
  [
    'two message digests',
    attributeSet(contentType, messageDigest, messageDigest),
    /digest: is not there exactly/,
  ],
  [
    'a message digest with two values',
    attributeSet(contentType, attribute(oids.messageDigest, digestValue, digestValue)),
    /message digest: is not there exactly once/,
  ],
  [
    'a message digest without a value',
    attributeSet(attribute(oids.messageDigest), contentType),
    /exactly once/,
  ],
  [
    'a message digest of another type',
    attributeSet(attribute(oids.messageDigest, null_), contentType),
    /octet string/,
  ],
  ['attributes out of order', attributeSet(messageDigest, contentType), /not in DER order/],
];
for (const [what, bytes, problem] of refusals) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => parseSignedData(bytes),
      (error) =>
        error instanceof Malformed && /^signature/.test(error.message) && problem.test(error.message),
    );
  });
}

test('fields that do not belong there are refused', () => {
  const extra = (bytes: Uint8Array) => assert.throws(() => parseSignedData(bytes), Malformed);
  const signedData = (...fields: readonly Uint8Array[]) =>
    der(0x30, oid(oids.signedData), der(0xa0, der(0x30, ...fields)));
  const good = [integer(1), der(0x31, sha256), der(0x30, oid(oids.data)), der(0x31, signer())];
  parseSignedData(signedData(...good));
  extra(signedData(...good, null_));
  extra(signedData(...good.slice(0, 3), null_, ...good.slice(3)));
  extra(signedData(...good.slice(0, 3)));
  extra(der(0x30, oid(oids.signedData), der(0xa0, der(0x30, ...good)), null_));
  extra(der(0x30, oid(oids.signedData), der(0xa0, der(0x30, ...good), null_)));
  extra(build({ signers: [der(0x30, ...parts(signer()), null_)] }));
  extra(build({ signers: [signer(), null_] }));
});

test('an embedded certificate of another kind is unsupported', () => {
  assert.throws(
    () => parseSignedData(build({ certificates: [der(0xa3, oid(oids.data), null_)] })),
    Unsupported,
  );
});

function parts(value: Uint8Array): Uint8Array[] {
  return [value.subarray(2)];
}
