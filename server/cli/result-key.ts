import { createPublicKey, type KeyObject } from 'node:crypto';

import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose';

import { readUserFile } from './decision-policy.ts';
import { UsageError } from './output.ts';
import { parsePrivateKey } from './private-key.ts';

/** A key that signs attestation results. */
export interface ResultKey {
  readonly key: KeyObject;
  readonly algorithm: 'ES256' | 'EdDSA';
  /** Public, with `kid` (the RFC 7638 thumbprint), `alg` and `use`: what relying parties are given. */
  readonly jwk: JWK;
}

/** @throws UsageError for a key of another kind than P-256 or Ed25519. */
export async function readResultKey(path: string): Promise<ResultKey> {
  const key = parsePrivateKey(await readUserFile(path), path);
  const algorithm = algorithmOf(key);
  if (algorithm === null)
    throw new UsageError(`${path} is no key for attestation results; give one of P-256 or Ed25519`);
  const jwk = await exportJWK(createPublicKey(key));
  const kid = await calculateJwkThumbprint(jwk);
  return { key, algorithm, jwk: { ...jwk, kid, alg: algorithm, use: 'sig' } };
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): ResultKey['algorithm'] | null {
  if (asymmetricKeyType === 'ed25519') return 'EdDSA';
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : null;
}
