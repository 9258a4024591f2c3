import { toHex } from '../bytes/hex.ts';

/** A GUID as UEFI writes it, for example `8be4df61-93ca-11d2-aa0d-00e098032b8c` (UEFI specification, appendix A). */
export function guidText(bytes: Uint8Array): string {
  const hex = toHex(bytes);
  const swapped = swappedDigits.map((at) => hex.slice(at, at + 2)).join('');
  return `${swapped.slice(0, 8)}-${swapped.slice(8, 12)}-${swapped.slice(12)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Where the digits of the first three fields stand, which are little-endian. */
const swappedDigits = [6, 4, 2, 0, 10, 8, 14, 12] as const;

/** UTF-16 text without NUL; null for anything else. */
export function utf16Text(bytes: Uint8Array): string | null {
  return decode('utf-16le', bytes);
}

/** UTF-16 text that ends with the only NUL in it, without that NUL; null for anything else. */
export function terminatedUtf16Text(bytes: Uint8Array): string | null {
  if (bytes.length < 2 || bytes.at(-1) !== 0 || bytes.at(-2) !== 0) return null;
  return utf16Text(bytes.subarray(0, -2));
}

/** UTF-8 text without NUL; null for anything else. */
export function utf8Text(bytes: Uint8Array): string | null {
  return decode('utf-8', bytes);
}

const decoders = {
  'utf-8': new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
  'utf-16le': new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true }),
} as const;

// A NUL would end the text for some readers and not for others.
function decode(encoding: keyof typeof decoders, bytes: Uint8Array): string | null {
  try {
    const text = decoders[encoding].decode(bytes);
    return text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}
