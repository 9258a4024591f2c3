import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import fc from 'fast-check';

import { SoftwareTpm } from '../../test-vectors/generate/software-tpm.ts';
import { join, PretendedTpmKey, u16, writeAttested } from '../../test-vectors/generate/tpm-writer.ts';
import { digest } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import type { PcrValues } from './pcr.ts';
import { parsePublicArea, parseTpm2bPublic } from './public-area.ts';
import { type QuoteInput, verifyQuote } from './quote.ts';

const tpm = new SoftwareTpm();
after(() => tpm.remove());

const nonce = digest('sha256', 'a challenge');
tpm.extend(13, { sha256: toHex(digest('sha256', 'an event')) });

function claimed(...pcrs: readonly number[]): PcrValues {
  return new Map([['sha256', tpm.readPcrs('sha256', pcrs)]]);
}

function quoteBy(request: Parameters<SoftwareTpm['createAttestationKey']>[0]): QuoteInput {
  const key = tpm.createAttestationKey(request);
  return {
    ...tpm.quote(key, 'sha256:0,13', nonce),
    attestationKey: parseTpm2bPublic(key.public),
    qualifyingData: nonce,
    pcrs: claimed(0, 13),
    requiredPcrs: [13],
    bank: 'sha256',
  };
}

const ecc = quoteBy({ key: 'ecc', hash: 'sha256', scheme: 'ecdsa' });
const rsa = quoteBy({ key: 'rsa', hash: 'sha256', scheme: 'rsassa' });

function codes(input: QuoteInput): string[] {
  const verdict = verifyQuote(input);
  return verdict.verified ? [] : verdict.reasons.map(({ code }) => code);
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set([(copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))], bit >> 3);
  return copy;
}

test('what the TPM quoted comes back, with the clock and the name of the key', () => {
  const verdict = verifyQuote(ecc);
  assert.ok(verdict.verified);
  const { bank, pcrs, clockInfo, qualifiedSigner, firmwareVersion } = verdict.quote;
  assert.equal(bank, 'sha256');
  assert.deepEqual(pcrs, ecc.pcrs.get('sha256'));
  assert.equal(clockInfo.restartCount, 0);
  assert.ok(clockInfo.clock > 0n && firmwareVersion > 0n);
  assert.match(qualifiedSigner, /^000b[0-9a-f]{64}$/);
});

test('what was verified does not change when the input does', () => {
  const value = Uint8Array.from(ecc.pcrs.get('sha256')?.get(13) ?? []);
  const values = new Map([[0, new Uint8Array(32)], [13, value]]); // prettier-ignore
  const verdict = verifyQuote({ ...ecc, pcrs: new Map([['sha256', values]]) });
  value.fill(0);
  values.delete(0);
  assert.ok(verdict.verified);
  assert.deepEqual(verdict.quote.pcrs, ecc.pcrs.get('sha256'));
});

test('every single bit of attestation and signature counts', () => {
  for (const input of [ecc, rsa]) {
    assert.deepEqual(codes(input), []);
    for (let bit = 0; bit < input.attested.length * 8; bit++) {
      assert.deepEqual(codes({ ...input, attested: flipped(input.attested, bit) }), [
        'quote-signature-invalid',
      ]);
    }
    for (let bit = 0; bit < input.signature.length * 8; bit++) {
      assert.deepEqual(codes({ ...input, signature: flipped(input.signature, bit) }), [
        'quote-signature-invalid',
      ]);
    }
  }
});

test('every single bit of the nonce and of the values counts', () => {
  for (let bit = 0; bit < 256; bit++) {
    assert.deepEqual(codes({ ...ecc, qualifyingData: flipped(nonce, bit) }), ['claims-mismatch']);
    const values = new Map(ecc.pcrs.get('sha256'));
    values.set(13, flipped(values.get(13) ?? new Uint8Array(), bit));
    assert.deepEqual(codes({ ...ecc, pcrs: new Map([['sha256', values]]) }), ['pcr-digest-mismatch']);
  }
});

test('a quote before an event is not one after it', () => {
  tpm.extend(13, { sha256: toHex(digest('sha256', 'a later event')) });
  assert.deepEqual(codes({ ...ecc, pcrs: claimed(0, 13) }), ['pcr-digest-mismatch']);
});

test('nothing in the attestation is looked at before its signature verifies', () => {
  const stranger = new PretendedTpmKey();
  const attested = writeAttested({ magic: 0, safe: 7 });
  assert.deepEqual(codes({ ...ecc, attested, signature: stranger.sign(attested) }), [
    'quote-signature-invalid',
  ]);
});

test('an unfit key is refused whatever it signed', () => {
  const key = new PretendedTpmKey();
  const attested = writeAttested({ extraData: nonce });
  const attestationKey = parsePublicArea(key.public({ attributes: 0x00040072 }));
  const input = { ...ecc, attested, signature: key.sign(attested), attestationKey };
  assert.deepEqual(codes(input), ['attestation-key-unfit']);
});

test('a key bound to SHA-1 is refused', () => {
  const scheme = join(u16(0x0018), u16(0x0004));
  const attestationKey = parsePublicArea(new PretendedTpmKey().public({ scheme }));
  assert.deepEqual(codes({ ...ecc, attestationKey }), ['attestation-key-unfit']);
});

test('a wrong nonce and wrong values are both reported', () => {
  const input = { ...ecc, qualifyingData: nonce.subarray(1), requiredPcrs: [12] };
  assert.deepEqual(codes(input), ['claims-mismatch', 'pcr-selection-mismatch']);
});

test('nothing the host sends makes it throw', () => {
  const key = new PretendedTpmKey();
  const attestationKey = parsePublicArea(key.public());
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 100 }), (tail, signature) => {
      const attested = join(writeAttested({ extraData: nonce }).subarray(0, 75), tail);
      assert.notDeepEqual(codes({ ...ecc, attested: tail, signature }), []);
      assert.deepEqual(codes({ ...ecc, attested, signature: key.sign(tail), attestationKey }), [
        'quote-signature-invalid',
      ]);
      assert.notDeepEqual(codes({ ...ecc, attested, signature: key.sign(attested), attestationKey }), []);
    }),
  );
});
