import type { Evidence } from '../../verifier/evidence/evidence.ts';
import type { Identity } from '../../verifier/evidence/identity.ts';
import { createTurnQueue } from '../os/turn-queue.ts';
import { attest } from './attest.ts';
import type { AttesterOptions } from './attester-options.ts';

/** The host's side of attestation: its keys, and evidence for a challenge. */
export interface Attester {
  readonly identity: Identity;
  /**
   * @param nonce the verifier's, 16 to 64 bytes.
   * @throws CouldNotDecide if the TPM does not answer, the log cannot be read, or too many challenges wait.
   */
  readonly attest: (nonce: Uint8Array) => Promise<Evidence>;
}

/** Challenges that may wait for the TPM; a chip answers a few a second, so more would wait longer than clients do. */
const maximumWaiting = 32;

/** An attester that answers one challenge after the other: the TPM does one thing at a time. */
export function createAttester(options: AttesterOptions): Attester {
  const inTurn = createTurnQueue(maximumWaiting);
  return { identity: options.identity, attest: (nonce) => inTurn(() => attest(options, nonce)) };
}
