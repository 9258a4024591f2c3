import { constants, createECDH, type ECDH, publicEncrypt, randomBytes } from 'node:crypto';

import { digestSizes } from '../bytes/digest.ts';
import { Unsupported } from '../bytes/failures.ts';
import type { PublicArea } from '../tpm/public-area.ts';
import { kdfe } from './key-derivation.ts';

/** A secret that the maker of a credential and the TPM with the endorsement key have in common. */
export interface SharedSeed {
  /** As many bytes as a digest of the endorsement key's name algorithm has. */
  readonly seed: Uint8Array;
  /** How the TPM gets it: RSA ciphertext, or the TPMS_ECC_POINT of an ephemeral key. */
  readonly encrypted: Uint8Array;
}

/** What makes it a seed for a credential, and not for importing an object. */
const label = 'IDENTITY';

const opensslCurves: ReadonlyMap<number, string> = new Map([
  [256, 'prime256v1'],
  [384, 'secp384r1'],
  [521, 'secp521r1'],
]);

/**
 * Shares a fresh seed with the TPM that holds an endorsement key: OAEP for RSA, one-pass Diffie-Hellman for ECC (TCG "TPM 2.0
 * Library Part 1", sections B.10.4 and C.6.4).
 */
export function shareSeed(endorsementKey: PublicArea): SharedSeed {
  return endorsementKey.type === 'rsa'
    ? encryptSeed(endorsementKey, randomBytes(digestSizes[endorsementKey.nameAlgorithm]))
    : agreeOnSeed(endorsementKey);
}

function encryptSeed({ publicKey, nameAlgorithm }: PublicArea, seed: Uint8Array): SharedSeed {
  const encrypted = publicEncrypt(
    {
      key: publicKey,
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: nameAlgorithm,
      // The label's zero octet belongs to what OAEP hashes.
      oaepLabel: Buffer.from(`${label}\0`),
    },
    seed,
  );
  return { seed, encrypted };
}

/** @param ephemeralKey private key of the ephemeral pair; a fresh one if not given, as by all but tests. */
export function agreeOnSeed(
  { publicKey, keyBits, nameAlgorithm: hash }: PublicArea,
  ephemeralKey?: Uint8Array,
): SharedSeed {
  const curve = opensslCurves.get(keyBits);
  if (curve === undefined) throw new Unsupported('endorsement key', `has a curve of ${keyBits} bits`);
  const size = Math.ceil(keyBits / 8);
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const [staticX, staticY] = [Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')];
  const pair = ephemeralPair(curve, ephemeralKey);
  const z = pair.computeSecret(Buffer.concat([Uint8Array.of(4), staticX, staticY]));
  const point = pair.getPublicKey().subarray(1);
  const [ephemeralX, ephemeralY] = [point.subarray(0, size), point.subarray(size)];
  const bits = digestSizes[hash] * 8;
  const length = Uint8Array.of(size >>> 8, size);
  return {
    seed: kdfe(z, { hash, label, partyU: ephemeralX, partyV: staticX, bits }),
    encrypted: Buffer.concat([length, ephemeralX, length, ephemeralY]),
  };
}

function ephemeralPair(curve: string, privateKey: Uint8Array | undefined): ECDH {
  const pair = createECDH(curve);
  if (privateKey === undefined) pair.generateKeys();
  else pair.setPrivateKey(privateKey);
  return pair;
}
