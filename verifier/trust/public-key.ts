import { createPublicKey, type KeyObject } from 'node:crypto';

import { digest } from '../bytes/digest.ts';
import { Malformed, Unsupported } from '../bytes/failures.ts';
import { type Hex, toHex } from '../bytes/hex.ts';
import { childrenOf, type DerValue, parseDer, parseOid } from './der.ts';

export interface PublicKey {
  readonly publicKey: KeyObject;
  /** The same for two keys that one private key belongs to, however they are written. */
  readonly keyIdentity: Hex;
}

const ellipticCurve = '1.2.840.10045.2.1';
const rsa: ReadonlySet<string> = new Set(['1.2.840.113549.1.1.1', '1.2.840.113549.1.1.10']);
// Whoever makes an image chooses the keys in it, and what verifying with them costs grows with the cube of their size.
const maximumRsaBits = 8192;
const maximumRsaExponent = 2n ** 64n;

/**
 * Reads a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
 *
 * @throws Malformed for a point that can be no key, Unsupported for keys of other kinds or larger than can be used here.
 */
export function readPublicKey(spki: DerValue, field: string): PublicKey {
  const [identifier, bits] = childrenOf(spki, 0x30, /^30 03$/, field);
  const [algorithm, parameters] = identifier?.children ?? [];
  const type = parseOid(algorithm, field);
  const content = bits?.content.subarray(1) ?? new Uint8Array();
  // A curve spelled out may differ from the one it resembles in the generator alone (CVE-2020-0601).
  if (type === ellipticCurve && parameters?.tag !== 0x06)
    throw new Unsupported(field, 'is not on a named curve');
  // SEC 1 section 2.3.3. OpenSSL takes the point at infinity for a key, and Node aborts when it is asked about that key.
  if (type === ellipticCurve && ![2, 3, 4].includes(content[0] ?? 0))
    throw new Malformed(field, 'is no point of a curve that could be a key');
  const publicKey = parseKey(spki, field);
  const { modulusLength = 0, publicExponent = 0n } = rsa.has(type)
    ? (publicKey.asymmetricKeyDetails ?? {})
    : {};
  if (modulusLength > maximumRsaBits || publicExponent > maximumRsaExponent)
    throw new Unsupported(field, 'is an RSA key larger than can be used here');
  return { publicKey, keyIdentity: identify(type, parameters, content, field) };
}

function parseKey({ raw }: DerValue, field: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(raw), format: 'der', type: 'spki' });
  } catch {
    throw new Unsupported(field, 'is of a kind that cannot be used here');
  }
}

// Of a point the first coordinate, which is the same compressed or not; of RSA the modulus, with whatever exponent or padding.
function identify(type: string, parameters: DerValue | undefined, content: Uint8Array, field: string): Hex {
  if (type === ellipticCurve) {
    const length = content[0] === 4 ? (content.length - 1) / 2 : content.length - 1;
    return identity('ec', parameters?.raw ?? new Uint8Array(), content.subarray(1, 1 + length));
  }
  if (rsa.has(type)) return identity('rsa', parseDer(content, field).children[0]?.content ?? content);
  return identity(type, content);
}

function identity(kind: string, ...parts: readonly Uint8Array[]): Hex {
  return toHex(digest('sha256', Buffer.from(`${kind} `), ...parts));
}
