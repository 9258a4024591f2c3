import 'reflect-metadata'; // must run before the X.509 package, which throws without it

import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';

import * as x509 from '@peculiar/x509';

import { digest } from '../bytes/digest.ts';
import { Malformed, Unsupported } from '../bytes/failures.ts';
import { type Hex, parseHex, toHex } from '../bytes/hex.ts';
import { childrenOf, type DerValue, parseDer, parseOid, parseUnsigned, shapeOf } from './der.ts';
import { parsePem } from './pem.ts';
import { parseSignatureAlgorithm, type SignatureAlgorithm } from './signature-algorithm.ts';

/** An X.509 certificate (RFC 5280) as parsed: what it says, not whether it is to be believed. */
export interface Certificate {
  readonly der: Uint8Array;
  /** For people, in the certificate's own order, for example `CN=vendor, O=Example`; compare `subjectDer`. */
  readonly subject: string;
  readonly issuer: string;
  /** The names as encoded in the certificate. */
  readonly subjectDer: Uint8Array;
  readonly issuerDer: Uint8Array;
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
  /** How the issuer signed this certificate. */
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | null } | null;
  /** Names as in RFC 5280 section 4.2.1.3, for example `keyCertSign`. */
  readonly keyUsage: ReadonlySet<string> | null;
  /** Object identifiers. */
  readonly extendedKeyUsage: readonly string[] | null;
  readonly subjectKeyIdentifier: Hex | null;
  readonly authorityKeyIdentifier: Hex | null;
  /** Object identifiers of what nobody here enforces: critical extensions, and name constraints in any case. */
  readonly unhandledCriticalExtensions: readonly string[];
  /** Issuer and subject are the same name. */
  readonly selfIssued: boolean;
}

const maximumSize = 64 * 1024;
const maximumFileSize = 4 * 1024 * 1024;
const maximumSerial = 20; // octets, RFC 5280 section 4.1.2.2
const nameConstraints = '2.5.29.30';
// By default the package tries to parse what octet and bit strings hold, which nobody has checked.
const parseOptions = { berOptions: { parseEmbedded: false } };

// The extensions read or safely ignored here, by the shape their value must have: tag, then the tags inside.
const handledExtensions: ReadonlyMap<string, RegExp> = new Map([
  ['2.5.29.14', /^04$/], // subjectKeyIdentifier
  ['2.5.29.15', /^03$/], // keyUsage
  ['2.5.29.17', /^30( ..)+$/], // subjectAltName: adds names, and nothing here matches names
  ['2.5.29.19', /^30( 01)?( 02)?$/], // basicConstraints
  ['2.5.29.35', /^30( 80)?( a1)?( 82)?$/], // authorityKeyIdentifier
  ['2.5.29.37', /^30( 06)+$/], // extKeyUsage
]);

const keyUsageFlags = [
  ['digitalSignature', x509.KeyUsageFlags.digitalSignature],
  ['nonRepudiation', x509.KeyUsageFlags.nonRepudiation],
  ['keyEncipherment', x509.KeyUsageFlags.keyEncipherment],
  ['dataEncipherment', x509.KeyUsageFlags.dataEncipherment],
  ['keyAgreement', x509.KeyUsageFlags.keyAgreement],
  ['keyCertSign', x509.KeyUsageFlags.keyCertSign],
  ['cRLSign', x509.KeyUsageFlags.cRLSign],
  ['encipherOnly', x509.KeyUsageFlags.encipherOnly],
  ['decipherOnly', x509.KeyUsageFlags.decipherOnly],
] as const;

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
    serial: tbs.serial,
    sha256: toHex(digest('sha256', bytes)),
    spkiSha256: toHex(digest('sha256', tbs.publicKey.raw)),
    publicKey: readPublicKey(tbs.publicKey, field),
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

function readPublicKey(spki: DerValue, field: string): KeyObject {
  const [identifier, bits] = childrenOf(spki, 0x30, /^30 03$/, `${field}: public key`);
  const [algorithm, parameters] = identifier?.children ?? [];
  const isElliptic = parseOid(algorithm, `${field}: public key`) === '1.2.840.10045.2.1';
  // A curve spelled out may differ from the one it resembles in the generator alone (CVE-2020-0601).
  if (isElliptic && parameters?.tag !== 0x06)
    throw new Unsupported(`${field}: public key`, 'is not on a named curve');
  // SEC 1 section 2.3.3. OpenSSL takes the point at infinity for a key, and Node aborts when it is asked about that key.
  if (isElliptic && ![2, 3, 4].includes(bits?.content[1] ?? 0))
    throw new Malformed(`${field}: public key`, 'is no point of a curve that could be a key');
  try {
    return createPublicKey({ key: Buffer.from(spki.raw), format: 'der', type: 'spki' });
  } catch {
    throw new Unsupported(`${field}: public key`, 'is of a kind that cannot be used here');
  }
}

