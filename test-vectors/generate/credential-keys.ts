import { createECDH, createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

import { knownRsaKey } from './known-key.ts';
import { join, tpm2b, u16, u32, writePublic } from './tpm-writer.ts';

/** A key that anybody can make again from a word, as a TPM would describe it. */
export interface KnownTpmKey {
  readonly privateKey: KeyObject;
  /** TPM2B_PUBLIC. */
  readonly public: Uint8Array;
}

const storageKinds = {
  'RSA-2048': { hash: 0x000b, symmetricBits: 128 },
  'P-256': { hash: 0x000b, symmetricBits: 128 },
  'P-384': { hash: 0x000c, symmetricBits: 256 },
} as const;

export type StorageKind = keyof typeof storageKinds;

/** userWithAuth, noDA, restricted, decrypt: no endorsement key, since it is not fixed to a TPM; a TPM treats it as one. */
const storageAttributes = 0x00030440;
/** userWithAuth, noDA, sign. */
const signingAttributes = 0x00040440;

/** A storage key with name algorithm and cipher of the TCG's template for this kind of endorsement key. */
export function knownStorageKey(kind: StorageKind, word: string): KnownTpmKey {
  const { hash, symmetricBits } = storageKinds[kind];
  const privateKey = kind === 'RSA-2048' ? createPrivateKey(knownRsaKey(word)) : knownEccKey(kind, word);
  const parts = keyParts(kind, privateKey);
  const symmetric = join(u16(0x0006), u16(symmetricBits), u16(0x0043));
  const area = { ...parts, nameAlgorithm: hash, attributes: storageAttributes, symmetric };
  return { privateKey, public: tpm2b(writePublic(area)) };
}

/** A P-256 key that signs. */
export function knownSigningKey(word: string): KnownTpmKey {
  const privateKey = knownEccKey('P-256', word);
  const scheme = join(u16(0x0018), u16(0x000b));
  const area = { ...keyParts('P-256', privateKey), attributes: signingAttributes, scheme };
  return { privateKey, public: tpm2b(writePublic(area)) };
}

const curves = {
  'P-256': { openssl: 'prime256v1', identifier: 0x0003, hash: 'sha256' },
  'P-384': { openssl: 'secp384r1', identifier: 0x0004, hash: 'sha384' },
} as const;

/** A private scalar for a curve. */
export function knownScalar(curve: keyof typeof curves, word: string): Uint8Array {
  return new Uint8Array(createHash(curves[curve].hash).update(word).digest());
}

function knownEccKey(curve: keyof typeof curves, word: string): KeyObject {
  const pair = createECDH(curves[curve].openssl);
  const scalar = knownScalar(curve, word);
  pair.setPrivateKey(scalar);
  const point = pair.getPublicKey().subarray(1);
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  const [x, y] = [text(point.subarray(0, scalar.length)), text(point.subarray(scalar.length))];
  return createPrivateKey({ key: { kty: 'EC', crv: curve, d: text(scalar), x, y }, format: 'jwk' });
}

function keyParts(kind: StorageKind, privateKey: KeyObject) {
  const { n, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  const sized = (text: unknown): Uint8Array => tpm2b(Buffer.from(String(text), 'base64url'));
  if (kind === 'RSA-2048')
    return { type: 0x0001, parameters: join(u16(2048), u32(65_537)), unique: sized(n) };
  const parameters = join(u16(curves[kind].identifier), u16(0x0010));
  return { type: 0x0023, parameters, unique: join(sized(x), sized(y)) };
}
