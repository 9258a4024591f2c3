import { type Reason, reason } from '../reasons.ts';
import type { TrustAnchors } from '../trust/anchors.ts';
import type { Certificate } from '../trust/certificate.ts';
import { verifyDetachedSignature } from '../trust/detached-signature.ts';

/**
 * Whether a policy file is signed by one of some certificates, or by one issued under them.
 *
 * @param cms the detached PKCS#7 message over the exact bytes of the file; null if there is none.
 * @returns no reasons if it is.
 */
export function checkPolicySignature(
  text: Uint8Array,
  cms: Uint8Array | null,
  certificates: readonly Certificate[],
  now: Date,
): readonly Reason[] {
  if (cms === null) return [reason('policy-unsigned', 'There is no signature beside the policy.')];
  const anchors: TrustAnchors = {
    ...{ name: '--policy-trust', mode: 'either', certificates },
    ...{ extendedKeyUsage: [], revocationLists: null },
  };
  const verdict = verifyDetachedSignature({ bytes: text, called: 'policy' }, cms, [anchors], now);
  return verdict.signed ? [] : verdict.reasons;
}
