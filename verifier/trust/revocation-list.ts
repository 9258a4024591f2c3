import { Malformed } from '../bytes/failures.ts';
import type { Hex } from '../bytes/hex.ts';
import { toHex } from '../bytes/hex.ts';
import { childrenOf, type DerValue, parseDer, parseOid, parseUnsigned } from './der.ts';
import { parsePem } from './pem.ts';
import { parseSignatureAlgorithm, type SignatureAlgorithm } from './signature-algorithm.ts';

/** An X.509 certificate revocation list (RFC 5280 section 5) as parsed: what it says, not whether it is to be believed. */
export interface RevocationList {
  /** The file, and which of several lists in it, for messages. */
  readonly called: string;
  /** The issuer's name as encoded in the list. */
  readonly issuerDer: Uint8Array;
  readonly thisUpdate: Date;
  /** Null where the list promises no successor. */
  readonly nextUpdate: Date | null;
  /** Serial numbers of revoked certificates, as `Certificate` has them. */
  readonly revoked: ReadonlySet<Hex>;
  readonly authorityKeyIdentifier: Hex | null;
  /** Object identifiers of critical extensions that are not read here. */
  readonly unhandledCriticalExtensions: readonly string[];
  /** What the issuer signed. */
  readonly signed: Uint8Array;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
}

const maximumSize = 8 * 1024 * 1024;
const maximumEntries = 100_000;
// A list of that many entries, each with three extensions.
const maximumValues = 2_000_000;
const deltaIndicator = '2.5.29.27';
const issuingDistributionPoint = '2.5.29.28';
const authorityKeyIdentifier = '2.5.29.35';
// Why, and since when.
const harmlessInEntries: ReadonlySet<string> = new Set(['2.5.29.21', '2.5.29.24']);
// CRL number, and where a delta is to be had: they restrict nothing.
const harmless: ReadonlySet<string> = new Set([authorityKeyIdentifier, '2.5.29.20', '2.5.29.46']);

/**
 * Parses a file of revocation lists: PEM with any number of `X509 CRL` blocks, or the DER of one.
 *
 * @param field what the bytes are, for error messages.
 * @throws Malformed if it has none, if one breaks its format, is larger than 8 MiB or has more than 100,000 entries.
 */
export function parseRevocationLists(bytes: Uint8Array, field: string): RevocationList[] {
  if (bytes.length === 0) throw new Malformed(field, 'is empty');
  if (bytes.length > maximumSize) throw new Malformed(field, `is larger than ${maximumSize} bytes`);
  if (bytes[0] === 0x30) return [parseRevocationList(bytes, field)];
  const blocks = parsePem(Buffer.from(bytes).toString('latin1'), 'X509 CRL', field, maximumSize);
  return blocks.map((der, at) =>
    parseRevocationList(der, blocks.length === 1 ? field : `${field}: list ${at + 1}`),
  );
}

// RFC 5280 section 5.1. Version 1 has no extensions, and its revocations count as much.
const listShape = /^(02 )?30 30 (17|18)( 17| 18)?( 30)?( a0)?$/;

function parseRevocationList(bytes: Uint8Array, field: string): RevocationList {
  const list = parseDer(new Uint8Array(bytes), field, maximumValues);
  const [body, algorithm, bits] = childrenOf(list, 0x30, /^30 30 03$/, field);
  if (!body || !algorithm || !bits) throw new Malformed(field, 'is not a revocation list');
  const fields = childrenOf(body, 0x30, listShape, field);
  const [inner, issuer, ...rest] = fields[0]?.tag === 0x02 ? fields.slice(1) : fields;
  if (!inner || !issuer || Buffer.compare(inner.raw, algorithm.raw) !== 0)
    throw new Malformed(field, 'names two signature algorithms');
  const times = rest.filter(({ tag }) => tag === 0x17 || tag === 0x18);
  const entries = rest.find(({ tag }) => tag === 0x30)?.children ?? [];
  if (entries.length > maximumEntries) throw new Malformed(field, `has more than ${maximumEntries} entries`);
  const wrapped = rest.find(({ tag }) => tag === 0xa0);
  const version = fields[0]?.tag === 0x02 ? parseUnsigned(fields[0], `${field}: version`) : null;
  if (version !== null && version !== '01') throw new Malformed(field, 'is of an unknown version');
  if (version === null && (wrapped || entries.some(({ children }) => children.length > 2)))
    throw new Malformed(field, 'has extensions without being version 2');
  const unhandledInEntries = entries.flatMap((entry) => unhandledIn(entry, field));
  const { unhandledCriticalExtensions, ...extensions } = parseExtensions(wrapped, field);
  return {
    called: field,
    issuerDer: issuer.raw,
    thisUpdate: parseTime(times[0], field),
    nextUpdate: times[1] === undefined ? null : parseTime(times[1], field),
    revoked: new Set(entries.map((entry) => parseEntry(entry, field))),
    ...extensions,
    unhandledCriticalExtensions: [...new Set([...unhandledCriticalExtensions, ...unhandledInEntries])],
    signed: body.raw,
    signatureAlgorithm: parseSignatureAlgorithm(algorithm, `${field}: signature algorithm`),
    signature: bits.content.subarray(1),
  };
}

