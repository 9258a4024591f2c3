import type { Certificate } from '../trust/certificate.ts';

/** A certificate that gets a trust set and a file of its own. */
export interface PinnedCertificate {
  /** Of the trust set. */
  readonly set: string;
  /** Beside the policy; a name without a directory. */
  readonly file: string;
  readonly pem: string;
  readonly certificate: Certificate;
}

const subjectCharacters = 40;
const fingerprintDigits = 12;

/** Names for certificates: letters, digits and `-` alone, since whoever made a certificate chose what its subject says. */
export function nameCertificates(certificates: readonly Certificate[]): readonly PinnedCertificate[] {
  const sets = new Set<string>();
  return certificates.map((certificate) => {
    const { sha256, subject } = certificate;
    const short = `${commonNameWord(subject)}-${sha256.slice(0, fingerprintDigits)}`;
    // That two begin alike takes somebody who tried; one must not take the place of the other.
    const set = sets.has(short) ? sha256 : short;
    sets.add(set);
    return { set, file: `${set}.pem`, pem: toPem(certificate), certificate };
  });
}

/** What a subject in the words of `Certificate` calls its owner, as far as it can be part of a file name. */
function commonNameWord(subject: string): string {
  const [, name = ''] = /(?:^|[,+] *)CN=((?:[^,+\\]|\\.)*)/i.exec(subject) ?? [];
  const word = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, subjectCharacters)
    .replaceAll(/^-+|-+$/g, '');
  return word === '' ? 'signer' : word;
}

// RFC 7468 section 5.
function toPem({ der }: Certificate): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
