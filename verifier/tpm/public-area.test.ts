import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';

import { newKeyPair } from '../../test-vectors/generate/key-pair.ts';
import { SoftwareTpm } from '../../test-vectors/generate/software-tpm.ts';
import {
  join,
  PretendedTpmKey,
  type PublicParts,
  tpm2b,
  u16,
  u32,
  writePublic,
} from '../../test-vectors/generate/tpm-writer.ts';
import { Malformed } from '../bytes/failures.ts';
import { toHex } from '../bytes/hex.ts';
import { parsePublicArea, parseTpm2bPublic } from './public-area.ts';

const tpm = new SoftwareTpm();
after(() => tpm.remove());

const eccKey = new PretendedTpmKey();
const { n } = newKeyPair({ type: 'rsa', modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
const modulus = new Uint8Array(Buffer.from(n ?? '', 'base64url'));

interface RsaParts extends Partial<PublicParts> {
  readonly keyBits?: number;
  readonly exponent?: number;
  readonly modulus?: Uint8Array;
}

function rsaPublic(parts: RsaParts = {}): Uint8Array {
  return writePublic({
    type: 0x0001,
    scheme: join(u16(0x0014), u16(0x000b)),
    parameters: join(u16(parts.keyBits ?? 2048), u32(parts.exponent ?? 0)),
    unique: tpm2b(parts.modulus ?? modulus),
    ...parts,
  });
}

function refused(bytes: Uint8Array, field: string): void {
  assert.throws(
    () => parsePublicArea(bytes),
    (error) => error instanceof Malformed && error.field.startsWith(`public area ${field}`.trimEnd()),
    field,
  );
}

function edited(bytes: Uint8Array, edit: (copy: Uint8Array) => void): Uint8Array {
  const copy = Uint8Array.from(bytes);
  edit(copy);
  return copy;
}

test('attestation keys of a TPM are read with the names the TPM gives them', () => {
  const requests = [
    { key: 'ecc', hash: 'sha256', scheme: 'ecdsa', bits: 256 },
    { key: 'ecc384', hash: 'sha384', scheme: 'ecdsa', bits: 384 },
    { key: 'ecc521', hash: 'sha512', scheme: 'ecdsa', bits: 521 },
    { key: 'rsa', hash: 'sha256', scheme: 'rsassa', bits: 2048 },
    { key: 'rsa3072', hash: 'sha384', scheme: 'rsapss', bits: 3072 },
  ] as const;
  for (const { key, hash, scheme, bits } of requests) {
    const made = tpm.createAttestationKey({ key, hash, scheme });
    const area = parseTpm2bPublic(made.public);
    const name = tpm.write();
    tpm.run('tpm2_readpublic', '-c', made.context, '-n', name);
    assert.equal(area.name, toHex(readFileSync(name)));
    assert.equal(area.keyBits, bits);
    assert.deepEqual(area.scheme, { algorithm: scheme, hash });
    const { restricted, sign, decrypt, fixedTPM, fixedParent, sensitiveDataOrigin, noDA } = area.attributes;
    assert.deepEqual(
      [restricted, sign, decrypt, fixedTPM, fixedParent, sensitiveDataOrigin, noDA],
      [true, true, false, true, true, true, false],
    );
  }
});

test('an endorsement key is read too: a storage key with a policy and a symmetric cipher', () => {
  const area = parseTpm2bPublic(tpm.endorsementPublic());
  assert.equal(area.scheme, null);
  assert.equal(
    toHex(area.authPolicy),
    '837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa',
    'PolicyA of the TCG EK Credential Profile',
  );
  const { restricted, decrypt, sign, adminWithPolicy, userWithAuth, noDA } = area.attributes;
  assert.deepEqual(
    [restricted, decrypt, sign, adminWithPolicy, userWithAuth, noDA],
    [true, true, false, true, false, false],
  );
});

test('each attribute is read from its bit', () => {
  const bits = {
    fixedTPM: 1,
    stClear: 2,
    fixedParent: 4,
    sensitiveDataOrigin: 5,
    userWithAuth: 6,
    adminWithPolicy: 7,
    noDA: 10,
    encryptedDuplication: 11,
    restricted: 16,
    decrypt: 17,
    sign: 18,
  };
  for (const [attribute, bit] of Object.entries(bits)) {
    const { attributes } = parsePublicArea(eccKey.public({ attributes: 1 << bit }));
    const set = Object.entries(attributes).filter(([, value]) => value);
    assert.deepEqual(set, [[attribute, true]]);
  }
});

test('attributes unknown here are refused', () => {
  const known = [1, 2, 4, 5, 6, 7, 10, 11, 16, 17, 18];
  for (let bit = 0; bit < 32; bit++) {
    if (!known.includes(bit)) refused(eccKey.public({ attributes: 2 ** bit }), 'attributes');
  }
});

test('kinds of keys and algorithms that are not handled are refused', () => {
  refused(eccKey.public({ type: 0x0008 }), 'type');
  refused(eccKey.public({ type: 0x0025 }), 'type');
  refused(eccKey.public({ nameAlgorithm: 0x0010 }), 'nameAlg');
  refused(eccKey.public({ symmetric: join(u16(0x0026), u16(128), u16(0x0043)) }), 'symmetric');
  refused(eccKey.public({ symmetric: join(u16(0x0006), u16(64), u16(0x0043)) }), 'symmetric keyBits');
  refused(eccKey.public({ symmetric: join(u16(0x0006), u16(128), u16(0x0042)) }), 'symmetric mode');
  refused(eccKey.public({ parameters: join(u16(0x0010), u16(0x0010)) }), 'curve');
  refused(eccKey.public({ parameters: join(u16(0x0003), u16(0x0020)) }), 'kdf');
});

test('a scheme is one of the type of the key, with a hash', () => {
  assert.equal(parsePublicArea(eccKey.public({ scheme: u16(0x0010) })).scheme, null);
  refused(eccKey.public({ scheme: join(u16(0x0014), u16(0x000b)) }), 'scheme');
  refused(rsaPublic({ scheme: join(u16(0x0018), u16(0x000b)) }), 'scheme');
  refused(eccKey.public({ scheme: join(u16(0x001a), u16(0x000b), u16(1)) }), 'scheme');
  refused(eccKey.public({ scheme: join(u16(0x0018), u16(0x0010)) }), 'scheme hash');
});

test('a policy is empty or a digest of the name algorithm', () => {
  assert.equal(parsePublicArea(eccKey.public({ authPolicy: new Uint8Array(32) })).authPolicy.length, 32);
  for (const size of [1, 20, 31, 33, 48])
    refused(eccKey.public({ authPolicy: new Uint8Array(size) }), 'authPolicy');
});

test('a point that is not on its curve is refused', () => {
  const point = eccKey.public();
  refused(
    edited(point, (copy) => copy.set([(point.at(-1) ?? 0) ^ 1], point.length - 1)),
    'unique',
  );
  refused(eccKey.public({ unique: join(tpm2b(new Uint8Array(32)), tpm2b(new Uint8Array(32))) }), 'unique');
  refused(eccKey.public({ unique: join(tpm2b(new Uint8Array()), tpm2b(new Uint8Array(32))) }), 'x');
  refused(eccKey.public({ unique: join(tpm2b(new Uint8Array(33)), tpm2b(new Uint8Array(32))) }), 'x');
});

test('a coordinate without its leading zeros is the same point by another name', () => {
  let key = new PretendedTpmKey();
  // TPMT_PUBLIC of this key has x at offset 22; one key in 256 has a zero there.
  while (key.public()[22] !== 0) key = new PretendedTpmKey();
  const full = key.public();
  const [x, y] = [full.subarray(22, 54), full.subarray(56, 88)];
  const short = parsePublicArea(key.public({ unique: join(tpm2b(x.subarray(1)), tpm2b(y)) }));
  assert.ok(short.publicKey.equals(parsePublicArea(full).publicKey));
  assert.notEqual(short.name, parsePublicArea(full).name);
});

test('the exponent 0 stands for 65537; small and even ones are refused', () => {
  const key = parsePublicArea(rsaPublic()).publicKey;
  assert.equal(key.asymmetricKeyDetails?.publicExponent, 65537n);
  assert.ok(parsePublicArea(rsaPublic({ exponent: 65537 })).publicKey.equals(key));
  const large = parsePublicArea(rsaPublic({ exponent: 0x80000001 }));
  assert.equal(large.publicKey.asymmetricKeyDetails?.publicExponent, 0x80000001n);
  for (const exponent of [1, 2, 3, 17, 65535, 65536, 65538, 0xfffffffe])
    refused(rsaPublic({ exponent }), 'exponent');
});

test('a modulus is odd and has the bits the key says it has', () => {
  assert.equal(parsePublicArea(rsaPublic()).keyBits, 2048);
  refused(rsaPublic({ keyBits: 2047 }), 'keyBits');
  refused(rsaPublic({ keyBits: 3072 }), 'modulus');
  refused(rsaPublic({ keyBits: 1024 }), 'modulus');
  refused(rsaPublic({ modulus: edited(modulus, (copy) => copy.set([0x7f])) }), 'modulus');
  refused(rsaPublic({ modulus: edited(modulus, (copy) => copy.set([0xfe], 255)) }), 'modulus');
  refused(rsaPublic({ modulus: new Uint8Array() }), 'modulus');
});

test('no byte may be missing at the end, and none may follow', () => {
  for (const whole of [eccKey.public(), rsaPublic()]) {
    for (let length = 0; length < whole.length; length++) refused(whole.subarray(0, length), '');
    refused(join(whole, Uint8Array.of(0)), '');
    assert.equal(parseTpm2bPublic(tpm2b(whole)).name, parsePublicArea(whole).name);
    assert.throws(() => parseTpm2bPublic(join(tpm2b(whole), Uint8Array.of(0))), Malformed);
    assert.throws(() => parseTpm2bPublic(whole), Malformed);
  }
});
