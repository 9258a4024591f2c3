import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { der, oid } from '../../test-vectors/generate/der-writer.ts';
import { OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { Unsupported } from '../bytes/failures.ts';
import { parseDer } from './der.ts';
import { encodeUnsigned } from './der-writer.ts';
import { readPublicKey } from './public-key.ts';

const pki = new OpensslPki();
after(() => pki.remove());

function publicKey(...options: readonly string[]): (more?: readonly string[]) => Uint8Array {
  const key = pki.write('', 'key');
  pki.run('genpkey', ...options, '-out', key);
  return (more = []) => new Uint8Array(pki.run('pkey', '-in', key, '-pubout', '-outform', 'DER', ...more));
}
const read = (spki: Uint8Array) => readPublicKey(parseDer(spki, 'key'), 'key');
const identity = (spki: Uint8Array) => read(spki).keyIdentity;
const curve = (name: string) => ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${name}`];

function rsa(modulus: bigint, exponent: bigint, type = '1.2.840.113549.1.1.1'): Uint8Array {
  const key = der(0x30, encodeUnsigned(modulus), encodeUnsigned(exponent));
  const parameters = type.endsWith('.1') ? [der(0x05)] : [];
  return der(0x30, der(0x30, oid(type), ...parameters), der(0x03, Uint8Array.of(0), key));
}

test('a point is one key, compressed or not', () => {
  const encoded = publicKey(...curve('P-256'));
  const compressed = encoded(['-ec_conv_form', 'compressed']);
  assert.notDeepEqual(compressed, encoded());
  assert.equal(identity(compressed), identity(encoded()));
  assert.notEqual(identity(encoded()), identity(publicKey(...curve('P-256'))()));
});

test('a modulus is one key, whatever the exponent and the padding', () => {
  const modulus = (1n << 2047n) + 12345n;
  const plain = identity(rsa(modulus, 65537n));
  assert.equal(identity(rsa(modulus, 3n)), plain);
  assert.equal(identity(rsa(modulus, 65537n, '1.2.840.113549.1.1.10')), plain);
  assert.notEqual(identity(rsa(modulus + 2n, 65537n)), plain);
});

test('an RSA key larger than anybody uses is refused before anything is verified with it', () => {
  assert.ok(read(rsa((1n << 8190n) + 1n, 65537n)));
  assert.throws(() => read(rsa((1n << 8192n) + 1n, 65537n)), Unsupported);
  assert.ok(read(rsa((1n << 2047n) + 1n, (1n << 63n) + 1n)));
  assert.throws(() => read(rsa((1n << 2047n) + 1n, (1n << 64n) + 1n)), Unsupported);
});
