import { type Reason, reason } from '../reasons.ts';
import type { Certificate } from './certificate.ts';
import type { CertificationPath } from './certification-path.ts';
import { named } from './check-path.ts';
import { weaknessOf } from './key-strength.ts';
import { oncePerPair } from './once-per-pair.ts';
import type { RevocationList } from './revocation-list.ts';
import type { StrongDigest } from './signature-algorithm.ts';
import { signatureVerifies } from './signer-signature.ts';

/**
 * Whether no certificate of a path is revoked, as `openssl verify -crl_check_all` asks it: each but the last, which is
 * trusted by its bytes, must be covered by a list of its issuer that is in date and signed by the issuer's key. Every such
 * list counts: what one of them revokes is revoked.
 *
 * @returns no reasons if so; `certificate-revoked`, or `revocation-unknown` where no list answers.
 */
export function checkPathRevocation(
  path: CertificationPath,
  lists: readonly RevocationList[],
  now: Date,
): readonly Reason[] {
  return path.slice(0, -1).flatMap((certificate, at) => {
    const issuer = path[at + 1];
    return issuer === undefined ? [] : checkCertificate(certificate, [issuer], lists, now);
  });
}

/**
 * The same for a certificate that is itself trusted by its bytes: lists are believed that a certificate beside it signed.
 *
 * @param candidates certificates of the same trust set; the certificate itself may be one.
 */
export function checkPinnedRevocation(
  certificate: Certificate,
  candidates: readonly Certificate[],
  lists: readonly RevocationList[],
  now: Date,
): readonly Reason[] {
  const issuers = candidates.filter(
    ({ subjectDer }) => Buffer.compare(subjectDer, certificate.issuerDer) === 0,
  );
  return checkCertificate(certificate, issuers, lists, now);
}

function checkCertificate(
  certificate: Certificate,
  issuers: readonly Certificate[],
  lists: readonly RevocationList[],
  now: Date,
): readonly Reason[] {
  const own = lists.filter(({ issuerDer }) => Buffer.compare(issuerDer, certificate.issuerDer) === 0);
  const judged = own.map((list) => ({ list, problem: problemOf(list, issuers, now) }));
  const believed = judged.filter(({ problem }) => problem === null);
  const revoking = believed.find(({ list }) => list.revoked.has(certificate.serial));
  if (revoking !== undefined) {
    const message = `The certificate ${named(certificate)}, serial number ${certificate.serial}, is revoked by ${revoking.list.called}.`;
    return [reason('certificate-revoked', message)];
  }
  // What is on a list of some revoked certificates is revoked; what is not may be on another.
  const complete = believed.map(({ list }) => ({ list, problem: incompleteness(list) }));
  if (complete.some(({ problem }) => problem === null)) return [];
  const [first] = [...complete, ...judged];
  const why =
    first === undefined ? 'no list of its issuer is at hand' : `${first.list.called} ${first.problem ?? ''}`;
  const message = `Nobody can say whether the certificate ${named(certificate)} is revoked: ${why}.`;
  return [reason('revocation-unknown', message)];
}

function incompleteness({ unhandledCriticalExtensions: [unhandled] }: RevocationList): string | null {
  return unhandled === undefined ? null : `has the extension ${unhandled}, so it may not have all`;
}

/** Why a list says nothing, in words that follow its name; null: it does say something. */
function problemOf(list: RevocationList, issuers: readonly Certificate[], now: Date): string | null {
  if (!(list.thisUpdate <= now)) return `is not valid before ${list.thisUpdate.toISOString()}`;
  if (list.nextUpdate === null) return 'does not say until when it is valid';
  if (!(now <= list.nextUpdate)) return `expired on ${list.nextUpdate.toISOString()}`;
  const { kind } = list.signatureAlgorithm;
  if (kind === 'weak' || kind === 'unknown') return `is signed with a ${kind} algorithm`;
  if (kind !== 'ed25519' && digestOf(list) === null) return 'does not say with which digest it is signed';
  return issuers.some((issuer) => mayHaveIssued(issuer, list) && isSignedBy(list, issuer))
    ? null
    : 'is not signed by the issuer of the certificate';
}

// RFC 5280 section 6.3.3 (f) and (g)
function mayHaveIssued(
  { keyUsage, subjectDer, subjectKeyIdentifier, publicKey }: Certificate,
  list: RevocationList,
): boolean {
  const { authorityKeyIdentifier: wanted } = list;
  return (
    Buffer.compare(subjectDer, list.issuerDer) === 0 &&
    (keyUsage === null || keyUsage.has('cRLSign')) &&
    (wanted === null || subjectKeyIdentifier === null || wanted === subjectKeyIdentifier) &&
    weaknessOf(publicKey) === null
  );
}

// A list may be megabytes long.
const isSignedBy = oncePerPair((list: RevocationList, issuer: Certificate): boolean =>
  signatureVerifies(list, { signed: list.signed, digest: digestOf(list) }, issuer.publicKey),
);

// Null: the algorithm has its own, or names none, with which nothing verifies.
function digestOf({ signatureAlgorithm }: RevocationList): StrongDigest | null {
  return 'digest' in signatureAlgorithm ? signatureAlgorithm.digest : null;
}