interface EncodedExtension {
  readonly type: string;
  readonly critical: boolean;
  readonly raw: Uint8Array;
}

type ExtensionFacts = Pick<
  Certificate,
  | 'basicConstraints'
  | 'keyUsage'
  | 'extendedKeyUsage'
  | 'subjectKeyIdentifier'
  | 'authorityKeyIdentifier'
  | 'unhandledCriticalExtensions'
>;

// RFC 5280 section 4.2
function readExtensions(encoded: readonly DerValue[], field: string): ExtensionFacts {
  const extensions = encoded.map((extension) => splitExtension(extension, field));
  const types = extensions.map(({ type }) => type);
  if (new Set(types).size !== types.length) throw new Malformed(field, 'has an extension twice');
  const find = <T>(type: string, read: (raw: Uint8Array) => T): T | null => {
    const found = extensions.find((one) => one.type === type);
    return found ? attempt(`${field}: extension ${type}`, () => read(found.raw)) : null;
  };
  const subjectKey = find(
    '2.5.29.14',
    (raw) => new x509.SubjectKeyIdentifierExtension(raw, parseOptions).keyId,
  );
  const authorityKey = find(
    '2.5.29.35',
    (raw) => new x509.AuthorityKeyIdentifierExtension(raw, parseOptions).keyId,
  );
  const constraints = find('2.5.29.19', (raw) => new x509.BasicConstraintsExtension(raw, parseOptions));
  return {
    basicConstraints: constraints && checkBasicConstraints(constraints, `${field}: basic constraints`),
    keyUsage: find('2.5.29.15', (raw) => namesOf(new x509.KeyUsagesExtension(raw, parseOptions).usages)),
    extendedKeyUsage: find('2.5.29.37', (raw) =>
      Array.from(new x509.ExtendedKeyUsageExtension(raw, parseOptions).usages, String),
    ),
    subjectKeyIdentifier: keyIdentifier(subjectKey, field),
    authorityKeyIdentifier: keyIdentifier(authorityKey, field),
    unhandledCriticalExtensions: extensions
      .filter(({ type, critical }) => type === nameConstraints || (critical && !handledExtensions.has(type)))
      .map(({ type }) => type),
  };
}

// Only a value of the right shape goes on to the package, which would read BER and more fields than there are.
function splitExtension(extension: DerValue, field: string): EncodedExtension {
  const [identifier, ...rest] = childrenOf(extension, 0x30, /^06( 01)? 04$/, `${field}: extension`);
  const type = parseOid(identifier, `${field}: extension`);
  const shape = handledExtensions.get(type);
  if (shape) {
    const value = parseDer(rest.at(-1)?.content ?? new Uint8Array(), `${field}: extension ${type}`);
    const text = `${value.tag.toString(16).padStart(2, '0')} ${shapeOf(value)}`.trim();
    if (!shape.test(text)) throw new Malformed(`${field}: extension ${type}`, 'is not of its own type');
  }
  const critical = rest.length === 2 && rest[0]?.content[0] === 0xff;
  return { type, critical, raw: extension.raw };
}

function namesOf(usages: number): ReadonlySet<string> {
  return new Set(keyUsageFlags.filter(([, flag]) => usages & flag).map(([name]) => name));
}

function keyIdentifier(hex: string | null | undefined, field: string): Hex | null {
  return hex === null || hex === undefined ? null : parseHex(hex, `${field}: key identifier`);
}

function checkBasicConstraints(
  { ca, pathLength }: x509.BasicConstraintsExtension,
  field: string,
): Certificate['basicConstraints'] {
  if (pathLength === undefined) return { ca, pathLength: null };
  if (ca && Number.isSafeInteger(pathLength) && pathLength >= 0) return { ca, pathLength };
  throw new Malformed(field, 'has a path length that means nothing');
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

function attempt<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new Malformed(field, 'cannot be read');
  }
}
