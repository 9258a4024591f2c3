import type { Identity } from '../evidence/identity.ts';
import { type Reason, reason } from '../reasons.ts';

/**
 * Checks that the evidence names the keys it is expected from. The quote is verified with the expected key in any case;
 * this says in words why it fails when another host, or a host with a new TPM, answered.
 */
export function checkIdentity(found: Identity, expected: Identity): Reason[] {
  const differs = (message: string): Reason[] => [reason('identity-mismatch', message)];
  const sameTpm = equal(found.endorsement.public, expected.endorsement.public);
  if (!equal(found.attestation.public, expected.attestation.public)) {
    const why = 'The evidence comes from another attestation key than the one expected of this host.';
    // Its own word: that the key is in that TPM, only a new enrolment would prove.
    return differs(
      sameTpm ? `${why} It names the same endorsement key: if its TPM was cleared, enroll it anew.` : why,
    );
  }
  return sameTpm && equal(found.endorsement.certificate, expected.endorsement.certificate)
    ? []
    : differs('The evidence names another endorsement key than the one expected of this host.');
}

function equal(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0;
}
