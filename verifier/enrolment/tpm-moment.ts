import { Malformed } from '../bytes/failures.ts';
import { parseEvidence } from '../evidence/evidence.ts';
import { nonceTreeRoot } from '../evidence/nonce-tree.ts';
import { qualifyingData } from '../evidence/qualifying-data.ts';
import type { PublicArea } from '../tpm/public-area.ts';
import { verifyQuote } from '../tpm/quote.ts';

/** What a TPM says of itself in a quote. */
export interface TpmMoment {
  /** 16 hexadecimal digits, in an order that is the maker's own. */
  readonly firmwareVersion: string;
  readonly resetCount: number;
  readonly restartCount: number;
}

/**
 * Reads what a host's TPM says of itself out of evidence for a nonce of ours. What is merged on the host is not looked at.
 *
 * @returns null if the evidence does not hold a quote by this key for this nonce.
 */
export function readTpmMoment(
  bytes: Uint8Array,
  nonce: Uint8Array,
  attestationKey: PublicArea,
): TpmMoment | null {
  try {
    const { quote, claims, binding, pcrs } = parseEvidence(bytes);
    // Our own nonce and where it leads, whatever the evidence says that it answers.
    const root = nonceTreeRoot(nonce, binding.path);
    const verdict = verifyQuote({
      ...{ ...quote, attestationKey, pcrs, requiredPcrs: [], bank: 'sha256' },
      qualifyingData: qualifyingData(root, claims),
    });
    if (!verdict.verified) return null;
    const { firmwareVersion, clockInfo } = verdict.quote;
    return {
      firmwareVersion: firmwareVersion.toString(16).padStart(16, '0'),
      resetCount: clockInfo.resetCount,
      restartCount: clockInfo.restartCount,
    };
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
