import assert from 'node:assert/strict';
import { test } from 'node:test';

import { join, pcrSelection, u16, writeAttested } from '../../test-vectors/generate/tpm-writer.ts';
import { Malformed } from '../bytes/failures.ts';
import { toHex } from '../bytes/hex.ts';
import { parseAttested } from './attested.ts';

const sha256 = 0x000b;

function refused(bytes: Uint8Array, field: string): void {
  assert.throws(
    () => parseAttested(bytes),
    (error) => error instanceof Malformed && error.field.startsWith(field),
    field,
  );
}

test('a quote by tpm2_quote 5.4 with swtpm 0.7.1 is read field by field', () => {
  const attested = parseAttested(
    Buffer.from(
      'ff54434780180022000bb14286d89e6956c8767daa49bf0e904a19b68e5bbfe6052fe010e269d6d62e4d000400112233' +
        '0000000000000455000000010000000001201910230016363600000001000b0301200000207e1f51ab4c635933987ea8' +
        '612c3947bdfa70fd279bb0fb8679a531d9d57a8406',
      'hex',
    ),
  );
  assert.equal(
    attested.qualifiedSigner,
    '000bb14286d89e6956c8767daa49bf0e904a19b68e5bbfe6052fe010e269d6d62e4d',
  );
  assert.equal(toHex(attested.extraData), '00112233');
  assert.deepEqual(attested.clockInfo, { clock: 0x455n, resetCount: 1, restartCount: 0, safe: true });
  assert.equal(attested.firmwareVersion, 0x2019102300163636n);
  assert.deepEqual(attested.selections, [{ algorithm: 'sha256', pcrs: [0, 13] }]);
  assert.equal(toHex(attested.pcrDigest), '7e1f51ab4c635933987ea8612c3947bdfa70fd279bb0fb8679a531d9d57a8406');
});

test('what does not begin with TPM_GENERATED is refused (CVE-2024-29038)', () => {
  refused(writeAttested({ magic: 0xff544346 }), 'attested magic');
});

test('every other type of attestation is refused', () => {
  for (const type of [0x8014, 0x8015, 0x8016, 0x8017, 0x8019, 0x801a, 0x801c, 0x0018]) {
    refused(writeAttested({ type }), 'attested type');
  }
});

test('safe is yes or no and nothing else', () => {
  assert.equal(parseAttested(writeAttested({ safe: 0 })).clockInfo.safe, false);
  for (const safe of [2, 0x80, 0xff]) refused(writeAttested({ safe }), 'attested safe');
});

test('a signer is named by a hash known here and a digest of its size', () => {
  const field = 'attested qualifiedSigner';
  refused(writeAttested({ qualifiedSigner: new Uint8Array() }), field);
  refused(writeAttested({ qualifiedSigner: Uint8Array.of(0x81, 1, 0, 1) }), field);
  refused(writeAttested({ qualifiedSigner: join(u16(sha256), new Uint8Array(20)) }), field);
  refused(writeAttested({ qualifiedSigner: join(u16(0x0012), new Uint8Array(32)) }), field);
});

test('variable parts are no longer than their structures allow', () => {
  assert.equal(parseAttested(writeAttested({ extraData: new Uint8Array(66) })).extraData.length, 66);
  refused(writeAttested({ extraData: new Uint8Array(67) }), 'attested extraData');
  assert.equal(parseAttested(writeAttested({ pcrDigest: new Uint8Array(64) })).pcrDigest.length, 64);
  refused(writeAttested({ pcrDigest: new Uint8Array(65) }), 'attested pcrDigest');
});

test('selections have 3 or 4 octets, lowest PCR in the lowest bit', () => {
  const selectionOf = (bitmap: readonly number[]) =>
    parseAttested(writeAttested({ selections: [pcrSelection(sha256, bitmap)] })).selections;
  assert.deepEqual(selectionOf([0x81, 0x01, 0x80]), [{ algorithm: 'sha256', pcrs: [0, 7, 8, 23] }]);
  assert.deepEqual(selectionOf([0, 0, 0, 0x81]), [{ algorithm: 'sha256', pcrs: [24, 31] }]);
  for (const bitmap of [[], [1], [1, 0], [1, 0, 0, 0, 0]]) {
    refused(writeAttested({ selections: [pcrSelection(sha256, bitmap)] }), 'attested PCR selection size');
  }
});

test('several banks keep their order, none is named twice, none is unknown', () => {
  const banks = [0x000c, 0x0004, 0x000d, sha256];
  const selections = banks.map((bank) => pcrSelection(bank, [1, 0, 0]));
  assert.deepEqual(
    parseAttested(writeAttested({ selections })).selections.map(({ algorithm }) => algorithm),
    ['sha384', 'sha1', 'sha512', 'sha256'],
  );
  const twice = [pcrSelection(sha256, [1, 0, 0]), pcrSelection(sha256, [0, 0x20, 0])];
  refused(writeAttested({ selections: twice }), 'attested PCR selection');
  refused(writeAttested({ selections: [pcrSelection(0x0027, [1, 0, 0])] }), 'attested PCR selection bank');
});

test('a count is believed up to 16 and only as far as there are bytes', () => {
  assert.deepEqual(parseAttested(writeAttested({ selections: [] })).selections, []);
  refused(writeAttested({ count: 2 }), 'attested PCR selection');
  // Refused by its size, before an entry is read: 17 banks known here do not exist.
  assert.throws(() => parseAttested(writeAttested({ count: 17 })), /has 17 entries/);
  assert.throws(() => parseAttested(writeAttested({ count: 0xffffffff })), /has 4294967295 entries/);
});

test('no byte may be missing at the end, and none may follow', () => {
  const whole = writeAttested({});
  for (let length = 0; length < whole.length; length++) refused(whole.subarray(0, length), 'attested');
  refused(join(whole, Uint8Array.of(0)), 'attested');
});
