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
  let members = '';
  if (isArray(value)) {
    for (const member of value) members += `${members === '' ? '' : ','}${canonicalJson(member)}`;
    return `[${members}]`;
  }
  // Without an argument sort() goes by UTF-16 code units.
  for (const key of Object.keys(value).sort())
    members += `${members === '' ? '' : ','}${canonicalString(key)}:${canonicalJson(value[key] ?? null)}`;
  return `{${members}}`;
}

function canonicalString(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  if (/\p{Surrogate}/u.test(text)) throw new Malformed('JSON', 'a string has a lone surrogate');
  return JSON.stringify(text);
}

/** Printable ASCII without quotes and backslashes, which JSON writes as it is. */
const plain = /^[ !#-[\]-~]*$/;

// Array.isArray does not narrow a readonly array out of a union.
function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
