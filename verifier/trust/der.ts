import { Cursor } from '../bytes/cursor.ts';
import { Malformed } from '../bytes/failures.ts';
import { type Hex, toHex } from '../bytes/hex.ts';

/** One value of a DER encoding. All byte fields are views into the parsed input. */
export interface DerValue {
  /** The identifier octet, for example 0x30 for a SEQUENCE and 0xa0 for a constructed `[0]`. */
  readonly tag: number;
  /** Identifier, length and content. */
  readonly raw: Uint8Array;
  readonly content: Uint8Array;
  /** The values inside a constructed value, in order; empty for a primitive one. */
  readonly children: readonly DerValue[];
}

const maximumDepth = 32;
// What turns these into numbers takes time that grows with the square of their length. The longest integers in a
// certificate that are not inside a string are DSA parameters; no object identifier in use has 40 octets.
const maximumInteger = 1024;
const maximumOid = 128;
// Bounds the work of every parser behind this one; a CMS message with 16 certificates has about 2,000.
const maximumValues = 10_000;

/**
 * Parses bytes that must be exactly one DER value (ITU-T X.690 section 10 and 11). The libraries behind it read BER,
 * where one meaning has many spellings; two readers of BER can be made to see two messages in the same bytes.
 *
 * @param maximum the largest number of values, 10,000 if it is not given.
 * @throws Malformed naming `field` and the byte offset for anything DER does not allow, more than 32 levels, or more
 *   values than that.
 */
export function parseDer(bytes: Uint8Array, field: string, maximum = maximumValues): DerValue {
  const budget = { values: maximum, maximum };
  const cursor = new Cursor(bytes, 'big');
  const value = takeValue(cursor, { bytes, field, start: 0, budget }, 0);
  cursor.end(field);
  return value;
}

/** The tags of the values inside, as text like `02 30 04`: a structure's shape can be matched in one expression. */
export function shapeOf(value: DerValue): string {
  return value.children.map(({ tag }) => tag.toString(16).padStart(2, '0')).join(' ');
}

/**
 * The values inside a value of this tag, if their tags are as `shape` says.
 *
 * @throws Malformed naming `field`.
 */
export function childrenOf(value: DerValue, tag: number, shape: RegExp, field: string): readonly DerValue[] {
  if (value.tag === tag && shape.test(shapeOf(value))) return value.children;
  throw new Malformed(field, 'has fields that do not belong there, or lacks some');
}

/**
 * The dotted form of an OBJECT IDENTIFIER.
 *
 * @throws Malformed naming `field` if the value is of another type.
 */
export function parseOid(value: DerValue | undefined, field: string): string {
  if (value?.tag !== 0x06) throw new Malformed(field, 'is not an object identifier');
  // Arcs have no upper limit: in 32 or 53 bits, a long arc would wrap into the identifier of something else.
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const octet of value.content) {
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    if (octet & 0x80) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const [joint = 0n, ...rest] = arcs;
  const root = joint < 80n ? joint / 40n : 2n;
  return [root, joint - root * 40n, ...rest].join('.');
}

/**
 * The value of an INTEGER that must not be negative, big endian without leading zero octets (zero is `00`).
 *
 * @throws Malformed naming `field`.
 */
export function parseUnsigned(value: DerValue | undefined, field: string): Hex {
  if (value?.tag !== 0x02) throw new Malformed(field, 'is not an integer');
  const [first = 0] = value.content;
  if (first & 0x80) throw new Malformed(field, 'is negative');
  return toHex(first === 0 && value.content.length > 1 ? value.content.subarray(1) : value.content);
}

interface Place {
  readonly bytes: Uint8Array;
  readonly field: string;
  /** Offset of `bytes` in the whole input, for error messages. */
  readonly start: number;
  readonly budget: { values: number; readonly maximum: number };
}

function takeValue(cursor: Cursor, place: Place, depth: number): DerValue {
  const { bytes, field, start, budget } = place;
  if (depth > maximumDepth) throw new Malformed(field, `is nested deeper than ${maximumDepth} levels`);
  if (budget.values-- === 0) throw new Malformed(field, `has more than ${budget.maximum} values`);
  const begin = cursor.offset;
  const tag = cursor.u8(field);
  const length = takeLength(cursor, field);
  const content = cursor.take(length, field);
  const problem = problemOf(tag, content);
  if (problem !== null) throw new Malformed(field, problem, start + begin);
  const inside = { bytes: content, field, start: start + cursor.offset - length, budget };
  const children = tag & 0x20 ? takeChildren(inside, depth + 1) : [];
  return { tag, raw: bytes.subarray(begin, cursor.offset), content, children };
}