// Whatever an entry's extensions say, the certificate is on a list of revoked ones; a hold is one of the reasons.
function parseEntry(entry: DerValue, field: string): Hex {
  const [serial] = childrenOf(entry, 0x30, /^02 (17|18)( 30)?$/, `${field}: entry`);
  return parseUnsigned(serial, `${field}: serial number`);
}

type ExtensionFacts = Pick<RevocationList, 'authorityKeyIdentifier' | 'unhandledCriticalExtensions'>;

function parseExtensions(wrapped: DerValue | undefined, field: string): ExtensionFacts {
  const list = wrapped && childrenOf(wrapped, 0xa0, /^30$/, `${field}: extensions`)[0];
  const extensions = splitExtensions(list, field);
  const key = extensions.find(({ type }) => type === authorityKeyIdentifier)?.value;
  return {
    authorityKeyIdentifier: key === undefined ? null : parseKeyIdentifier(key, field),
    // These two say that the list is not of everything its issuer revoked, critical or not.
    unhandledCriticalExtensions: extensions
      .filter(
        ({ type, critical }) =>
          [deltaIndicator, issuingDistributionPoint].includes(type) || (critical && !harmless.has(type)),
      )
      .map(({ type }) => type),
  };
}

interface SplitExtension {
  readonly type: string;
  readonly critical: boolean;
  readonly value: Uint8Array | undefined;
}

function splitExtensions(list: DerValue | undefined, field: string): readonly SplitExtension[] {
  const extensions = (list?.children ?? []).map((extension) => {
    const [identifier, ...rest] = childrenOf(extension, 0x30, /^06( 01)? 04$/, `${field}: extension`);
    const critical = rest.length === 2 && rest[0]?.content[0] === 0xff;
    return { type: parseOid(identifier, `${field}: extension`), critical, value: rest.at(-1)?.content };
  });
  const types = extensions.map(({ type }) => type);
  if (new Set(types).size !== types.length) throw new Malformed(field, 'has an extension twice');
  return extensions;
}

// RFC 5280 section 5.3: a list with a critical extension in an entry that is not understood must not be used. Why and since
// when a certificate is revoked makes no difference here.
function unhandledIn({ children }: DerValue, field: string): readonly string[] {
  const extensions = splitExtensions(children[2], field);
  return extensions
    .filter(({ type, critical }) => critical && !harmlessInEntries.has(type))
    .map(({ type }) => type);
}

// RFC 5280 section 4.2.1.1
function parseKeyIdentifier(value: Uint8Array, field: string): Hex | null {
  const fields = childrenOf(
    parseDer(value, field),
    0x30,
    /^(80)?( ?a1)?( ?82)?$/,
    `${field}: authority key identifier`,
  );
  const key = fields.find(({ tag }) => tag === 0x80);
  return key === undefined ? null : toHex(key.content);
}

// The DER reader has seen to it that there are just digits and a Z. RFC 5280 section 4.1.2.5.1: years before 50 are of 2000.
function parseTime(value: DerValue | undefined, field: string): Date {
  const digits = Buffer.from(value?.content ?? []).toString('latin1');
  const full = value?.tag === 0x17 ? `${Number(digits.slice(0, 2)) < 50 ? '20' : '19'}${digits}` : digits;
  const text = full.replace(/^(....)(..)(..)(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6.000Z');
  const date = new Date(text);
  // Date takes the 30th of February for the 2nd of March.
  if (Number.isNaN(date.getTime()) || date.toISOString() !== text)
    throw new Malformed(field, 'has a time that does not exist');
  return date;
}
