import { Malformed } from './failures.ts';
import { decodeUtf8 } from './text.ts';

export interface JsonLimits {
  /** Bytes. */
  readonly maximumLength: number;
  /** Nested arrays and objects. */
  readonly maximumDepth: number;
}

/**
 * Parses one JSON text (RFC 8259) that two parsers cannot read differently: UTF-8 without a byte order mark, no key twice
 * in an object (compared after escapes), no `__proto__`, no lone surrogates. All of that, and size, depth and the number of parts, is checked before
 * anything is built.
 *
 * @throws Malformed naming `field`, with the offset of the character where it is known.
 */
export function parseStrictJson(bytes: Uint8Array, field: string, limits: JsonLimits): unknown {
  if (bytes.length > limits.maximumLength)
    throw new Malformed(field, `is longer than ${limits.maximumLength} bytes`);
  const text = decode(bytes, field);
  // Of JSON a simple scan finds the strings and what they are; what is none is refused next, whatever was found in it.
  walk(text, field, limits.maximumDepth, text.includes('\\') ? checkEscaped : checkPlain);
  return parse(text, field);
}

function decode(bytes: Uint8Array, field: string): string {
  const text = decodeUtf8(bytes);
  if (text === null) throw new Malformed(field, 'is not UTF-8');
  if (text.startsWith('\ufeff')) throw new Malformed(field, 'begins with a byte order mark', 0);
  return text;
}

function parse(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8's own message quotes the input; its position is all that is worth repeating.
    const position = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    throw new Malformed(field, 'is not JSON', position === undefined ? undefined : Number(position));
  }
}

/** A string with its quotes; `end` is the index after it. `keys`: those of the object that it is in so far, null in an array. */
interface StringToken {
  readonly text: string;
  readonly field: string;
  readonly start: number;
  readonly end: number;
  readonly keys: Set<string> | null;
}

const [brace, endBrace, bracket, endBracket, quote, backslash, comma] = Buffer.from('{}[]"\\,');

/**
 * Elements of arrays and members of objects: each costs a hundred times the memory of its two bytes. Nothing that is read here has
 * a tenth of it.
 */
const maximumParts = 1 << 18;

/**
 * Visits the strings of a JSON text, and bounds its depth and its parts. By hand rather than by a regular expression: those keep a trail of every
 * character of a long string.
 */
function walk(text: string, field: string, maximumDepth: number, visit: (token: StringToken) => void): void {
  const open: (Set<string> | null)[] = [];
  let parts = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code === comma || code === brace || code === bracket) && ++parts > maximumParts)
      throw new Malformed(field, `has more than ${maximumParts} parts`, at);
    if (code === brace || code === bracket) {
      open.push(code === brace ? new Set() : null);
      if (open.length > maximumDepth) throw new Malformed(field, `is nested deeper than ${maximumDepth}`, at);
    } else if (code === endBrace || code === endBracket) {
      open.pop();
    } else if (code === quote) {
      const end = endOfString(text, at);
      visit({ text, field, start: at, end, keys: open.at(-1) ?? null });
      at = end - 1;
    }
  }
}

function endOfString(text: string, start: number): number {
  for (let from = start + 1; ;) {
    const at = text.indexOf('"', from);
    if (at === -1) return text.length;
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === backslash) escapes++;
    // After an even number of backslashes, each of which escapes the next, the quote is none that is escaped.
    if (escapes % 2 === 0) return at + 1;
    from = at + 1;
  }
}

/** Of a text without a backslash: its strings are what they look like, and UTF-8 has no lone surrogates. */
function checkPlain(token: StringToken): void {
  if (isKey(token)) checkKey(token, token.text.slice(token.start + 1, token.end - 1));
}

function checkEscaped(token: StringToken): void {
  const { text, field, start, end } = token;
  const value = unescape(text.slice(start, end));
  if (/\p{Surrogate}/u.test(value)) throw new Malformed(field, 'has a string with a lone surrogate', start);
  if (isKey(token)) checkKey(token, value);
}

/** A string that is none stands for itself: `parse` refuses the text that it is in. */
function unescape(written: string): string {
  if (!written.includes('\\')) return written.slice(1, -1);
  try {
    return String(JSON.parse(written));
  } catch {
    return written;
  }
}

const colon = ':'.charCodeAt(0);
const spaces: ReadonlySet<number> = new Set(Buffer.from(' \t\r\n'));

function isKey({ text, end, keys }: StringToken): boolean {
  if (keys === null) return false;
  let at = end;
  while (spaces.has(text.charCodeAt(at))) at++;
  return text.charCodeAt(at) === colon;
}

function checkKey({ field, start, keys }: StringToken, key: string): void {
  if (key === '__proto__') throw new Malformed(field, 'has a key "__proto__"', start);
  if (keys?.has(key) === true)
    throw new Malformed(field, `has the key ${JSON.stringify(key.slice(0, 64))} twice`, start);
  keys?.add(key);
}
