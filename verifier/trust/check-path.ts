import { type Reason, reason } from '../reasons.ts';
import type { Certificate } from './certificate.ts';
import { findNameViolations, nameReason } from './check-names.ts';
import type { CertificationPath } from './certification-path.ts';
import { weaknessOf } from './key-strength.ts';

const anyExtendedKeyUsage = '2.5.29.37.0';

/** What the key of the certificate at the beginning of a path is for. */
export type KeyPurpose = 'sign' | 'decrypt';

// RFC 5280 section 4.2.1.3: one of these bits. A TPM's endorsement key decrypts and nothing else.
const usagesOf: Readonly<Record<KeyPurpose, readonly string[]>> = {
  sign: ['digitalSignature', 'nonRepudiation'],
  decrypt: ['keyEncipherment', 'keyAgreement'],
};

/**
 * Everything RFC 5280 section 6.1 asks of a path whose names and signatures already fit, from the signer upwards: the
 * anchor's constraints and validity count like everybody's. Policies are not processed, so a certificate that insists on
 * them is refused.
 *
 * @param extendedKeyUsage object identifiers that the signer must list; an authority above that limits its own usages
 * must allow them too.
 * @param purpose what the key of the first certificate must be for.
 * @returns no reasons if the path is good at `now`.
 */
export function checkPath(
  path: CertificationPath,
  extendedKeyUsage: readonly string[],
  now: Date,
  purpose: KeyPurpose = 'sign',
): Reason[] {
  const names = findNameViolations(path).map((one) => nameReason(one, named));
  const each = path.flatMap((certificate, at) => [
    ...checkEvery(certificate, now),
    ...(at < path.length - 1 ? checkSignatureStrength(certificate) : []),
    ...(at === 0
      ? checkSubject(certificate, extendedKeyUsage, purpose)
      : checkIssuer(certificate, path.slice(1, at), extendedKeyUsage)),
  ]);
  return [...each, ...names];
}

/** What still matters when the certificate itself is trusted by its bytes: its dates, its key, its stated purpose. */
export function checkPinned(
  certificate: Certificate,
  extendedKeyUsage: readonly string[],
  now: Date,
): Reason[] {
  return [
    ...checkValidity(certificate, now),
    ...checkKeyStrength(certificate),
    ...checkListsUsages(certificate, extendedKeyUsage),
  ];
}

/** A certificate in words, for a message: its subject, cut to a readable length. */
export function named({ subject, sha256 }: Certificate): string {
  const text = subject === '' ? `sha256:${sha256}` : subject;
  return `"${text.length > 120 ? `${text.slice(0, 120)}...` : text}"`;
}

function checkEvery(certificate: Certificate, now: Date): Reason[] {
  const unhandled = certificate.unhandledCriticalExtensions.map((oid) =>
    unfit(certificate, `has the extension ${oid}, which cannot be enforced here`),
  );
  return [...checkValidity(certificate, now), ...checkKeyStrength(certificate), ...unhandled];
}

function checkValidity(certificate: Certificate, now: Date): Reason[] {
  const { notBefore, notAfter } = certificate;
  // Written so that an invalid date on any side is a refusal.
  if (notBefore <= now && now <= notAfter) return [];
  const when =
    now > notAfter
      ? `expired on ${notAfter.toISOString()}`
      : `is not valid before ${notBefore.toISOString()}`;
  return [reason('certificate-expired', `The certificate ${named(certificate)} ${when}.`)];
}

function checkKeyStrength(certificate: Certificate): Reason[] {
  const weakness = weaknessOf(certificate.publicKey);
  return weakness === null
    ? []
    : [reason('signature-weak', `The certificate ${named(certificate)} has ${weakness}.`)];
}

function checkSignatureStrength(certificate: Certificate): Reason[] {
  const { signatureAlgorithm } = certificate;
  if (signatureAlgorithm.kind !== 'weak' && signatureAlgorithm.kind !== 'unknown') return [];
  const what = `is signed with the ${signatureAlgorithm.kind} algorithm ${signatureAlgorithm.oid}`;
  return [reason('signature-weak', `The certificate ${named(certificate)} ${what}.`)];
}

function checkSubject(
  subject: Certificate,
  extendedKeyUsage: readonly string[],
  purpose: KeyPurpose,
): Reason[] {
  const { keyUsage } = subject;
  const usages = usagesOf[purpose];
  const may = keyUsage === null || usages.some((usage) => keyUsage.has(usage));
  const why = `may not ${purpose} data: its key usage lacks ${usages[0] ?? purpose}`;
  return [...(may ? [] : [unfit(subject, why)]), ...checkListsUsages(subject, extendedKeyUsage)];
}

function checkListsUsages(signer: Certificate, extendedKeyUsage: readonly string[]): Reason[] {
  const missing = extendedKeyUsage.filter((oid) => !signer.extendedKeyUsage?.includes(oid));
  return missing.map((oid) => unfit(signer, `lacks the extended key usage ${oid}`));
}

// RFC 5280 sections 4.2.1.9, 4.2.1.3 and 6.1.4 (k) to (n)
function checkIssuer(
  issuer: Certificate,
  below: readonly Certificate[],
  extendedKeyUsage: readonly string[],
): Reason[] {
  const { basicConstraints, keyUsage } = issuer;
  if (!basicConstraints?.ca) return [unfit(issuer, 'issued another one and is no certificate authority')];
  const reasons: Reason[] = [];
  if (keyUsage !== null && !keyUsage.has('keyCertSign')) {
    reasons.push(unfit(issuer, 'may not sign certificates: its key usage lacks keyCertSign'));
  }
  const length = below.filter(({ selfIssued }) => !selfIssued).length;
  if (basicConstraints.pathLength !== null && length > basicConstraints.pathLength) {
    const allowed = basicConstraints.pathLength;
    reasons.push(unfit(issuer, `allows ${allowed} authorities below itself, and here are ${length}`));
  }
  return [...reasons, ...checkAllowsUsages(issuer, extendedKeyUsage)];
}

// Not in RFC 5280, but what everybody who writes usages into an authority's certificate means by it.
function checkAllowsUsages(issuer: Certificate, extendedKeyUsage: readonly string[]): Reason[] {
  const usages = issuer.extendedKeyUsage;
  if (usages === null || usages.includes(anyExtendedKeyUsage)) return [];
  const denied = extendedKeyUsage.filter((oid) => !usages.includes(oid));
  return denied.map((oid) => unfit(issuer, `does not allow the extended key usage ${oid} below itself`));
}

function unfit(certificate: Certificate, why: string): Reason {
  return reason('certificate-unfit', `The certificate ${named(certificate)} ${why}.`);
}
