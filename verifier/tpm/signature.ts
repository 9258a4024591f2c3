import { constants, verify } from 'node:crypto';

import { Cursor } from '../bytes/cursor.ts';
import { type DigestName, digestSizes } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { signingSchemeByIdentifier } from './algorithms.ts';
import type { PublicArea } from './public-area.ts';
import { readHash, readTpm2b } from './structures.ts';

/** A TPMT_SIGNATURE over a digest made by `hash`. */
export type QuoteSignature = RsaSignature | EcdsaSignature;

export interface RsaSignature {
  readonly algorithm: 'rsassa' | 'rsapss';
  readonly hash: DigestName;
  readonly signature: Uint8Array;
}

/** r and s are unsigned, big-endian, and may be shorter than the curve's order. */
export interface EcdsaSignature {
  readonly algorithm: 'ecdsa';
  readonly hash: DigestName;
  readonly r: Uint8Array;
  readonly s: Uint8Array;
}

const largestModulus = 512;
const largestCoordinate = 66;

/**
 * Parses a TPMT_SIGNATURE of one of the schemes of attestation keys (TCG "TPM 2.0 Library Part 2", section 11.3.4).
 *
 * @throws Malformed naming the field; also where r or s is zero, and for bytes after the end.
 */
export function parseSignature(bytes: Uint8Array): QuoteSignature {
  const cursor = new Cursor(bytes, 'big');
  const identifier = cursor.u16('signature algorithm');
  const algorithm = signingSchemeByIdentifier(identifier);
  if (algorithm === undefined) {
    throw new Malformed('signature algorithm', `0x${identifier.toString(16)} is not known here`, 0);
  }
  const hash = readHash(cursor, 'signature hash');
  const signature =
    algorithm === 'ecdsa'
      ? { algorithm, hash, r: readInteger(cursor, 'signature r'), s: readInteger(cursor, 'signature s') }
      : { algorithm, hash, signature: readTpm2b(cursor, 'signature', largestModulus) };
  cursor.end('signature');
  return signature;
}

/** Zero is refused here because not every implementation of ECDSA refuses it (CVE-2022-21449). */
function readInteger(cursor: Cursor, field: string): Uint8Array {
  const integer = readTpm2b(cursor, field, largestCoordinate);
  if (integer.every((byte) => byte === 0)) throw new Malformed(field, 'is zero');
  return integer;
}

/**
 * Whether the key signed exactly these bytes, with the scheme and hash that the key is bound to where it is bound to
 * one. Signatures over SHA-1 digests are no signatures: two texts may share one.
 */
export function verifyAttestedSignature(
  publicArea: PublicArea,
  attested: Uint8Array,
  signature: QuoteSignature,
): boolean {
  const { scheme, type } = publicArea;
  if (signature.hash === 'sha1') return false;
  if (scheme !== null && (scheme.algorithm !== signature.algorithm || scheme.hash !== signature.hash))
    return false;
  // OpenSSL goes by the key alone: an ECDSA signature in DER, labelled as RSA's, would verify.
  if ((signature.algorithm === 'ecdsa') !== (type === 'ecc')) return false;
  return signature.algorithm === 'ecdsa'
    ? verifyEcdsa(publicArea, attested, signature)
    : verifyRsa(publicArea, attested, signature);
}

function verifyEcdsa(
  { publicKey, keyBits }: PublicArea,
  attested: Uint8Array,
  signature: EcdsaSignature,
): boolean {
  const { hash, r, s } = signature;
  const size = Math.ceil(keyBits / 8);
  if (r.length > size || s.length > size) return false;
  const joined = Buffer.allocUnsafe(2 * size).fill(0);
  joined.set(r, size - r.length);
  joined.set(s, 2 * size - s.length);
  return verify(hash, attested, { key: publicKey, dsaEncoding: 'ieee-p1363' }, joined);
}

function verifyRsa(
  { publicKey, keyBits }: PublicArea,
  attested: Uint8Array,
  signature: RsaSignature,
): boolean {
  const { algorithm, hash, signature: bytes } = signature;
  if (algorithm === 'rsassa') {
    return verify(hash, attested, { key: publicKey, padding: constants.RSA_PKCS1_PADDING }, bytes);
  }
  return saltLengths(keyBits, hash).some((saltLength) =>
    verify(hash, attested, { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }, bytes),
  );
}

/**
 * A TPM salts with as many bytes as the digest has, or with as many as fit (TCG "TPM 2.0 Library Part 1", annex B.7);
 * no other length is a TPM's.
 */
function saltLengths(keyBits: number, hash: DigestName): number[] {
  const encodedBytes = Math.ceil((keyBits - 1) / 8);
  return [digestSizes[hash], encodedBytes - digestSizes[hash] - 2];
}
