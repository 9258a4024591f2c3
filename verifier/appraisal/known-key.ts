import type { Hex } from '../bytes/hex.ts';
import type { Identity } from '../evidence/identity.ts';
import { type Reason, reason } from '../reasons.ts';
import { parseTpm2bPublic, type PublicArea } from '../tpm/public-area.ts';
import { qualifiedNameUnder } from '../tpm/qualified-name.ts';
import type { QuotedPcrs } from '../tpm/quote.ts';

/** The attestation key that a verifier knows a host by. */
export interface KnownKey {
  readonly area: PublicArea;
  /** Which a TPM gives it if it is a child of the endorsement key of that identity. */
  readonly qualifiedName: Hex;
}

/** @throws Malformed if the identity is none. */
export function knownKeyOf({ attestation, endorsement }: Identity): KnownKey {
  return {
    area: parseTpm2bPublic(attestation.public),
    qualifiedName: qualifiedNameUnder(endorsement.public, attestation.public),
  };
}

/**
 * Checks that the key signed as a child of the endorsement key. The same key under another parent would be in the keeping of whoever
 * has that parent: it cannot be moved there (fixedParent), so somebody made it there.
 */
export function checkSigner({ qualifiedSigner }: QuotedPcrs, { qualifiedName }: KnownKey): Reason[] {
  if (qualifiedSigner === qualifiedName) return [];
  const message =
    'The quote was signed by a key that is not a child of the endorsement key expected of this host.';
  return [reason('identity-mismatch', message)];
}
