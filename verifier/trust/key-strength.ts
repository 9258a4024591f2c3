import type { KeyObject } from 'node:crypto';

const minimumRsaBits = 2048;
const curves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** Why signatures by this public key mean nothing, to follow "has"; null if they do mean something. */
export function weaknessOf(key: KeyObject): string | null {
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  const type = key.asymmetricKeyType ?? 'unknown';
  if (type === 'ed25519') return null;
  if (type === 'ec') return curves.has(namedCurve) ? null : `a key on the curve ${namedCurve}`;
  if (type !== 'rsa' && type !== 'rsa-pss') return `a key of type ${type}`;
  if (modulusLength < minimumRsaBits) return `an RSA key of ${modulusLength} bits`;
  // With exponent 1 every message is its own signature, and OpenSSL does not refuse it.
  return publicExponent < 3n || publicExponent % 2n === 0n
    ? 'an RSA key whose exponent protects nothing'
    : null;
}
