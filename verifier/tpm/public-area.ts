import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

import { Cursor } from '../bytes/cursor.ts';
import { type DigestName, digestSizes } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { type Hex, toHex } from '../bytes/hex.ts';
import {
  curveByIdentifier,
  type SigningScheme,
  signingSchemeByIdentifier,
  tpmAlgorithm,
} from './algorithms.ts';
import { type ObjectAttributes, parseObjectAttributes } from './object-attributes.ts';
import { nameOf } from './qualified-name.ts';
import { readHash, readTpm2b } from './structures.ts';

/** How a key signs. */
export interface KeyScheme {
  readonly algorithm: SigningScheme;
  readonly hash: DigestName;
}

/** The public area of an asymmetric TPM key. That a TPM holds the key is for others to establish. */
export interface PublicArea {
  readonly type: 'rsa' | 'ecc';
  readonly nameAlgorithm: DigestName;
  readonly attributes: ObjectAttributes;
  /** Empty, or a digest of the name algorithm. */
  readonly authPolicy: Uint8Array;
  /** null: the key leaves the choice to each command. */
  readonly scheme: KeyScheme | null;
  /** Bits of the AES key that a storage key protects its children with; null: it is no storage key. */
  readonly symmetricBits: number | null;
  /** Bits of the RSA modulus or of the curve's field. */
  readonly keyBits: number;
  readonly publicKey: KeyObject;
  /** Hash identifier and digest of the public area (TCG "TPM 2.0 Library Part 1", section 16). */
  readonly name: Hex;
}

/**
 * Parses the TPM2B_PUBLIC that TPM2_ReadPublic returns and tpm2-tools write to files.
 *
 * @throws Malformed naming the field; see `parsePublicArea`.
 */
export function parseTpm2bPublic(bytes: Uint8Array): PublicArea {
  const cursor = new Cursor(bytes, 'big');
  const publicArea = readTpm2b(cursor, 'public area', 0xffff);
  cursor.end('public area');
  return parsePublicArea(publicArea);
}

/**
 * Parses a TPMT_PUBLIC (TCG "TPM 2.0 Library Part 2", section 12.2.4) of an RSA or ECC key. Keys that are not points of
 * their curve, or whose modulus or exponent cannot be RSA's, are refused here, so that nothing later meets one.
 *
 * @throws Malformed naming the field, also for kinds of keys that are not handled.
 */
export function parsePublicArea(bytes: Uint8Array): PublicArea {
  const cursor = new Cursor(bytes, 'big');
  const type = readType(cursor);
  const nameAlgorithm = readHash(cursor, 'public area nameAlg');
  const attributes = parseObjectAttributes(cursor.u32('public area attributes'));
  const authPolicy = readTpm2b(cursor, 'public area authPolicy', digestSizes[nameAlgorithm]);
  if (authPolicy.length !== 0 && authPolicy.length !== digestSizes[nameAlgorithm]) {
    throw new Malformed('public area authPolicy', 'is not a digest of the name algorithm');
  }
  const symmetricBits = readSymmetric(cursor);
  const scheme = readScheme(cursor, type);
  const key = type === 'rsa' ? readRsaKey(cursor) : readEccKey(cursor);
  cursor.end('public area');
  const name = toHex(nameOf(bytes, nameAlgorithm));
  return { type, nameAlgorithm, attributes, authPolicy, symmetricBits, scheme, ...key, name };
}

function readType(cursor: Cursor): 'rsa' | 'ecc' {
  const type = cursor.u16('public area type');
  if (type === tpmAlgorithm.rsa) return 'rsa';
  if (type === tpmAlgorithm.ecc) return 'ecc';
  throw new Malformed('public area type', `0x${type.toString(16)} is neither RSA nor ECC`, 0);
}

/** TPMT_SYM_DEF_OBJECT (Part 2, section 11.1.7): storage keys protect their children with AES in CFB mode. */
function readSymmetric(cursor: Cursor): number | null {
  const field = 'public area symmetric';
  const algorithm = cursor.u16(field);
  if (algorithm === tpmAlgorithm.null) return null;
  if (algorithm !== tpmAlgorithm.aes) throw new Malformed(field, `0x${algorithm.toString(16)} is not AES`);
  const bits = cursor.u16(`${field} keyBits`);
  if (bits !== 128 && bits !== 192 && bits !== 256)
    throw new Malformed(`${field} keyBits`, `${bits} is no AES key size`);
  if (cursor.u16(`${field} mode`) !== tpmAlgorithm.cfb) throw new Malformed(`${field} mode`, 'is not CFB');
  return bits;
}

