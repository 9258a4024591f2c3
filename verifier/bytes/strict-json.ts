import { Malformed } from './failures.ts';

export interface JsonLimits {
  /** Bytes. */
  readonly maximumLength: number;
  /** Nested arrays and objects. */
  readonly maximumDepth: number;
}

/**
 * Parses one JSON text (RFC 8259) that two parsers cannot read differently: UTF-8 without a byte order mark, no key twice
 * in an object (compared after escapes), no `__proto__`, no lone surrogates; size is checked before anything is built, and
 * so is depth beyond a mebibyte.
 *
 * @throws Malformed naming `field`, with the offset of the character where it is known.
 */
export function parseStrictJson(bytes: Uint8Array, field: string, limits: JsonLimits): unknown {
  if (bytes.length > limits.maximumLength)
    throw new Malformed(field, `is longer than ${limits.maximumLength} bytes`);
  const text = decode(bytes, field);
  const plain = text.length <= maximumPlainLength ? parsePlain(text, limits.maximumDepth) : undefined;
  if (plain !== undefined) return plain;
  checkDepth(text, field, limits.maximumDepth);
  const value = parse(text, field);
  // From here on the text is known to be JSON, so a simple scan finds its strings and what they are.
  checkStrings(text, field);
  return value;
}

const maximumPlainLength = 1 << 20;

/**
 * The short way for what JSON.stringify wrote, five times as fast: a text that is written back just so has no key twice, since one of
 * them would be missing. Escapes that could stand for a surrogate are left to the long way, and so is whatever is refused, since that
 * says where.
 */
function parsePlain(text: string, maximumDepth: number): unknown {
  if (text.includes('\\u') || text.includes('"__proto__"')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text && isWithin(value, maximumDepth) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((member) => isWithin(member, depth - 1));
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array, field: string): string {
  try {
    const text = decoder.decode(bytes);
    if (text.startsWith('\ufeff')) throw new Malformed(field, 'begins with a byte order mark', 0);
    return text;
  } catch (error) {
    if (error instanceof Malformed) throw error;
    throw new Malformed(field, 'is not UTF-8');
  }
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

/** A bracket, a brace, or a string with its quotes; `end` is the index after it. */
interface Token {
  readonly kind: '{' | '}' | '[' | ']' | '"';
  readonly start: number;
  readonly end: number;
}

const structural: ReadonlyMap<number, Token['kind']> = new Map(
  (['{', '}', '[', ']', '"'] as const).map((kind) => [kind.charCodeAt(0), kind]),
);
const quote = '"'.charCodeAt(0);
const backslash = '\\'.charCodeAt(0);

// By hand rather than by a regular expression: those keep a trail of every character of a long string.
function* tokens(text: string): Generator<Token> {
  for (let at = 0; at < text.length; at++) {
    const kind = structural.get(text.charCodeAt(at));
    if (kind === undefined) continue;
    const end = kind === '"' ? endOfString(text, at) : at + 1;
    yield { kind, start: at, end };
    at = end - 1;
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code === backslash) at++;
  }
  return text.length;
}

function checkDepth(text: string, field: string, maximum: number): void {
  let depth = 0;
  for (const { kind, start } of tokens(text)) {
    if (kind === '{' || kind === '[') depth++;
    if (kind === '}' || kind === ']') depth--;
    if (depth > maximum) throw new Malformed(field, `is nested deeper than ${maximum}`, start);
  }
}

function checkStrings(text: string, field: string): void {
  // A set of keys for each object that is open, null for an array.
  const open: (Set<string> | null)[] = [];
  for (const token of tokens(text)) {
    if (token.kind === '{') open.push(new Set());
    else if (token.kind === '[') open.push(null);
    else if (token.kind === '"') checkString(text, field, token, open.at(-1) ?? null);
    else open.pop();
  }
}

const colon = /[ \t\r\n]*:/y;

function checkString(text: string, field: string, { start, end }: Token, keys: Set<string> | null): void {
  const written = text.slice(start, end);
  const value = written.includes('\\') ? String(JSON.parse(written)) : written.slice(1, -1);
  if (/\p{Surrogate}/u.test(value)) throw new Malformed(field, 'has a string with a lone surrogate', start);
  colon.lastIndex = end;
  if (keys === null || !colon.test(text)) return;
  if (value === '__proto__') throw new Malformed(field, 'has a key "__proto__"', start);
  if (keys.has(value))
    throw new Malformed(field, `has the key ${JSON.stringify(value.slice(0, 64))} twice`, start);
  keys.add(value);
}
