import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { SoftwareTpm } from '../../test-vectors/generate/software-tpm.ts';
import {
  attestationKeyAttributes,
  join,
  PretendedTpmKey,
  u16,
} from '../../test-vectors/generate/tpm-writer.ts';
import { checkAttestationKey } from './attestation-key.ts';
import { parsePublicArea, parseTpm2bPublic } from './public-area.ts';

const tpm = new SoftwareTpm();
after(() => tpm.remove());

const key = new PretendedTpmKey();
const fit = parsePublicArea(key.public());

function problems(attributes: number): string[] {
  return checkAttestationKey(parsePublicArea(key.public({ attributes }))).map(({ message }) => message);
}

test('keys that tpm2_createak makes are fit', () => {
  for (const request of [
    { key: 'ecc', hash: 'sha256', scheme: 'ecdsa' },
    { key: 'rsa', hash: 'sha256', scheme: 'rsassa' },
    { key: 'rsa', hash: 'sha384', scheme: 'rsapss' },
  ] as const) {
    assert.deepEqual(checkAttestationKey(parseTpm2bPublic(tpm.createAttestationKey(request).public)), []);
  }
});

test('an endorsement key is not', () => {
  const codes = checkAttestationKey(parseTpm2bPublic(tpm.endorsementPublic())).map(({ code }) => code);
  assert.deepEqual(new Set(codes), new Set(['attestation-key-unfit']));
});

test('each attribute that makes a quote mean something is required', () => {
  const required = { restricted: 16, sign: 18, fixedTPM: 1, fixedParent: 4, sensitiveDataOrigin: 5 };
  assert.deepEqual(problems(attestationKeyAttributes), []);
  for (const [attribute, bit] of Object.entries(required)) {
    assert.equal(problems(attestationKeyAttributes & ~(1 << bit)).length, 1, attribute);
  }
  assert.deepEqual(problems(attestationKeyAttributes | (1 << 17)), ['The attestation key may also decrypt.']);
});

test('how the key is authorised does not matter', () => {
  for (const bit of [2, 6, 7, 10, 11]) assert.deepEqual(problems(attestationKeyAttributes ^ (1 << bit)), []);
});

test('a signing scheme without SHA-1 is required, and a name without it', () => {
  const codes = (scheme: Uint8Array, nameAlgorithm = 0x000b) =>
    checkAttestationKey(parsePublicArea(key.public({ scheme, nameAlgorithm }))).map(({ code }) => code);
  assert.deepEqual(codes(u16(0x0010)), ['attestation-key-unfit']);
  assert.deepEqual(codes(join(u16(0x0018), u16(0x0004))), ['attestation-key-unfit']);
  assert.deepEqual(codes(join(u16(0x0018), u16(0x000b)), 0x0004), ['attestation-key-unfit']);
});

test('RSA keys below 2048 bits are too small', () => {
  const codes = (keyBits: number) =>
    checkAttestationKey({ ...fit, type: 'rsa', keyBits }).map(({ code }) => code);
  assert.deepEqual(codes(1024), ['attestation-key-unfit']);
  assert.deepEqual(codes(2048), []);
});
