import {
  constants,
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  privateEncrypt,
  sign,
} from 'node:crypto';

import { algorithm, oids } from './cms-writer.ts';
import { der, integer, null_, oid } from './der-writer.ts';
import { knownRsaKey } from './known-key.ts';

/**
 * A key that anybody can make again from a word, and how it signs: it keeps no secret, and signs the same bytes the
 * same way each time.
 */
export interface KnownKey {
  /** SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** AlgorithmIdentifier of what `sign` makes. */
  readonly identifier: Uint8Array;
  readonly sign: (data: Uint8Array) => Uint8Array;
}

type Hash = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

const curves = {
  p192: ['prime192v1', '1.2.840.10045.3.1.1', 'ffffffffffffffffffffffff99def836146bc9b1b4d22831'],
  p224: [...['secp224r1', '1.3.132.0.33'], 'ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d'],
  p256: [
    ...['prime256v1', '1.2.840.10045.3.1.7'],
    'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  ],
  p384: [
    ...['secp384r1', '1.3.132.0.34'],
    'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  ],
  p521: [
    ...['secp521r1', '1.3.132.0.35'],
    '1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
  ],
  secp256k1: [
    ...['secp256k1', '1.3.132.0.10'],
    'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141',
  ],
} as const;

const ecdsaOids: Record<Hash, string> = {
  md5: '1.2.840.10045.4.1', // there is none
  sha1: '1.2.840.10045.4.1',
  sha224: '1.2.840.10045.4.3.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
};

const rsaOids: Record<Hash, string> = {
  md5: '1.2.840.113549.1.1.4',
  sha1: '1.2.840.113549.1.1.5',
  sha224: '1.2.840.113549.1.1.14',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
};

/** ECDSA; the nonce comes from the key and the digest. */
export function ecKey(word: string, hash: Hash = 'sha256', curve: keyof typeof curves = 'p256'): KnownKey {
  const [curveName, curveOid, orderHex] = curves[curve];
  const order = BigInt(`0x${orderHex}`);
  const octets = Math.ceil(orderHex.length / 2);
  const point = (scalar: bigint): Buffer => {
    const ecdh = createECDH(curveName);
    ecdh.setPrivateKey(Buffer.from(hexOf(scalar, octets), 'hex'));
    return ecdh.getPublicKey();
  };
  const secret = scalarOf(`${curve} ${word}`, order);
  return {
    spki: ecSpki(curveOid, `${curve} ${word}`, () => point(secret)),
    identifier: algorithm(ecdsaOids[hash]),
    sign: (data) => {
      const digest = createHash(hash).update(data).digest();
      const nonce = scalarOf(`${word} ${digest.toString('hex')}`, order);
      const x = point(nonce).subarray(1, 1 + octets);
      const r = BigInt(`0x${x.toString('hex')}`) % order;
      // The leftmost bits of the digest, as many as the order has.
      const excess = Math.max(0, digest.length * 8 - order.toString(2).length);
      const z = BigInt(`0x${digest.toString('hex')}`) >> BigInt(excess);
      return der(0x30, unsigned(r), unsigned((inverse(nonce, order) * (z + r * secret)) % order));
    },
  };
}

const points = new Map<string, Buffer>();

function ecSpki(curveOid: string, word: string, compute: () => Buffer): Uint8Array {
  const point = points.get(word) ?? compute();
  points.set(word, point);
  return der(0x30, der(0x30, oid('1.2.840.10045.2.1'), oid(curveOid)), bitString(point));
}

/** Ed25519 or Ed448. */
export function edwardsKey(word: string, curve: 'ed25519' | 'ed448' = 'ed25519'): KnownKey {
  const name = oids[curve];
  const seed = createHash('sha512')
    .update(word)
    .digest()
    .subarray(0, curve === 'ed25519' ? 32 : 57);
  const pkcs8 = der(0x30, integer(0), algorithm(name), der(0x04, der(0x04, seed)));
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  return {
    spki: spkiOf(key),
    identifier: algorithm(name),
    sign: (data) => sign(null, data, key),
  };
}

const rsaKeys = new Map<string, KeyObject>();

function rsaKeyObject(word: string): KeyObject {
  const key = rsaKeys.get(word) ?? createPrivateKey(knownRsaKey(word));
  rsaKeys.set(word, key);
  return key;
}

/** RSA PKCS#1 v1.5 with 2048 bits. */
export function rsaKey(word: string, hash: Hash = 'sha256'): KnownKey {
  const key = rsaKeyObject(word);
  return {
    spki: spkiOf(key),
    identifier: algorithm(rsaOids[hash], null_),
    sign: (data) => sign(hash, data, key),
  };
}

/** RSA-PSS with 2048 bits; `named`: its public key says that it is for nothing else. */
export function pssKey(word: string, hash: 'sha1' | 'sha256' = 'sha256', named = false): KnownKey {
  const key = rsaKeyObject(word);
  const spki = spkiOf(key);
  const modulus = spki.subarray(-270); // of 2048 bits, with the exponent 65537
  return {
    spki: named ? der(0x30, algorithm(oids.rsaPss), bitString(modulus)) : spki,
    identifier: algorithm(oids.rsaPss, pssParameters(hash)),
    sign: (data) => privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, pssEncode(data, hash)),
  };
}

function pssParameters(hash: 'sha1' | 'sha256'): Uint8Array {
  if (hash === 'sha1') return der(0x30);
  const digest = algorithm(oids.sha256, null_);
  const mask = algorithm(oids.mgf1, digest);
  return der(0x30, der(0xa0, digest), der(0xa1, mask), der(0xa2, integer(32)));
}

/** RFC 8017 section 9.1.1 for 2048 bits; the salt comes from the data. */
function pssEncode(data: Uint8Array, hash: 'sha1' | 'sha256'): Buffer {
  const digest = (...parts: readonly Uint8Array[]) => createHash(hash).update(Buffer.concat(parts)).digest();
  const message = digest(data);
  const salt = digest(Buffer.from('salt'), message);
  const h = digest(Buffer.alloc(8), message, salt);
  const block = Buffer.concat([Buffer.alloc(256 - 2 * h.length - 2), Buffer.of(1), salt]);
  for (let at = 0, counter = 0; at < block.length; at += h.length, counter++) {
    const mask = digest(h, Buffer.of(0, 0, 0, counter));
    for (const [index, octet] of mask.entries())
      if (at + index < block.length) block[at + index] = (block[at + index] ?? 0) ^ octet;
  }
  block[0] = (block[0] ?? 0) & 0x7f;
  return Buffer.concat([block, h, Buffer.of(0xbc)]);
}

// Of an RSA key with 1024 bits that nobody kept.
const smallModulus =
  'c2002da451dedadea1c05a8c5db9868a1984d0c8fc1115c937539faea995a4f310ac2c38324f45fbbf6c040ff24fd6b728b0a1d2f539e412c4bf4bb61b26b91597821078f8c37b101ca017a009293ea4a1cf2a146d70b88667449941c4a4377168bc8fde0a259e424c882e253e2ce26cad453dd04757f940b1952daf69dd7579';

/** RSA public keys of unusual numbers, which sign nothing. */
export const oddRsaKeys = {
  rsa1024: oddRsaKey(() => Buffer.from(smallModulus, 'hex'), 65_537n),
  exponent3: oddRsaKey(modulusOf, 3n),
  /** What is signed by it is the encoded digest itself (RFC 8017 section 9.2). */
  exponent1: oddRsaKey(modulusOf, 1n),
};

function modulusOf(): Buffer {
  return spkiOf(rsaKeyObject('signer')).subarray(-261, -5);
}

function oddRsaKey(modulus: () => Buffer, exponent: bigint): () => KnownKey {
  const digestInfo = algorithm(oids.sha256, null_);
  return () => {
    const numbers = der(0x30, unsigned(BigInt(`0x${modulus().toString('hex')}`)), unsigned(exponent));
    return {
      spki: der(0x30, algorithm(oids.rsa, null_), bitString(numbers)),
      identifier: algorithm(rsaOids.sha256, null_),
      sign: (data) => {
        const info = der(0x30, digestInfo, der(0x04, createHash('sha256').update(data).digest()));
        const padding = Buffer.alloc(modulus().length - info.length - 3, 0xff);
        return Buffer.concat([Buffer.of(0, 1), padding, Buffer.of(0), info]);
      },
    };
  };
}

/** A BIT STRING of whole octets. */
export function bitString(content: Uint8Array): Uint8Array {
  return der(0x03, Uint8Array.of(0), content);
}

/** An INTEGER that is not negative. */
export function unsigned(value: bigint): Uint8Array {
  const octets = Buffer.from(hexOf(value), 'hex');
  return der(0x02, (octets[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), octets]) : octets);
}

function spkiOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' });
}

function hexOf(value: bigint, octets = 0): string {
  const hex = value.toString(16);
  return hex.padStart(Math.max(octets * 2, hex.length + (hex.length % 2)), '0');
}

function scalarOf(word: string, order: bigint): bigint {
  const blocks = [0, 1].map((block) => createHash('sha512').update(`${word} ${block}`).digest('hex'));
  return (BigInt(`0x${blocks.join('')}`) % (order - 1n)) + 1n;
}

/** By Euclid's extended algorithm; the two have no divisor in common. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a - quotient * b, y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}
