import 'reflect-metadata'; // must run before the X.509 package, which throws without it

import { type KeyObject, X509Certificate } from 'node:crypto';

import * as x509 from '@peculiar/x509';

import { digest } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { type Hex, toHex } from '../bytes/hex.ts';
import { attempt, type ExtensionFacts, parseOptions, readExtensions } from './certificate-extensions.ts';
import { childrenOf, type DerValue, parseDer, parseUnsigned } from './der.ts';
import { type DistinguishedName, parseName } from './distinguished-name.ts';
import { parsePem } from './pem.ts';
import { readPublicKey } from './public-key.ts';
import { parseSignatureAlgorithm, type SignatureAlgorithm } from './signature-algorithm.ts';

/** An X.509 certificate (RFC 5280) as parsed: what it says, not whether it is to be believed. */
export interface Certificate extends ExtensionFacts {
  readonly der: Uint8Array;
  /** For people, in the certificate's own order, for example `CN=vendor, O=Example`; compare `subjectDer`. */
  readonly subject: string;
  readonly issuer: string;
  /** The names as encoded in the certificate. */
  readonly subjectDer: Uint8Array;
  readonly issuerDer: Uint8Array;
  /** The subject as constraints on names compare it. */
  readonly subjectName: DistinguishedName;
  /** Big endian, without leading zero octets. */
  readonly serial: Hex;
  /**
   * Of the whole certificate, as `openssl x509 -fingerprint` prints it. Revoking by it alone can be evaded where the
   * certificate comes with the message: an ECDSA signature has a second valid form, which gives the certificate another
   * digest. The serial number with `issuerDer`, or `spkiSha256`, cannot be changed so.
   */
  readonly sha256: Hex;
  /** Of the SubjectPublicKeyInfo: stays the same when a certificate is renewed over its key. */
  readonly spkiSha256: Hex;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: KeyObject;
  /** The same for two certificates over one key, however it is written in them. */
  readonly keyIdentity: Hex;
  /** How the issuer signed this certificate. */
  readonly signatureAlgorithm: SignatureAlgorithm;
  /** Issuer and subject are the same name. */
  readonly selfIssued: boolean;
}

const maximumSize = 64 * 1024;
const maximumFileSize = 4 * 1024 * 1024;
const maximumSerial = 20; // octets, RFC 5280 section 4.1.2.2

/**
 * Parses one certificate in DER. Strict: no bytes after it, no extension twice, and OpenSSL's parser must read the
 * same facts out of it.
 *
 * @param field what the bytes are, for error messages.
 * @throws Malformed for bytes that break the format, Unsupported for a key type that cannot be used here.
 */
export function parseCertificate(der: Uint8Array, field: string): Certificate {
  if (der.length > maximumSize) throw new Malformed(field, `is larger than ${maximumSize} bytes`);
  const bytes = new Uint8Array(der); // a copy: what was checked cannot change afterwards
  const tbs = parseToBeSigned(parseDer(bytes, field), field);
  const parsed = attempt(field, () => {
    const { subject, issuer, notBefore, notAfter } = new x509.X509Certificate(bytes, parseOptions);
    return { subject: printable(subject), issuer: printable(issuer), notBefore, notAfter };
  });
  const certificate: Certificate = {
    ...parsed,
    der: bytes,
    subjectDer: tbs.subject.raw,
    issuerDer: tbs.issuer.raw,
    subjectName: parseName(tbs.subject, `${field}: subject`),
    serial: tbs.serial,
    sha256: toHex(digest('sha256', bytes)),
    spkiSha256: toHex(digest('sha256', tbs.publicKey.raw)),
    ...readPublicKey(tbs.publicKey, `${field}: public key`),
    signatureAlgorithm: parseSignatureAlgorithm(tbs.algorithm, `${field}: signature algorithm`),
    ...readExtensions(tbs.extensions, field),
    selfIssued: Buffer.compare(tbs.subject.raw, tbs.issuer.raw) === 0,
  };
  refuseDisagreement(certificate, field);
  return certificate;
}

