import type { Branded } from './branded.ts';
import { Malformed } from './failures.ts';

/** Lowercase hexadecimal text with an even number of digits. Made by `toHex` and `parseHex` alone. */
export type Hex = Branded<string, 'Hex'>;

/** Encodes bytes as lowercase hexadecimal. */
export function toHex(bytes: Uint8Array): Hex {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex') as Hex;
}

/** Decodes hexadecimal text that `toHex` or `parseHex` made. */
export function fromHex(hex: Hex): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

/**
 * Accepts lowercase hexadecimal only: systemd writes and compares root hashes in lowercase, and one spelling a value
 * leaves no room for two texts that mean one digest.
 *
 * @param bytes the exact number of bytes the text must stand for; any number from 1 if not given.
 * @throws Malformed naming `field`.
 */
export function parseHex(text: string, field: string, bytes?: number): Hex {
  if (!/^(?:[0-9a-f]{2})+$/.test(text)) throw new Malformed(field, 'is not lowercase hexadecimal');
  if (bytes !== undefined && text.length !== bytes * 2) {
    throw new Malformed(field, `has ${text.length / 2} bytes where ${bytes} are required`);
  }
  return text as Hex;
}
