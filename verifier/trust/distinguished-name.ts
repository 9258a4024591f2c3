import { toHex } from '../bytes/hex.ts';
import { childrenOf, type DerValue, parseOid } from './der.ts';

/** One attribute of a name. */
export interface NameAttribute {
  /** Object identifier. */
  readonly type: string;
  /** The text of a string; null for a value of another type. */
  readonly text: string | null;
  /** Equal for two attributes that mean the same. */
  readonly canonical: string;
}

/** A Name (RFC 5280 section 4.1.2.4): its relative names in order, each a set of attributes in the order of `canonical`. */
export type DistinguishedName = readonly (readonly NameAttribute[])[];

/**
 * The attributes of a Name, made comparable as OpenSSL does it (x509_name_canon): text of any string type in UTF-8, without
 * white space around it, with one space for each run inside, ASCII letters in lower case. RFC 5280 section 7.1 asks for more
 * (LDAP's string preparation), which nobody implements; byte equality would be less, and let a name evade an exclusion by
 * its spelling.
 *
 * @param name a SEQUENCE of SETs.
 * @throws Malformed naming `field`.
 */
export function parseName(name: DerValue | undefined, field: string): DistinguishedName {
  const relative = name === undefined ? [] : childrenOf(name, 0x30, /^(31( 31)*)?$/, field);
  return relative.map((set) =>
    childrenOf(set, 0x31, /^30( 30)*$/, field)
      .map((attribute) => parseAttribute(attribute, field))
      .sort((a, b) => (a.canonical < b.canonical ? -1 : 1)),
  );
}

/** Whether a name is, or is below, another: it begins with the same relative names. */
export function isWithin(name: DistinguishedName, base: DistinguishedName): boolean {
  return base.length <= name.length && base.every((relative, at) => isSame(relative, name[at] ?? []));
}

function isSame(one: readonly NameAttribute[], other: readonly NameAttribute[]): boolean {
  return one.length === other.length && one.every(({ canonical }, at) => canonical === other[at]?.canonical);
}

function parseAttribute(attribute: DerValue, field: string): NameAttribute {
  const [identifier, value] = childrenOf(attribute, 0x30, /^06 ..$/, field);
  const type = parseOid(identifier, field);
  const text = value === undefined ? null : textOf(value);
  const canonical = text === null ? toHex(value?.raw ?? new Uint8Array()) : `text ${canonicalText(text)}`;
  return { type, text, canonical: `${type} ${canonical}` };
}

function textOf({ tag, content }: DerValue): string | null {
  const bytes = Buffer.from(content);
  switch (tag) {
    case 0x0c: // UTF8String
      return bytes.toString('utf8');
    case 0x13: // PrintableString
    case 0x14: // TeletexString, which everybody takes for Latin-1
    case 0x16: // IA5String
    case 0x1a: // VisibleString
      return bytes.toString('latin1');
    case 0x1e: // BMPString
      return bytes.length % 2 === 0 ? bytes.swap16().toString('utf16le') : null;
    case 0x1c: // UniversalString
      return bytes.length % 4 === 0 ? universalText(bytes) : null;
    default:
      return null;
  }
}

function universalText(bytes: Buffer): string | null {
  const points = Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readUInt32BE(at * 4));
  return points.every((point) => point <= 0x10ffff) ? String.fromCodePoint(...points) : null;
}

// The white space of C's isspace(): nothing above ASCII.
function canonicalText(text: string): string {
  // Runs become one space first: to look for white space at the end takes quadratic time where there is much of it.
  return text
    .replace(/[ \t\n\v\f\r]+/g, ' ')
    .replace(/^ | $/g, '')
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
