import { Malformed } from './failures.ts';

/** Encodes bytes as RFC 4648 section 4 base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/**
 * Decodes RFC 4648 section 4 base64: padding required, no white space, unused bits zero, so that one byte string has
 * one text.
 *
 * @param maximum the largest number of decoded bytes accepted; checked before anything is decoded.
 * @throws Malformed naming `field`.
 */
export function parseBase64(text: string, field: string, maximum: number): Uint8Array {
  if (text.length > Math.ceil(maximum / 3) * 4) throw new Malformed(field, `is longer than ${maximum} bytes`);
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length > maximum) throw new Malformed(field, `is longer than ${maximum} bytes`);
  if (bytes.toString('base64') !== text) throw new Malformed(field, 'is not canonical base64');
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
