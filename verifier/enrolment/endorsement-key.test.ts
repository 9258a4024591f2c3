import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { SoftwareTpm } from '../../test-vectors/generate/software-tpm.ts';
import { type ObjectAttributes } from '../tpm/object-attributes.ts';
import { parseTpm2bPublic } from '../tpm/public-area.ts';
import { checkEndorsementKey } from './endorsement-key.ts';

const tpm = new SoftwareTpm();
after(() => {
  tpm.remove();
});

const fit = parseTpm2bPublic(tpm.endorsementPublic());

test('the key of the template is fit', () => {
  assert.deepEqual(checkEndorsementKey(fit), []);
});

test('each attribute that keeps secrets in the TPM is required', () => {
  const flips: readonly (keyof ObjectAttributes)[] = [
    'restricted',
    'decrypt',
    'sign',
    'fixedTPM',
    'fixedParent',
    'sensitiveDataOrigin',
  ];
  for (const flip of flips) {
    const attributes = { ...fit.attributes, [flip]: !fit.attributes[flip] };
    const codes = checkEndorsementKey({ ...fit, attributes }).map(({ code }) => code);
    assert.deepEqual(codes, ['endorsement-key-unfit'], flip);
  }
});

test('so are a symmetric algorithm, a hash that is not SHA-1, and a size', () => {
  for (const wrong of [
    { symmetricBits: null },
    { nameAlgorithm: 'sha1' },
    { type: 'rsa', keyBits: 1024 },
  ] as const)
    assert.equal(checkEndorsementKey({ ...fit, ...wrong }).length, 1);
});

test('an attestation key is none', () => {
  const key = tpm.createAttestationKey({ key: 'ecc', hash: 'sha256', scheme: 'ecdsa' });
  assert.notDeepEqual(checkEndorsementKey(parseTpm2bPublic(key.public)), []);
});