/**
 * Parses a file of certificates: PEM with any number of CERTIFICATE blocks, or the DER of one.
 *
 * @throws Malformed if it has none, or anything else in it; Unsupported as `parseCertificate`.
 */
export function parseCertificates(bytes: Uint8Array, field: string): Certificate[] {
  if (bytes.length === 0) throw new Malformed(field, 'is empty');
  if (bytes.length > maximumFileSize) throw new Malformed(field, `is larger than ${maximumFileSize} bytes`);
  // No certificate fits into 127 bytes, so in DER the second octet has its high bit set; in text it has not.
  const isDer = bytes[0] === 0x30 && ((bytes[1] ?? 0) & 0x80) !== 0;
  if (isDer) return [parseCertificate(bytes, field)];
  const blocks = parsePem(Buffer.from(bytes).toString('latin1'), 'CERTIFICATE', field, maximumSize);
  return blocks.map((der, at) =>
    parseCertificate(der, blocks.length === 1 ? field : `${field}: certificate ${at + 1}`),
  );
}

interface ToBeSigned {
  readonly serial: Hex;
  readonly algorithm: DerValue | undefined;
  readonly issuer: DerValue;
  readonly subject: DerValue;
  readonly publicKey: DerValue;
  readonly extensions: readonly DerValue[];
}

// RFC 5280 section 4.1. The names and the key are cut from the bytes: the package would encode them anew.
function parseToBeSigned(certificate: DerValue, field: string): ToBeSigned {
  const [tbs, algorithm] = childrenOf(certificate, 0x30, /^30 30 03$/, field);
  const fields = tbs ? childrenOf(tbs, 0x30, /^(a0 )?02 30 30 30 30 30( 81)?( 82)?( a3)?$/, field) : [];
  const [serial, , issuer, , subject, publicKey] = fields[0]?.tag === 0xa0 ? fields.slice(1) : fields;
  if (!issuer || !subject || !publicKey) throw new Malformed(field, 'is not a certificate');
  const hex = parseUnsigned(serial, `${field}: serial number`);
  if (hex.length > maximumSerial * 2)
    throw new Malformed(field, `has a serial number over ${maximumSerial} bytes`);
  const wrapped = fields.find(({ tag }) => tag === 0xa3);
  const list = wrapped ? childrenOf(wrapped, 0xa3, /^30$/, `${field}: extensions`)[0] : undefined;
  if (wrapped && !isVersion3(fields[0], field))
    throw new Malformed(field, 'has extensions without being version 3');
  return { serial: hex, algorithm, issuer, subject, publicKey, extensions: list?.children ?? [] };
}

function isVersion3(version: DerValue | undefined, field: string): boolean {
  return version?.tag === 0xa0 && parseUnsigned(version.children[0], `${field}: version`) === '02';
}

// OpenSSL verifies the signature over the certificate: what it read there must be what was read here.
function refuseDisagreement(certificate: Certificate, field: string): void {
  const other = attempt(field, () => new X509Certificate(certificate.der));
  const { basicConstraints, keyUsage, extendedKeyUsage } = certificate;
  const isAuthority = basicConstraints?.ca === true && (keyUsage?.has('keyCertSign') ?? true);
  const agreed =
    Buffer.compare(other.raw, certificate.der) === 0 &&
    BigInt(`0x${other.serialNumber}`) === BigInt(`0x${certificate.serial}`) &&
    Date.parse(other.validFrom) === certificate.notBefore.getTime() &&
    Date.parse(other.validTo) === certificate.notAfter.getTime() &&
    other.publicKey.equals(certificate.publicKey) &&
    other.ca === isAuthority &&
    // The types of Node say that this is always an array; it is undefined where there is no such extension.
    JSON.stringify(other.keyUsage) === (extendedKeyUsage ? JSON.stringify(extendedKeyUsage) : undefined);
  if (!agreed) throw new Malformed(field, 'is read differently by two parsers');
}

// A name goes to terminals and logs: nothing in it may move the cursor or turn the text around. RFC 4514 section 2.4.
function printable(name: string): string {
  return name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    toHex(Buffer.from(character, 'utf8'))
      .toUpperCase()
      .replace(/../g, (octet) => `\\${octet}`),
  );
}
