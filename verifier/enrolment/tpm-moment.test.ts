import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { PretendedTpmKey, tpm2b, writeAttested } from '../../test-vectors/generate/tpm-writer.ts';
import type { Claims } from '../evidence/claims.ts';
import { toEvidenceDocument } from '../evidence/evidence.ts';
import { buildNonceTree } from '../evidence/nonce-tree.ts';
import { qualifyingData } from '../evidence/qualifying-data.ts';
import { parsePublicArea } from '../tpm/public-area.ts';
import { readTpmMoment } from './tpm-moment.ts';

const key = new PretendedTpmKey();
const attestationKey = parsePublicArea(key.public());
const [ours, theirs] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
const nothing = { bytes: 0, sha256: createHash('sha256').digest('hex') };
const claims: Claims = {
  ...{ version: 1, sets: [], merged: null, bootId: '0'.repeat(32), tlsKeySha256: null },
  logs: { firmware: null, userspace: { ...nothing, records: 0, incomplete: false } },
};

/** Evidence for our nonce and somebody else's, signed by `signer`. */
function evidence(signer: PretendedTpmKey, nonce = ours): Uint8Array {
  const { root, paths } = buildNonceTree([nonce, theirs]);
  const attested = writeAttested({ extraData: qualifyingData(root, claims) });
  const document = toEvidenceDocument({
    ...{ version: 1, claims, binding: { nonce: ours, path: paths[0] ?? [], root } },
    quote: { attested, signature: signer.sign(attested) },
    pcrs: new Map([['sha256', new Map([[13, new Uint8Array(32)]])]]),
    identity: {
      version: 1,
      endorsement: { public: tpm2b(key.public()), certificate: null },
      attestation: { public: tpm2b(key.public()) },
    },
    logs: { firmware: null, from: 0, userspace: new Uint8Array() },
  });
  return new Uint8Array(Buffer.from(JSON.stringify(document)));
}

test('firmware and counts are those of the quote', () => {
  assert.deepEqual(readTpmMoment(evidence(key), ours, attestationKey), {
    ...{ firmwareVersion: '2024012500120000', resetCount: 3, restartCount: 4 },
  });
});

test('a quote by another key, for another nonce, or none, says nothing', () => {
  assert.equal(readTpmMoment(evidence(new PretendedTpmKey()), ours, attestationKey), null);
  assert.equal(readTpmMoment(evidence(key, new Uint8Array(32).fill(3)), ours, attestationKey), null);
  assert.equal(readTpmMoment(evidence(key), new Uint8Array(32).fill(3), attestationKey), null);
  assert.equal(readTpmMoment(Buffer.from('{}'), ours, attestationKey), null);
});
