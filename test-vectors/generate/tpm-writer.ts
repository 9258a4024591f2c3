import { createHash, type KeyObject, sign } from 'node:crypto';

import { newKeyPair } from './key-pair.ts';

/** Unsigned big-endian integers, as TPM structures hold them. */
export function u8(value: number): Uint8Array {
  return Uint8Array.of(value);
}
export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}
export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
export function u64(value: bigint): Uint8Array {
  return join(u32(Number(value >> 32n)), u32(Number(value & 0xffffffffn)));
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** TPM2B: a 16-bit size, then the bytes. */
export function tpm2b(bytes: Uint8Array): Uint8Array {
  return join(u16(bytes.length), bytes);
}

/** TPMS_PCR_SELECTION with the bitmap given in full. */
export function pcrSelection(bank: number, bitmap: readonly number[]): Uint8Array {
  return join(u16(bank), u8(bitmap.length), Uint8Array.from(bitmap));
}

/** The parts of a TPMS_ATTEST, each of which may be wrong. */
export interface AttestedParts {
  readonly magic: number;
  readonly type: number;
  readonly qualifiedSigner: Uint8Array;
  readonly extraData: Uint8Array;
  readonly safe: number;
  readonly count: number;
  readonly selections: readonly Uint8Array[];
  readonly pcrDigest: Uint8Array;
}

/** A TPMS_ATTEST of PCR 13 in the SHA-256 bank, which is zero, but for the parts given. */
export function writeAttested(parts: Partial<AttestedParts>): Uint8Array {
  const selections = parts.selections ?? [pcrSelection(0x000b, [0, 0x20, 0])];
  return join(
    u32(parts.magic ?? 0xff544347),
    u16(parts.type ?? 0x8018),
    tpm2b(parts.qualifiedSigner ?? join(u16(0x000b), new Uint8Array(32).fill(0x51))),
    tpm2b(parts.extraData ?? new Uint8Array()),
    u64(0x1_0000_0002n),
    u32(3),
    u32(4),
    u8(parts.safe ?? 1),
    u64(0x2024_0125_0012_0000n),
    u32(parts.count ?? selections.length),
    ...selections,
    tpm2b(parts.pcrDigest ?? createHash('sha256').update(new Uint8Array(32)).digest()),
  );
}

/** TPMA_OBJECT of an attestation key: fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, restricted, sign. */
export const attestationKeyAttributes = 0x00050072;

/** The parts of a TPMT_PUBLIC, each of which may be wrong. */
export interface PublicParts {
  readonly type: number;
  readonly nameAlgorithm: number;
  readonly attributes: number;
  readonly authPolicy: Uint8Array;
  readonly symmetric: Uint8Array;
  readonly scheme: Uint8Array;
  /** keyBits and exponent, or curve and kdf. */
  readonly parameters: Uint8Array;
  readonly unique: Uint8Array;
}

export function writePublic(
  parts: Partial<PublicParts> & Pick<PublicParts, 'type' | 'parameters' | 'unique'>,
): Uint8Array {
  return join(
    u16(parts.type),
    u16(parts.nameAlgorithm ?? 0x000b),
    u32(parts.attributes ?? attestationKeyAttributes),
    tpm2b(parts.authPolicy ?? new Uint8Array()),
    parts.symmetric ?? u16(0x0010),
    parts.scheme ?? u16(0x0010),
    parts.parameters,
    parts.unique,
  );
}

const curves = {
  'P-256': { identifier: 0x0003, bytes: 32 },
  'P-384': { identifier: 0x0004, bytes: 48 },
  'P-521': { identifier: 0x0005, bytes: 66 },
} as const;

/** A key outside any TPM that says of itself that it is an attestation key, so that anything can be signed with it. */
export class PretendedTpmKey {
  readonly #curve: keyof typeof curves;
  readonly #hash: 'sha256' | 'sha384';
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  constructor(curve: keyof typeof curves = 'P-256', hash: 'sha256' | 'sha384' = 'sha256') {
    const { privateKey, publicKey } = newKeyPair({ type: 'ec', namedCurve: curve });
    this.#curve = curve;
    this.#hash = hash;
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
  }

  /** Its TPMT_PUBLIC, but for the parts given. */
  public(parts: Partial<PublicParts> = {}): Uint8Array {
    const { x, y } = this.#publicKey.export({ format: 'jwk' });
    const coordinate = (text: unknown): Uint8Array => tpm2b(Buffer.from(String(text), 'base64url'));
    return writePublic({
      type: 0x0023,
      scheme: join(u16(0x0018), u16(this.#hash === 'sha256' ? 0x000b : 0x000c)),
      parameters: join(u16(curves[this.#curve].identifier), u16(0x0010)),
      unique: join(coordinate(x), coordinate(y)),
      ...parts,
    });
  }

  /** TPMT_SIGNATURE over `attested`. */
  sign(attested: Uint8Array): Uint8Array {
    const signature = sign(this.#hash, attested, { key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
    const { bytes } = curves[this.#curve];
    return ecdsaSignature(signature.subarray(0, bytes), signature.subarray(bytes), this.#hash);
  }
}

/** TPMT_SIGNATURE of scheme ECDSA. */
export function ecdsaSignature(
  r: Uint8Array,
  s: Uint8Array,
  hash: 'sha256' | 'sha384' = 'sha256',
): Uint8Array {
  return join(u16(0x0018), u16(hash === 'sha256' ? 0x000b : 0x000c), tpm2b(r), tpm2b(s));
}
