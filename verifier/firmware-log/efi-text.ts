import { toHex } from '../bytes/hex.ts';
import { decodeUtf16, decodeUtf8 } from '../bytes/text.ts';

/** A GUID as UEFI writes it, for example `8be4df61-93ca-11d2-aa0d-00e098032b8c` (UEFI specification, appendix A). */
export function guidText(bytes: Uint8Array): string {
  const hex = toHex(bytes);
  const byte = (at: number): string => hex.slice(at * 2, at * 2 + 2);
  // The first three fields are little-endian.
  const first = byte(3) + byte(2) + byte(1) + byte(0);
  return `${first}-${byte(5)}${byte(4)}-${byte(7)}${byte(6)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** UTF-16 text without NUL; null for anything else. */
export function utf16Text(bytes: Uint8Array): string | null {
  return withoutNul(decodeUtf16(bytes));
}

/** UTF-16 text that ends with the only NUL in it, without that NUL; null for anything else. */
export function terminatedUtf16Text(bytes: Uint8Array): string | null {
  if (bytes.length < 2 || bytes.at(-1) !== 0 || bytes.at(-2) !== 0) return null;
  return utf16Text(bytes.subarray(0, -2));
}

/** UTF-8 text without NUL; null for anything else. */
export function utf8Text(bytes: Uint8Array): string | null {
  return withoutNul(decodeUtf8(bytes));
}

// A NUL would end the text for some readers and not for others.
function withoutNul(text: string | null): string | null {
  return text === null || text.includes('\0') ? null : text;
}
