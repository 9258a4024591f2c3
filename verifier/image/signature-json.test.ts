import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed } from '../bytes/failures.ts';
import { parseSignaturePartition } from './signature-json.ts';

const good = { rootHash: 'ab'.repeat(32), signature: 'AQID', certificateFingerprint: 'cd'.repeat(32) };

function partition(text: string): Buffer {
  return Buffer.concat([Buffer.from(text), Buffer.alloc(100)]);
}

function refuses(bytes: Uint8Array, problem: RegExp): void {
  assert.throws(
    () => parseSignaturePartition(bytes),
    (error) => error instanceof Malformed && problem.test(error.message),
    problem.source,
  );
}

test('root hash, signature and the claimed fingerprint are read', () => {
  assert.deepEqual(parseSignaturePartition(partition(JSON.stringify(good))), {
    rootHash: good.rootHash,
    cms: Uint8Array.of(1, 2, 3),
    claimedCertificateFingerprint: good.certificateFingerprint,
  });
});

test('unknown fields are tolerated, the fingerprint may be missing, the text may fill the partition', () => {
  const text = JSON.stringify({ rootHash: good.rootHash, signature: 'AQID', later: { x: [1] } });
  assert.equal(parseSignaturePartition(Buffer.from(text)).claimedCertificateFingerprint, null);
});

test('nothing hides behind the text', () => {
  const text = JSON.stringify(good);
  refuses(Buffer.concat([partition(text), Buffer.from('{}')]), /more than zeros/);
  refuses(Buffer.concat([Buffer.from(`${text}{}`)]), /JSON/);
  refuses(Buffer.concat([Buffer.alloc(1), Buffer.from(text)]), /more than zeros/);
  refuses(Buffer.alloc(100), /JSON/);
});

test('texts that two parsers read differently are malformed', () => {
  refuses(
    partition(`{"rootHash":"${good.rootHash}","rootHash":"${'00'.repeat(32)}","signature":"AQID"}`),
    /twice/,
  );
  refuses(partition(`\ufeff${JSON.stringify(good)}`), /byte order mark/);
  refuses(
    Buffer.concat([
      Buffer.from('{"x":"'),
      Buffer.of(0xc0, 0x80),
      Buffer.from(`",${JSON.stringify(good).slice(1)}`),
    ]),
    /UTF-8/,
  );
  refuses(partition(`{"x":${'['.repeat(17)}${']'.repeat(17)},${JSON.stringify(good).slice(1)}`), /nested/);
});

test('values have one spelling', () => {
  const spelled = (part: object) => partition(JSON.stringify({ ...good, ...part }));
  refuses(spelled({ rootHash: 'AB'.repeat(32) }), /rootHash: is not lowercase/);
  refuses(spelled({ rootHash: '' }), /rootHash/);
  refuses(spelled({ rootHash: 5 }), /rootHash/);
  refuses(spelled({ rootHash: undefined }), /rootHash/);
  refuses(spelled({ signature: 'AQI' }), /signature/);
  refuses(spelled({ signature: 'AQ ID' }), /signature/);
  refuses(spelled({ signature: undefined }), /signature/);
  refuses(spelled({ certificateFingerprint: 'cd:cd' }), /certificateFingerprint/);
  refuses(spelled({ certificateFingerprint: 'cd'.repeat(20) }), /certificateFingerprint/);
  refuses(partition('[]'), /signature partition/);
});

test('a partition that systemd would not read is not read', () => {
  refuses(Buffer.alloc(4 * 1024 * 1024 + 1), /has 4194305 bytes/);
});
