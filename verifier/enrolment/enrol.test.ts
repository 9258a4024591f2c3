import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { SoftwareTpm } from '../../test-vectors/generate/software-tpm.ts';
import { attestationKeyAttributes, PretendedTpmKey, tpm2b } from '../../test-vectors/generate/tpm-writer.ts';
import { toIdentityDocument } from '../evidence/identity.ts';
import { toActivationDocument } from './activation.ts';
import { type BegunEnrolment, beginEnrolment, concludeEnrolment } from './enrol.ts';

const tpm = new SoftwareTpm();
after(() => {
  tpm.remove();
});

const now = new Date('2026-06-01T00:00:00Z');
const when = { url: 'http://127.0.0.1:7431/', now };
const endorsement = { public: tpm.endorsementPublic(), certificate: null };
const key = new PretendedTpmKey();

/** The answer of a host with this TPMT_PUBLIC for an attestation key. */
function identityWith(attestation: Uint8Array, more: Partial<typeof endorsement> = {}): Uint8Array {
  const identity = {
    version: 1,
    endorsement: { ...endorsement, ...more },
    attestation: { public: tpm2b(attestation) },
  } as const;
  return Buffer.from(JSON.stringify(toIdentityDocument(identity)));
}

function begin(attestation = key.public()): BegunEnrolment {
  const begun = beginEnrolment({ identity: identityWith(attestation), roots: null, now });
  assert.ok(begun.begun);
  return begun;
}

const answer = (secret: Uint8Array): Uint8Array => Buffer.from(JSON.stringify(toActivationDocument(secret)));

function refusals(begun: BegunEnrolment, answered: Uint8Array | null): string[] {
  const verdict = concludeEnrolment(begun, answered, when);
  return verdict.enrolled ? [] : verdict.reasons.map(({ code }) => code);
}

test('the secret of the credential enrols, and nothing else does', () => {
  const begun = begin();
  const { secret } = begun;
  const verdict = concludeEnrolment(begun, answer(secret), when);
  assert.ok(verdict.enrolled);
  assert.equal(verdict.record.attestationKeyName, begun.attestationKey.name);
  assert.deepEqual(verdict.record.endorsement, { trust: 'first-use' });
  for (const wrong of [
    null,
    answer(secret.map((byte, at) => (at === 31 ? byte ^ 1 : byte))),
    answer(secret.subarray(0, 31)),
    answer(Buffer.concat([secret, Buffer.alloc(1)])),
    answer(new Uint8Array()),
  ])
    assert.deepEqual(refusals(begun, wrong), ['credential-not-activated']);
  for (const text of ['', '{}', '{"secret":7}', '{"secret":"A"}', `{"secret":"","more":1}`])
    assert.deepEqual(refusals(begun, Buffer.from(text)), ['malformed']);
});

test('the secret of an earlier enrolment is no answer to this one', () => {
  const [earlier, later] = [begin(), begin()];
  assert.deepEqual(refusals(later, answer(earlier.secret)), ['credential-not-activated']);
});

test('a key that would sign a forged quote, or could leave the TPM, gets no credential', () => {
  for (const bit of [16, 1, 4, 5, 18]) {
    const attestation = key.public({ attributes: attestationKeyAttributes & ~(1 << bit) });
    const begun = beginEnrolment({ identity: identityWith(attestation), roots: null, now });
    assert.ok(!begun.begun);
    assert.deepEqual(
      begun.reasons.map(({ code }) => code),
      ['attestation-key-unfit'],
    );
  }
});

test('an endorsement key that decrypts whatever it is given gets no credential', () => {
  // size, type, nameAlg, then the attributes: the lowest bit of their second octet is restricted.
  const unrestricted = endorsement.public.map((byte, at) => (at === 7 ? byte ^ 1 : byte));
  const identity = identityWith(key.public(), { public: unrestricted });
  const begun = beginEnrolment({ identity, roots: null, now });
  assert.ok(!begun.begun);
  assert.deepEqual(
    begun.reasons.map(({ code }) => code),
    ['endorsement-key-unfit'],
  );
});

test('without a certificate there is nothing that a maker could have vouched for', () => {
  const begun = beginEnrolment({ identity: identityWith(key.public()), roots: [], now });
  assert.ok(!begun.begun);
  assert.deepEqual(
    begun.reasons.map(({ code }) => code),
    ['endorsement-missing'],
  );
});

test('keys that are none are malformed, and nothing is thrown', () => {
  for (const bytes of [Buffer.from('{}'), Buffer.from('no'), identityWith(key.public().subarray(1))]) {
    const begun = beginEnrolment({ identity: bytes, roots: null, now });
    assert.ok(!begun.begun);
    assert.deepEqual(
      begun.reasons.map(({ code }) => code),
      ['malformed'],
    );
  }
});
