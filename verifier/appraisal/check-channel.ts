import type { Hex } from '../bytes/hex.ts';
import type { Claims } from '../evidence/claims.ts';
import { type Reason, reason } from '../reasons.ts';

/**
 * Checks that the host that made the evidence is the one at the other end of the connection. Without this, somebody in
 * between with a certificate of his own could pass the challenge on to the host and its answer back, and everything else
 * on the same connection would be his.
 *
 * @param expected SHA-256 of the TLS public key of the connection; null if it had no TLS; undefined: not checked.
 */
export function checkChannel({ tlsKeySha256: claimed }: Claims, expected: Hex | null | undefined): Reason[] {
  if (expected === undefined || claimed === expected) return [];
  const came = expected === null ? 'came without TLS' : `came from the TLS key ${expected}`;
  const made =
    claimed === null ? 'was made for a connection without TLS' : `was made for the TLS key ${claimed}`;
  return [reason('channel-mismatch', `The evidence ${came} and ${made}: something stands in between.`)];
}
