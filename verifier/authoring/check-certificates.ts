import { issuerAndSerial } from '../policy/certificate-identifiers.ts';
import type { Policy } from '../policy/policy.ts';
import { momentText } from '../policy/validity.ts';
import type { Certificate } from '../trust/certificate.ts';
import { checkPinnedRevocation } from '../trust/check-revocation.ts';
import { named } from '../trust/check-path.ts';
import { weaknessOf } from '../trust/key-strength.ts';
import { type CheckCircumstances, type CheckProblem, endsSoon, untilText, warning } from './check-problem.ts';
import type { PlacedTrust } from './trust-places.ts';

/**
 * Trusted certificates that vouch for nothing, or soon will not. An error where the set has no other that does: all that it
 * should vouch for is refused.
 */
export function checkCertificates(
  policy: Policy,
  trust: readonly PlacedTrust[],
  circumstances: CheckCircumstances,
): readonly CheckProblem[] {
  return trust.flatMap((set) => {
    const faults = set.certificates.map(({ certificate, at }) => ({
      certificate,
      at,
      fault: faultOf(policy, set, certificate, circumstances.now),
    }));
    const severity = faults.every(({ fault }) => fault !== null) ? 'error' : 'warning';
    return [
      ...(set.certificates.length === 0
        ? [warning(`the trust set "${set.anchors.name}" ${nobody}`, set.at)]
        : []),
      ...faults.flatMap(({ certificate, at, fault }): CheckProblem[] => {
        if (fault !== null)
          return [{ severity, message: `the certificate ${named(certificate)} ${fault}`, at }];
        if (!endsSoon(certificate.notAfter, circumstances)) return [];
        const when = untilText(certificate.notAfter, circumstances.now);
        const message = `the certificate ${named(certificate)} expires ${when}; list its successor beside it`;
        return [warning(message, at)];
      }),
    ];
  });
}

const nobody =
  'trusts nobody here: there is no certificate in its directories; put one there, or check this on the host that it is for';

/** Why nothing is accepted for this certificate's sake, and what to do about it; null if that is not so. */
function faultOf(
  { revokedCertificates }: Policy,
  { anchors }: PlacedTrust,
  certificate: Certificate,
  now: Date,
): string | null {
  const { notBefore, notAfter, publicKey, sha256, unhandledCriticalExtensions } = certificate;
  if (revokedCertificates.has(sha256) || revokedCertificates.has(issuerAndSerial(certificate)))
    return 'is trusted here, and the policy revokes it; take one of the two out';
  const weakness = weaknessOf(publicKey);
  if (weakness !== null)
    return `has ${weakness}, so that nothing is accepted for its sake; trust one with a stronger key`;
  // As in a path: an invalid date on any side is a no.
  if (!(notBefore <= now))
    return `is not valid before ${momentText(notBefore)}; list its predecessor beside it`;
  if (!(now <= notAfter)) return `expired on ${momentText(notAfter)}; put its successor in its place`;
  // A pinned certificate is trusted by its bytes, whatever its issuer wanted to limit.
  const [extension] = anchors.mode === 'pinned' ? [] : unhandledCriticalExtensions;
  if (extension !== undefined)
    return `has the extension ${extension}, which cannot be enforced, so that nothing issued under it is accepted; pin what signs`;
  const usage = anchors.mode === 'pinned' ? missingUsage(anchors, certificate) : undefined;
  if (usage !== undefined)
    return `lacks the extended key usage ${usage}, which this set asks of who signs; take that away, or have another issued`;
  return revocationFault(anchors, certificate, now);
}

function missingUsage(
  { extendedKeyUsage: wanted }: PlacedTrust['anchors'],
  { extendedKeyUsage }: Certificate,
): string | undefined {
  return wanted.find((usage) => extendedKeyUsage?.includes(usage) !== true);
}

/** The same for a set that asks lists whether certificates are revoked. */
function revocationFault(
  { mode, certificates, revocationLists }: PlacedTrust['anchors'],
  certificate: Certificate,
  now: Date,
): string | null {
  if (revocationLists === null) return null;
  if (mode === 'pinned') {
    const [why] = checkPinnedRevocation(certificate, certificates, revocationLists, now);
    if (why === undefined) return null;
    return why.code === 'certificate-revoked'
      ? 'is revoked by a list under crls; take it out, and put its successor in its place'
      : 'is accepted only with a list of its issuer under crls, in date, and the issuer among the certificates here; add what is missing';
  }
  const isCovered = revocationLists.some(
    ({ issuerDer }) => Buffer.compare(issuerDer, certificate.subjectDer) === 0,
  );
  return isCovered
    ? null
    : 'has no list under crls, so that nothing issued under it is accepted; add its revocation list';
}
