import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';

import { weaknessOf } from './key-strength.ts';

const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).publicKey;
const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey;

test('the keys in use are strong enough', () => {
  const keys = [
    rsa(2048),
    curve('P-256'),
    curve('P-384'),
    curve('P-521'),
    generateKeyPairSync('ed25519').publicKey,
  ];
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey;
  for (const key of [...keys, pss]) assert.equal(weaknessOf(key), null);
});

test('short and foreign keys are weak', () => {
  assert.match(weaknessOf(rsa(2040)) ?? '', /RSA key of 2040 bits/);
  assert.match(weaknessOf(curve('secp256k1')) ?? '', /curve secp256k1/);
  assert.match(weaknessOf(curve('P-224')) ?? '', /curve secp224r1/);
  assert.match(weaknessOf(generateKeyPairSync('ed448').publicKey) ?? '', /type ed448/);
  assert.match(weaknessOf(generateKeyPairSync('x25519').publicKey) ?? '', /type x25519/);
});

test('an RSA exponent below 3 or even protects nothing', () => {
  const { n = '' } = rsa(2048).export({ format: 'jwk' });
  const withExponent = (e: string) =>
    weaknessOf(createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' }));
  assert.match(withExponent('AQ') ?? '', /exponent/);
  assert.match(withExponent('BA') ?? '', /exponent/);
  assert.equal(withExponent('Aw'), null);
});
