import { Malformed } from './failures.ts';

/** What JSON can carry, as `JSON.parse` returns it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * RFC 8785 (JSON Canonicalization Scheme): one byte string for one value, so that a hash of it can be signed. Keys are
 * sorted by UTF-16 code units (section 3.2.3); numbers and strings are ECMAScript's own serialisation (3.2.2).
 *
 * @throws Malformed for what has no canonical form: numbers that are not finite and strings with lone surrogates.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'string') return canonicalString(value);
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new Malformed('JSON', 'a number is not finite');
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${canonicalString(key)}:${canonicalJson(member)}`).join(',')}}`;
}

function canonicalString(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new Malformed('JSON', 'a string has a lone surrogate');
  return JSON.stringify(text);
}

// Array.isArray does not narrow a readonly array out of a union.
function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
