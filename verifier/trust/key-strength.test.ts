import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';

import { weaknessOf } from './key-strength.ts';

// Node 20 can deadlock over keys that it just made; over those that it read it cannot.
const reread = ({ publicKey }: { readonly publicKey: KeyObject }) =>
  createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
const rsa = (modulusLength: number) => reread(generateKeyPairSync('rsa', { modulusLength }));
const curve = (namedCurve: string) => reread(generateKeyPairSync('ec', { namedCurve }));

test('the keys in use are strong enough', () => {
  const keys = [
    rsa(2048),
    curve('P-256'),
    curve('P-384'),
    curve('P-521'),
    reread(generateKeyPairSync('ed25519')),
  ];
  const pss = reread(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }));
  for (const key of [...keys, pss]) assert.equal(weaknessOf(key), null);
});

test('short and foreign keys are weak', () => {
  assert.match(weaknessOf(rsa(2040)) ?? '', /RSA key of 2040 bits/);
  assert.match(weaknessOf(curve('secp256k1')) ?? '', /curve secp256k1/);
  assert.match(weaknessOf(curve('P-224')) ?? '', /curve secp224r1/);
  assert.match(weaknessOf(reread(generateKeyPairSync('ed448'))) ?? '', /type ed448/);
  assert.match(weaknessOf(reread(generateKeyPairSync('x25519'))) ?? '', /type x25519/);
});

test('an RSA exponent below 3 or even protects nothing', () => {
  const { n = '' } = rsa(2048).export({ format: 'jwk' });
  const withExponent = (e: string) =>
    weaknessOf(createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' }));
  assert.match(withExponent('AQ') ?? '', /exponent/);
  assert.match(withExponent('BA') ?? '', /exponent/);
  assert.equal(withExponent('Aw'), null);
});
