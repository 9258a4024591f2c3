import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** A public key and its private key. */
export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

type Algorithm =
  | { readonly type: 'ec'; readonly namedCurve: string }
  | { readonly type: 'rsa'; readonly modulusLength: number };

/**
 * Makes a key pair. The keys go through DER: on Node 20, using a key object while the job that generated it is collected
 * as garbage can lock the process up for good (the job's destructor waits for the key's own mutex).
 */
export function newKeyPair(algorithm: Algorithm): KeyPair {
  const { publicKey, privateKey } = generate(algorithm);
  return {
    publicKey: createPublicKey({ key: publicKey, type: 'spki', format: 'der' }),
    privateKey: createPrivateKey({ key: privateKey, type: 'pkcs8', format: 'der' }),
  };
}

const publicKeyEncoding = { type: 'spki', format: 'der' } as const;
const privateKeyEncoding = { type: 'pkcs8', format: 'der' } as const;

function generate(algorithm: Algorithm) {
  if (algorithm.type === 'ec') {
    const { namedCurve } = algorithm;
    return generateKeyPairSync('ec', { namedCurve, publicKeyEncoding, privateKeyEncoding });
  }
  const { modulusLength } = algorithm;
  return generateKeyPairSync('rsa', { modulusLength, publicKeyEncoding, privateKeyEncoding });
}
