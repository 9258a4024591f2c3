import assert from 'node:assert/strict';
import { constants, sign } from 'node:crypto';
import { after, test } from 'node:test';

import { newKeyPair } from '../../test-vectors/generate/key-pair.ts';
import { SoftwareTpm } from '../../test-vectors/generate/software-tpm.ts';
import {
  ecdsaSignature,
  join,
  PretendedTpmKey,
  tpm2b,
  u16,
  u32,
  writePublic,
} from '../../test-vectors/generate/tpm-writer.ts';
import { Malformed } from '../bytes/failures.ts';
import { parsePublicArea, parseTpm2bPublic } from './public-area.ts';
import { parseSignature, verifyAttestedSignature } from './signature.ts';

const tpm = new SoftwareTpm();
after(() => tpm.remove());

const text = Buffer.from('what was signed');
const one = new Uint8Array(32).fill(1);

const rsa = newKeyPair({ type: 'rsa', modulusLength: 2048 });
const rsaModulus = Buffer.from(rsa.publicKey.export({ format: 'jwk' }).n ?? '', 'base64url');
const rsaArea = parsePublicArea(
  writePublic({ type: 0x0001, parameters: join(u16(2048), u32(0)), unique: tpm2b(rsaModulus) }),
);

function pssSignature(saltLength: number, hash = 'sha256', identifier = 0x000b): Uint8Array {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return join(
    u16(0x0016),
    u16(identifier),
    tpm2b(sign(hash, text, { key: rsa.privateKey, padding, saltLength })),
  );
}

function refused(bytes: Uint8Array, field: string): void {
  assert.throws(
    () => parseSignature(bytes),
    (error) => error instanceof Malformed && error.field.startsWith(field),
  );
}

test('what a TPM signs verifies with its key, and with no other text or key', () => {
  const attributes = 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign';
  for (const [type, scheme, hash] of [
    ['ecc', 'ecdsa', 'sha256'],
    ['ecc384', 'ecdsa', 'sha384'],
    ['ecc521', 'ecdsa', 'sha512'],
    ['rsa2048', 'rsassa', 'sha256'],
    ['rsa2048', 'rsapss', 'sha256'],
    ['rsa3072', 'rsapss', 'sha384'],
  ] as const) {
    const key = tpm.createPrimary(`${type}:${scheme}-${hash}:null`, attributes);
    const signature = parseSignature(tpm.sign(key, text, hash, scheme));
    const area = parseTpm2bPublic(key.public);
    assert.deepEqual([signature.algorithm, signature.hash], [scheme, hash]);
    assert.ok(verifyAttestedSignature(area, text, signature), `${type} ${scheme}`);
    assert.equal(verifyAttestedSignature(area, Buffer.from('another text'), signature), false);
    assert.equal(verifyAttestedSignature(rsaArea, text, signature), false);
    assert.equal(
      verifyAttestedSignature(parsePublicArea(new PretendedTpmKey().public()), text, signature),
      false,
    );
  }
});

test('r and s may lack leading zeros but are never longer than the curve', () => {
  const key = new PretendedTpmKey();
  const area = parsePublicArea(key.public());
  for (let found = 0; found < 3;) {
    const signature = parseSignature(key.sign(text));
    assert.ok(signature.algorithm === 'ecdsa');
    const { r, s } = signature;
    const longer = parseSignature(ecdsaSignature(join(Uint8Array.of(0), r), s));
    assert.equal(verifyAttestedSignature(area, text, longer), false);
    if (s[0] !== 0) continue;
    found++;
    assert.ok(verifyAttestedSignature(area, text, parseSignature(ecdsaSignature(r, s.subarray(1)))));
  }
});

test('zero is neither r nor s', () => {
  refused(ecdsaSignature(new Uint8Array(32), one), 'signature r');
  refused(ecdsaSignature(one, new Uint8Array(32)), 'signature s');
  refused(ecdsaSignature(new Uint8Array(), one), 'signature r');
  refused(ecdsaSignature(one, new Uint8Array(67).fill(1)), 'signature s');
});

test('schemes and hashes unknown here are refused', () => {
  for (const scheme of [0x0005, 0x0010, 0x0015, 0x001a, 0x001b, 0x001c]) {
    refused(join(u16(scheme), u16(0x000b), tpm2b(one), tpm2b(one)), 'signature algorithm');
  }
  for (const hash of [0x0010, 0x0012, 0x0027]) {
    refused(join(u16(0x0018), u16(hash), tpm2b(one), tpm2b(one)), 'signature hash');
  }
});

test('no byte may be missing at the end, and none may follow', () => {
  for (const whole of [new PretendedTpmKey().sign(text), pssSignature(32)]) {
    for (let length = 0; length < whole.length; length++) refused(whole.subarray(0, length), 'signature');
    refused(join(whole, Uint8Array.of(0)), 'signature');
  }
});

test('a key that is bound to a scheme and a hash verifies no other', () => {
  const unbound = parsePublicArea(
    writePublic({ type: 0x0001, parameters: join(u16(2048), u32(0)), unique: tpm2b(rsaModulus) }),
  );
  const signature = parseSignature(pssSignature(32));
  assert.ok(verifyAttestedSignature(unbound, text, signature));
  for (const scheme of [
    { algorithm: 'rsassa', hash: 'sha256' },
    { algorithm: 'rsapss', hash: 'sha384' },
  ] as const) {
    assert.equal(verifyAttestedSignature({ ...unbound, scheme }, text, signature), false);
  }
});

test('a signature of one type does not verify with a key of the other, however it is labelled', () => {
  const { privateKey, publicKey } = newKeyPair({ type: 'ec', namedCurve: 'P-256' });
  const inDer = join(u16(0x0014), u16(0x000b), tpm2b(sign('sha256', text, privateKey)));
  const unbound = { ...parsePublicArea(new PretendedTpmKey().public({ scheme: u16(0x0010) })), publicKey };
  assert.equal(verifyAttestedSignature(unbound, text, parseSignature(inDer)), false);
});

test('a signature over a SHA-1 digest is none, even for a key bound to SHA-1', () => {
  const signature = parseSignature(pssSignature(20, 'sha1', 0x0004));
  assert.equal(verifyAttestedSignature(rsaArea, text, signature), false);
  const bound = { ...rsaArea, scheme: { algorithm: 'rsapss', hash: 'sha1' } } as const;
  assert.equal(verifyAttestedSignature(bound, text, signature), false);
});

test('RSA-PSS is accepted with the two salt lengths of TPMs and no other', () => {
  const largest = 256 - 32 - 2;
  for (const saltLength of [32, largest]) {
    assert.ok(verifyAttestedSignature(rsaArea, text, parseSignature(pssSignature(saltLength))));
  }
  for (const saltLength of [0, 20, 31, 33, largest - 1]) {
    assert.equal(verifyAttestedSignature(rsaArea, text, parseSignature(pssSignature(saltLength))), false);
  }
});

test('an RSA signature is as long as the modulus', () => {
  const whole = sign('sha256', text, rsa.privateKey);
  const verifies = (bytes: Uint8Array): boolean =>
    verifyAttestedSignature(rsaArea, text, parseSignature(join(u16(0x0014), u16(0x000b), tpm2b(bytes))));
  assert.ok(verifies(whole));
  assert.equal(verifies(join(Uint8Array.of(0), whole)), false);
  assert.equal(verifies(whole.subarray(1)), false);
  assert.equal(verifies(new Uint8Array()), false);
});
