import { isAscii } from 'node:buffer';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text that bytes are in UTF-8, a byte order mark included; null if they are in none. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  // Nearly everything is, and a decoder that refuses what is none takes its time.
  if (isAscii(view)) return view.toString('latin1');
  try {
    return decoder.decode(view);
  } catch {
    return null;
  }
}

/** The text that bytes are in UTF-16, little-endian, a byte order mark included; null if they are in none. */
export function decodeUtf16(bytes: Uint8Array): string | null {
  if (bytes.length % 2 === 1) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf16le');
  return /\p{Surrogate}/u.test(text) ? null : text;
}
