import { Malformed, Unsupported } from '../bytes/failures.ts';
import { type Reason, reason } from '../reasons.ts';
import type { PublicArea } from '../tpm/public-area.ts';
import type { TrustAnchors } from '../trust/anchors.ts';
import { type Certificate, parseCertificate } from '../trust/certificate.ts';
import { verifyChain } from '../trust/chain.ts';
import { named } from '../trust/check-path.ts';
import { readTpmModel, type TpmModel } from './tpm-model.ts';

/** What the maker of a TPM says of it, in a certificate that was verified. */
export interface Endorsement {
  readonly certificate: Certificate;
  /** The certificate that was trusted. */
  readonly root: Certificate;
  readonly model: TpmModel;
}

export type EndorsementVerdict =
  | { readonly endorsed: true; readonly endorsement: Endorsement }
  | { readonly endorsed: false; readonly reasons: readonly Reason[] };

/** tcg-kp-EKCertificate: the certificate is for the endorsement key of a TPM, and for nothing else its maker signs. */
const endorsementUsage = '2.23.133.8.1';

/**
 * Verifies that one of the certificates trusted vouches for the endorsement key, in the way of the TCG's "EK Credential Profile
 * for TPM Family 2.0" (section 3.2): the certificate is for this very key, for an endorsement key and not for an authority, and
 * names the TPM's model.
 *
 * @param der the certificate, as the host gave it.
 * @param roots of makers of TPMs: their roots, and what these issued on the way to the TPM's.
 */
export function verifyEndorsement(
  der: Uint8Array,
  endorsementKey: PublicArea,
  roots: readonly Certificate[],
  now: Date,
): EndorsementVerdict {
  const parsed = parse(der);
  if ('code' in parsed) return { endorsed: false, reasons: [parsed] };
  const { certificate, model } = parsed;
  // Before the chain: a certificate of another TPM is as good as any.
  if (!certificate.publicKey.equals(endorsementKey.publicKey)) {
    const message = `The certificate ${named(certificate)} is for another key than the endorsement key of this host.`;
    return { endorsed: false, reasons: [reason('endorsement-mismatch', message)] };
  }
  const chain = verifyChain(certificate, [], anchorsOf(roots), now, 'decrypt');
  const reasons = [...(chain.ok ? [] : chain.reasons.map(asEndorsement)), ...checkNoAuthority(certificate)];
  const root = chain.ok ? chain.chain.at(-1) : undefined;
  return reasons.length > 0 || root === undefined
    ? { endorsed: false, reasons }
    : { endorsed: true, endorsement: { certificate, root, model } };
}

function parse(der: Uint8Array): { certificate: Certificate; model: TpmModel } | Reason {
  try {
    const certificate = parseCertificate(der, 'endorsement certificate');
    return { certificate, model: readTpmModel(certificate, 'endorsement certificate') };
  } catch (error) {
    if (error instanceof Malformed || error instanceof Unsupported)
      return reason(error.code, `${error.message}.`);
    throw error;
  }
}

function anchorsOf(certificates: readonly Certificate[]): TrustAnchors {
  return {
    ...({ name: 'makers of TPMs', mode: 'issued' } as const),
    certificates,
    extendedKeyUsage: [endorsementUsage],
    revocationLists: null,
  };
}

function asEndorsement(one: Reason): Reason {
  return one.code === 'signer-untrusted' ? { ...one, code: 'endorsement-untrusted' } : one;
}

function checkNoAuthority(certificate: Certificate): Reason[] {
  if (certificate.basicConstraints?.ca !== true) return [];
  return [
    reason('certificate-unfit', `The certificate ${named(certificate)} is an authority's, and not a TPM's.`),
  ];
}
