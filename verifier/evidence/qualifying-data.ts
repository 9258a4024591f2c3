import { canonicalJson } from '../bytes/canonical-json.ts';
import { digest } from '../bytes/digest.ts';
import type { Claims } from './claims.ts';

const context = Buffer.from('touchstone-quote-v1\0');

/**
 * The 32 bytes a TPM signs as a quote's qualifying data:
 * SHA-256("touchstone-quote-v1" || 0x00 || root of the nonce tree || SHA-256(claims as RFC 8785 JSON)).
 * The context string keeps a quote made for another purpose from ever being evidence.
 */
export function qualifyingData(nonceTreeRoot: Uint8Array, claims: Claims): Uint8Array {
  return qualifyingDataOf(nonceTreeRoot, claimsDigest(claims));
}

/** The same, where the digest of the claims is known. */
export function qualifyingDataOf(nonceTreeRoot: Uint8Array, sha256: Uint8Array): Uint8Array {
  return digest('sha256', context, nonceTreeRoot, sha256);
}

/** SHA-256 of the claims in their one form. */
export function claimsDigest(claims: Claims): Uint8Array {
  return digest('sha256', canonicalJson(claims));
}
