import { z } from 'zod';

import { parseBase64 } from '../bytes/base64.ts';
import { Malformed } from '../bytes/failures.ts';
import { type Hex, parseHex } from '../bytes/hex.ts';
import { parseShape } from '../bytes/shape.ts';
import { parseStrictJson } from '../bytes/strict-json.ts';
import { isZero } from './zero.ts';

/** systemd's own limit (dissected_image_load_verity_sig_partition in src/shared/dissect-image.c), in bytes. */
export const maximumSignaturePartition = 4 * 1024 * 1024;

/** What a signature partition says. None of it is verified. */
export interface SignaturePartition {
  readonly rootHash: Hex;
  /** A PKCS#7 message in DER, detached, over the text of the root hash. */
  readonly cms: Uint8Array;
  /** SHA-256 of a certificate. A hint for look-ups that nothing vouches for. */
  readonly claimedCertificateFingerprint: Hex | null;
}

// Unknown fields are tolerated: the format says so (UAPI.2, "Verity signature partition").
const schema = z.object({
  rootHash: z.string(),
  signature: z.string(),
  certificateFingerprint: z.string().optional(),
});

/**
 * Parses the content of a signature partition: one JSON object, then zeros to the end.
 *
 * @throws Malformed
 */
export function parseSignaturePartition(bytes: Uint8Array): SignaturePartition {
  const field = 'signature partition';
  if (bytes.length > maximumSignaturePartition) throw new Malformed(field, `has ${bytes.length} bytes`);
  const end = bytes.indexOf(0);
  const text = end === -1 ? bytes : bytes.subarray(0, end);
  if (!isZero(bytes.subarray(text.length)))
    throw new Malformed(field, 'has more than zeros after its text', end);
  const limits = { maximumLength: maximumSignaturePartition, maximumDepth: 16 };
  const value = parseShape(schema, parseStrictJson(text, field, limits), field);
  const fingerprint = value.certificateFingerprint;
  return {
    rootHash: parseHex(value.rootHash, `${field}: rootHash`),
    cms: parseBase64(value.signature, `${field}: signature`, maximumSignaturePartition),
    claimedCertificateFingerprint:
      fingerprint === undefined ? null : parseHex(fingerprint, `${field}: certificateFingerprint`, 32),
  };
}