/** TPMT_RSA_SCHEME and TPMT_ECC_SCHEME (Part 2, sections 11.2.4.2 and 11.2.5.6). */
function readScheme(cursor: Cursor, type: 'rsa' | 'ecc'): KeyScheme | null {
  const field = 'public area scheme';
  const identifier = cursor.u16(field);
  if (identifier === tpmAlgorithm.null) return null;
  const algorithm = signingSchemeByIdentifier(identifier);
  if (algorithm === undefined || (algorithm === 'ecdsa') !== (type === 'ecc')) {
    throw new Malformed(
      field,
      `0x${identifier.toString(16)} is not a signing scheme known here for this type of key`,
    );
  }
  return { algorithm, hash: readHash(cursor, `${field} hash`) };
}

type KeyParts = Pick<PublicArea, 'keyBits' | 'publicKey'>;

/** The rest of TPMS_RSA_PARMS and TPM2B_PUBLIC_KEY_RSA (Part 2, sections 12.2.3.5 and 11.2.4.5). */
function readRsaKey(cursor: Cursor): KeyParts {
  const keyBits = cursor.u16('public area keyBits');
  if (![1024, 2048, 3072, 4096].includes(keyBits))
    throw new Malformed('public area keyBits', `${keyBits} is no RSA size`);
  const stated = cursor.u32('public area exponent');
  const exponent = stated === 0 ? 65537 : stated;
  // Small exponents make forgery easy where padding is checked loosely; even ones are not RSA.
  if (exponent < 65537 || exponent % 2 === 0)
    throw new Malformed('public area exponent', `${exponent} is refused`);
  const modulus = readTpm2b(cursor, 'public area modulus', keyBits / 8);
  // With its top bit clear the modulus is shorter, and the key weaker, than keyBits says.
  if (modulus.length !== keyBits / 8 || (modulus[0] ?? 0) < 0x80) {
    throw new Malformed('public area modulus', `does not have ${keyBits} bits`);
  }
  if ((modulus.at(-1) ?? 0) % 2 === 0) throw new Malformed('public area modulus', 'is even');
  const exponentBytes = new Uint8Array([exponent >>> 24, exponent >>> 16, exponent >>> 8, exponent]);
  const significant = exponentBytes.subarray(exponentBytes.findIndex((byte) => byte !== 0));
  const publicKey = importKey({ kty: 'RSA', n: toBase64url(modulus), e: toBase64url(significant) });
  return { keyBits, publicKey };
}

/** The rest of TPMS_ECC_PARMS and TPMS_ECC_POINT (Part 2, sections 12.2.3.6 and 11.2.5.2). */
function readEccKey(cursor: Cursor): KeyParts {
  const identifier = cursor.u16('public area curve');
  const curve = curveByIdentifier(identifier);
  if (curve === undefined)
    throw new Malformed('public area curve', `0x${identifier.toString(16)} is not known here`);
  if (cursor.u16('public area kdf') !== tpmAlgorithm.null)
    throw new Malformed('public area kdf', 'is not TPM_ALG_NULL');
  const x = readCoordinate(cursor, 'public area x', curve.bits);
  const y = readCoordinate(cursor, 'public area y', curve.bits);
  // The import checks that the point is on the curve.
  const publicKey = importKey({ kty: 'EC', crv: curve.name, x: toBase64url(x), y: toBase64url(y) });
  return { keyBits: curve.bits, publicKey };
}

/** Old TPMs leave leading zeros out; a JSON Web Key wants the full size (RFC 7518 section 6.2.1.2). */
function readCoordinate(cursor: Cursor, field: string, bits: number): Uint8Array {
  const size = Math.ceil(bits / 8);
  const coordinate = readTpm2b(cursor, field, size);
  if (coordinate.length === 0) throw new Malformed(field, 'is empty');
  const padded = new Uint8Array(size);
  padded.set(coordinate, size - coordinate.length);
  return padded;
}

function importKey(key: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    throw new Malformed('public area unique', 'is not a public key of its type');
  }
}

function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
