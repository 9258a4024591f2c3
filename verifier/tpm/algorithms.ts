import type { DigestName } from '../bytes/digest.ts';

/** TPM_ALG_ID values read here (TCG "TPM 2.0 Library Part 2: Structures", section 6.3, table "Definition of TPM_ALG_ID"). */
export const tpmAlgorithm = { rsa: 0x0001, aes: 0x0006, null: 0x0010, ecc: 0x0023, cfb: 0x0043 } as const;

const hashIdentifiers = {
  sha1: 0x0004,
  sha256: 0x000b,
  sha384: 0x000c,
  sha512: 0x000d,
} as const satisfies Record<DigestName, number>;

const hashes: ReadonlyMap<number, DigestName> = new Map([
  [hashIdentifiers.sha1, 'sha1'],
  [hashIdentifiers.sha256, 'sha256'],
  [hashIdentifiers.sha384, 'sha384'],
  [hashIdentifiers.sha512, 'sha512'],
]);

/** The hash algorithm a TPM_ALG_ID names; undefined for one unknown here. */
export function hashByIdentifier(identifier: number): DigestName | undefined {
  return hashes.get(identifier);
}

/** The TPM_ALG_ID of a hash algorithm. */
export function hashIdentifier(name: DigestName): number {
  return hashIdentifiers[name];
}

/** The asymmetric signing schemes that attestation keys use. */
export type SigningScheme = 'rsassa' | 'rsapss' | 'ecdsa';

const signingSchemes: ReadonlyMap<number, SigningScheme> = new Map([
  [0x0014, 'rsassa'],
  [0x0016, 'rsapss'],
  [0x0018, 'ecdsa'],
]);

/** The signing scheme a TPM_ALG_ID names; undefined for one unknown here. */
export function signingSchemeByIdentifier(identifier: number): SigningScheme | undefined {
  return signingSchemes.get(identifier);
}

/** A curve by the name JSON Web Keys use (RFC 7518 section 6.2.1.1) and the bits of its field. */
export interface Curve {
  readonly name: 'P-256' | 'P-384' | 'P-521';
  readonly bits: number;
}

const curves: ReadonlyMap<number, Curve> = new Map([
  [0x0003, { name: 'P-256', bits: 256 }],
  [0x0004, { name: 'P-384', bits: 384 }],
  [0x0005, { name: 'P-521', bits: 521 }],
]);

/** The curve a TPM_ECC_CURVE names (Part 2, section 6.4); undefined for one unknown here. */
export function curveByIdentifier(identifier: number): Curve | undefined {
  return curves.get(identifier);
}
