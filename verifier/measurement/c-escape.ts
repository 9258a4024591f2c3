import { Malformed } from '../bytes/failures.ts';

const letterEscapes: ReadonlyMap<number, string> = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x0c, '\\f'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
  [0x0b, '\\v'],
  [0x5c, '\\\\'],
  [0x22, '\\"'],
  [0x27, "\\'"],
]);

const bytesByEscape: ReadonlyMap<string, number> = new Map(
  [...letterEscapes].map(([byte, text]) => [text, byte]),
);

/** Bytes as systemd's `cescape()` writes them (src/basic/escape.c): printable ASCII, everything else escaped. */
export function escapeC(bytes: Uint8Array): string {
  return Array.from(bytes, escapeByte).join('');
}

function escapeByte(byte: number): string {
  const letter = letterEscapes.get(byte);
  if (letter !== undefined) return letter;
  const printable = byte >= 0x20 && byte < 0x7f;
  return printable ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
}

/**
 * Reverses `escapeC`. Other spellings that systemd's `cunescape()` would read are refused, so that one byte string has
 * one text.
 *
 * @throws Malformed
 */
export function unescapeC(text: string): Uint8Array {
  if (unescaped.test(text)) return new Uint8Array(Buffer.from(text, 'latin1'));
  const bytes = Uint8Array.from(text.match(/\\[0-3][0-7]{2}|\\.|[^]/g) ?? [], unescapeOne);
  if (escapeC(bytes) !== text) throw new Malformed('C escapes', 'are not the ones cescape() writes');
  return bytes;
}

/** Printable ASCII without backslash and quotes, which stands for itself: nearly everything that is measured. */
const unescaped = /^[ !#-&(-[\]-~]*$/;

function unescapeOne(token: string): number {
  const letter = bytesByEscape.get(token);
  if (letter !== undefined) return letter;
  return token.startsWith('\\') ? parseInt(token.slice(1), 8) : token.charCodeAt(0);
}
