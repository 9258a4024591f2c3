import { Malformed } from '../bytes/failures.ts';

/**
 * Writes a field of an event: `:`, `%`, `\`, both kinds of quote and everything outside printable ASCII is
 * percent-encoded, each byte of its UTF-8 as `%` and two uppercase digits. The quotes because systemd's `cescape()`
 * would escape them in its log.
 *
 * @throws Malformed if the text is not well-formed Unicode.
 */
export function encodeEventField(text: string): string {
  if (plain.test(text)) return text;
  // Lone surrogates have no UTF-8; all of them would be written as the same replacement character.
  if (/\p{Surrogate}/u.test(text)) throw new Malformed('event field', 'has a lone surrogate');
  return text.replace(/[^ -~]|[:%\\"']/gu, percentEncode);
}

/** Stands for itself: nearly everything that is measured. */
const plain = /^[ !#$&(-9;-[\]-~]*$/;

function percentEncode(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}

/**
 * Reads a field of an event. Only what `encodeEventField` writes is accepted.
 *
 * @throws Malformed
 */
export function decodeEventField(encoded: string): string {
  if (plain.test(encoded)) return encoded;
  const bytes = encoded.replace(/%([0-9A-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 16)),
  );
  // With every character a byte, latin1 is the way back to bytes; others lose bits and fail the comparison.
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  if (encodeEventField(text) !== encoded)
    throw new Malformed('event field', 'is not canonically percent-encoded');
  return text;
}
