import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { SoftwareTpm } from '../../test-vectors/generate/software-tpm.ts';
import { digest } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { toHex } from '../bytes/hex.ts';
import { extendPcr, initialPcr, pcrComposite } from './pcr.ts';

const tpm = new SoftwareTpm();
after(() => tpm.remove());

test('a PCR is extended as the TPM extends it, in every bank', () => {
  for (const bank of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
    const events = ['first', 'second'].map((text) => digest(bank, text));
    for (const event of events) tpm.extend(13, { [bank]: toHex(event) });
    const replayed = events.reduce((value, event) => extendPcr(bank, value, event), initialPcr(bank));
    assert.deepEqual(replayed, tpm.readPcrs(bank, [13]).get(13));
  }
});

test('only a value and a digest of the bank extend it', () => {
  const zero = initialPcr('sha256');
  assert.throws(() => extendPcr('sha256', zero.subarray(1), zero), Malformed);
  assert.throws(() => extendPcr('sha256', zero, zero.subarray(1)), Malformed);
  assert.throws(() => extendPcr('sha256', new Uint8Array(33), zero.subarray(1)), Malformed);
});

test('a composite is the hash of the values in the order of the selections', () => {
  const one = new Uint8Array(32).fill(1);
  const two = new Uint8Array(32).fill(2);
  const three = new Uint8Array(20).fill(3);
  const values = new Map([
    ['sha256', new Map([[7, two], [0, one]])], // prettier-ignore
    ['sha1', new Map([[0, three]])],
  ] as const);
  const selections = [
    { algorithm: 'sha1', pcrs: [0] },
    { algorithm: 'sha256', pcrs: [0, 7] },
  ] as const;
  assert.deepEqual(pcrComposite('sha384', selections, values), digest('sha384', three, one, two));
  assert.deepEqual(pcrComposite('sha256', [], values), digest('sha256'));
});

test('a composite needs each selected value, in the size of its bank', () => {
  const values = new Map([['sha256', new Map([[0, new Uint8Array(33)], [1, new Uint8Array(31)]])]] as const); // prettier-ignore
  assert.throws(() => pcrComposite('sha256', [{ algorithm: 'sha256', pcrs: [0, 1] }], values), Malformed);
  assert.throws(() => pcrComposite('sha256', [{ algorithm: 'sha256', pcrs: [2] }], values), Malformed);
  assert.throws(() => pcrComposite('sha256', [{ algorithm: 'sha1', pcrs: [0] }], values), Malformed);
});
