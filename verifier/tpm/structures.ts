import type { Cursor } from '../bytes/cursor.ts';
import type { DigestName } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { hashByIdentifier } from './algorithms.ts';

/**
 * Reads a TPM2B: a 16-bit size, then that many bytes.
 *
 * @param maximum the largest size the structure allows.
 * @throws Malformed naming `field`.
 */
export function readTpm2b(cursor: Cursor, field: string, maximum: number): Uint8Array {
  const at = cursor.offset;
  const size = cursor.u16(`${field} size`);
  if (size > maximum) throw new Malformed(field, `has ${size} bytes where ${maximum} are allowed`, at);
  return cursor.take(size, field);
}

/** Reads a TPMI_ALG_HASH. @throws Malformed for hash algorithms unknown here. */
export function readHash(cursor: Cursor, field: string): DigestName {
  const at = cursor.offset;
  const identifier = cursor.u16(field);
  const hash = hashByIdentifier(identifier);
  if (hash === undefined)
    throw new Malformed(field, `0x${identifier.toString(16)} is not a hash known here`, at);
  return hash;
}
