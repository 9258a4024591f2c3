import { X509Certificate } from 'node:crypto';

import { isAnchor, type TrustAnchors } from './anchors.ts';
import type { Certificate } from './certificate.ts';
import { oncePerPair } from './once-per-pair.ts';

/** Signer first, each certificate signed by the key of the next, the last one an anchor. */
export type CertificationPath = readonly Certificate[];

export interface PathSearch {
  /** Every way from the signer to an anchor, shortest candidates first found, none of them validated. */
  readonly paths: readonly CertificationPath[];
  /** The longest way that ended at no anchor, for telling a person where it stopped. */
  readonly deadEnd: readonly Certificate[];
}

const maximumLength = 8; // signer and anchor included
// Certificates that all sign each other span factorially many paths; no honest message has more than a handful.
const maximumSteps = 512;

/**
 * Finds certification paths (RFC 5280 section 6.1, prospective paths). A certificate follows another if its subject is
 * the other's issuer, byte for byte, the key identifiers of both do not contradict that, and its key verifies the
 * other's signature. Bounded: at most 8 certificates a path and 512 steps in all.
 *
 * @param intermediates certificates that anybody may have supplied.
 */
export function findPaths(
  signer: Certificate,
  intermediates: readonly Certificate[],
  anchors: TrustAnchors,
): PathSearch {
  const supplied = distinct([...anchors.certificates, ...intermediates]);
  const paths: CertificationPath[] = [];
  let deadEnd: readonly Certificate[] = [signer];
  let steps = 0;
  const extend = (path: readonly Certificate[], last: Certificate): void => {
    if (path.length > deadEnd.length) deadEnd = path;
    if (path.length === maximumLength) return;
    for (const issuer of supplied) {
      if (!couldHaveIssued(issuer, last) || path.some(({ sha256 }) => sha256 === issuer.sha256)) continue;
      if (++steps > maximumSteps) return;
      if (!signed(last, issuer)) continue;
      if (isAnchor(anchors, issuer)) paths.push([...path, issuer]);
      else extend([...path, issuer], issuer);
    }
  };
  extend([signer], signer);
  return { paths, deadEnd };
}

function distinct(certificates: readonly Certificate[]): readonly Certificate[] {
  return [...new Map(certificates.map((certificate) => [certificate.sha256, certificate])).values()];
}

function couldHaveIssued(issuer: Certificate, subject: Certificate): boolean {
  if (Buffer.compare(issuer.subjectDer, subject.issuerDer) !== 0) return false;
  const [has, wants] = [issuer.subjectKeyIdentifier, subject.authorityKeyIdentifier];
  return has === null || wants === null || has === wants;
}

const signed = oncePerPair((subject: Certificate, issuer: Certificate): boolean => {
  try {
    return new X509Certificate(subject.der).verify(issuer.publicKey);
  } catch {
    return false; // a key of another type than the signature
  }
});
