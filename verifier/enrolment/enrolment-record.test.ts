import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PretendedTpmKey, tpm2b } from '../../test-vectors/generate/tpm-writer.ts';
import { Malformed } from '../bytes/failures.ts';
import { toHex } from '../bytes/hex.ts';
import { parsePublicArea } from '../tpm/public-area.ts';
import { type EnrolmentRecord, parseEnrolmentRecord, toEnrolmentDocument } from './enrolment-record.ts';

const area = new PretendedTpmKey().public();
const record: EnrolmentRecord = {
  enrolled: new Date('2026-06-01T00:00:00Z'),
  url: 'https://host.example:7431/',
  endorsement: {
    trust: 'maker',
    ...{ manufacturer: 'id:00001014', model: 'sample', version: 'id:00010002' },
    ...{ certificateSha256: toHex(new Uint8Array(32)), rootSha256: toHex(new Uint8Array(32).fill(1)) },
  },
  attestationKeyName: parsePublicArea(area).name,
  tpm: { firmwareVersion: '2024012500120000', resetCount: 3, restartCount: 0 },
  identity: {
    version: 1,
    endorsement: { public: tpm2b(area), certificate: Uint8Array.of(0x30) },
    attestation: { public: tpm2b(area) },
  },
};

const bytesOf = (document: object): Uint8Array => new Uint8Array(Buffer.from(JSON.stringify(document)));
const document = toEnrolmentDocument(record);

test('a record is read as it was written', () => {
  assert.deepEqual(parseEnrolmentRecord(bytesOf(document)), record);
  const first = { ...record, tpm: null, endorsement: { trust: 'first-use' } } as const;
  assert.deepEqual(parseEnrolmentRecord(bytesOf(toEnrolmentDocument(first))), first);
});

test('one in another form, or of a later version, is malformed', () => {
  const { endorsement, ...rest } = document;
  const other = toHex(Uint8Array.of(0, 0x0b, ...new Uint8Array(32)));
  for (const wrong of [
    { ...document, version: 2 },
    { ...document, tpm: { resetCount: 3, restartCount: 0 } },
    { ...document, more: 1 },
    { ...rest },
    { ...rest, endorsement: { ...endorsement, trust: 'first-use' } },
    { ...rest, endorsement: { trust: 'maker' } },
    { ...rest, endorsement: { trust: 'somebody' } },
    { ...document, enrolled: 'yesterday' },
    { ...document, attestationKeyName: other },
    document.identity,
  ])
    assert.throws(() => parseEnrolmentRecord(bytesOf(wrong)), Malformed);
});
