import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { Credential } from '../../verifier/enrolment/credential.ts';
import { createTurnQueue } from '../os/turn-queue.ts';
import type { AttesterOptions } from './attester-options.ts';

/**
 * Opens credentials, one after the other.
 *
 * @param signal aborted when nobody waits for the answer any more.
 * @returns the secret; null if the credential is not for this host's keys.
 * @throws CouldNotDecide if the TPM does not answer, too many wait, or the client went away.
 */
export type Activate = (credential: Credential, signal: AbortSignal) => Promise<Uint8Array | null>;

/** A host is enrolled once in its life; quotes wait behind those who try more often. */
const maximumWaiting = 4;

export function createActivation({
  device,
  endorsementKeyHandle: endorsement,
  attestationKeyHandle: attestation,
}: AttesterOptions): Activate {
  const inTurn = createTurnQueue(maximumWaiting);
  return (credential, signal) =>
    inTurn(() => {
      if (signal.aborted) throw new CouldNotDecide('the client went away');
      return device.activateCredential({ endorsement, attestation }, credential);
    });
}