function takeChildren(place: Place, depth: number): DerValue[] {
  const cursor = new Cursor(place.bytes, 'big');
  const children: DerValue[] = [];
  while (cursor.remaining > 0) children.push(takeValue(cursor, place, depth));
  return children;
}

// X.690 10.1: the definite form, in the fewest octets. Four length octets are more than any input here can have.
function takeLength(cursor: Cursor, field: string): number {
  const first = cursor.u8(field);
  if (first < 0x80) return first;
  const octets = cursor.take(first & 0x7f, field);
  if (octets.length === 0) throw new Malformed(field, 'has an indefinite length', cursor.offset);
  if (octets.length > 4) throw new Malformed(field, 'has a length of more than four octets', cursor.offset);
  const length = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const needed = length < 0x80 ? 0 : Math.ceil(length.toString(16).length / 2);
  if (octets.length !== needed) throw new Malformed(field, 'has a length that is not minimal', cursor.offset);
  return length;
}

// The universal types that occur in certificates and messages. The rest is refused: nobody tests parsers with them, and
// some take time that grows with the square of the input to decode.
const primitiveTypes: ReadonlySet<number> = new Set([
  ...[0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a], // boolean to object identifier, enumerated
  ...[0x0c, 0x12, 0x13, 0x14, 0x16, 0x1a, 0x1c, 0x1e], // strings: UTF8, Numeric, Printable, T61, IA5, Visible, Universal, BMP
  ...[0x17, 0x18], // times
]);

function problemOf(tag: number, content: Uint8Array): string | null {
  if ((tag & 0x1f) === 0x1f) return 'has a tag number above 30';
  if (tag >= 0x40) return null;
  if (tag & 0x20)
    return tag === 0x30 || tag === 0x31 ? null : 'has a constructed value where DER wants a primitive one';
  return primitiveTypes.has(tag)
    ? universalProblemOf(tag, content)
    : 'has a value of a type that does not belong there';
}

function universalProblemOf(tag: number, content: Uint8Array): string | null {
  const [first = 0, second = 0] = content;
  switch (tag) {
    case 0x01: // X.690 11.1
      return content.length === 1 && (first === 0 || first === 0xff)
        ? null
        : 'has a boolean that is not 00 or ff';
    case 0x02: // X.690 8.3.2
      if (content.length === 0) return 'has an empty integer';
      if (content.length > maximumInteger) return `has an integer of more than ${maximumInteger} octets`;
      return content.length > 1 && first === (second & 0x80 ? 0xff : 0)
        ? 'has an integer that is not minimal'
        : null;
    case 0x03: // X.690 8.6.2, 11.2.1
      return isBitString(content) ? null : 'has a bit string whose unused bits are not zero';
    case 0x05: // X.690 8.8.2
      return content.length === 0 ? null : 'has a null with content';
    case 0x06: // X.690 8.19.2
      if (content.length > maximumOid) return `has an object identifier of more than ${maximumOid} octets`;
      return isOid(content) ? null : 'has an object identifier that is not minimal';
    case 0x17: // RFC 5280 section 4.1.2.5.1
      return isTime(content, 12) ? null : 'has a time that is not written YYMMDDHHMMSSZ';
    case 0x18: // RFC 5280 section 4.1.2.5.2
      return isTime(content, 14) ? null : 'has a time that is not written YYYYMMDDHHMMSSZ';
    default:
      return null;
  }
}

function isTime(content: Uint8Array, digits: number): boolean {
  const text = Buffer.from(content).toString('latin1');
  return text.length === digits + 1 && /^[0-9]+Z$/.test(text);
}

function isBitString(content: Uint8Array): boolean {
  const unused = content[0] ?? 8;
  if (content.length === 1) return unused === 0;
  return unused < 8 && ((content.at(-1) ?? 0) & ((1 << unused) - 1)) === 0;
}

function isOid(content: Uint8Array): boolean {
  const ends = content.length > 0 && ((content.at(-1) ?? 0x80) & 0x80) === 0;
  return ends && content.every((octet, at) => octet !== 0x80 || ((content[at - 1] ?? 0) & 0x80) !== 0);
}
