import { digest } from '../bytes/digest.ts';
import { type Hex, toHex } from '../bytes/hex.ts';
import type { Certificate } from '../trust/certificate.ts';
import { childrenOf, parseDer, parseUnsigned } from '../trust/der.ts';

// SEC 2 version 2, sections 2.4.2, 2.5.1 and 2.6.1: the order n of the base point.
const orders: ReadonlyMap<string, bigint> = new Map([
  ['prime256v1', 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n],
  [
    'secp384r1',
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ],
  [
    'secp521r1',
    0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  ],
]);

/**
 * The SHA-256 of every certificate of a chain, the signer's first, and of the twin of each that has one.
 *
 * An ECDSA signature (r, s) is as good with n - s. So whoever ships a revoked certificate inside a message can change it
 * into another that says the same, verifies the same, and has another digest: revocation must know both.
 *
 * @param chain signer first, each followed by its issuer. The last one is trusted by its bytes and has no twin.
 */
export function fingerprints(chain: readonly Certificate[]): readonly Hex[] {
  return chain.flatMap((certificate, at) => [
    certificate.sha256,
    ...twinFingerprint(certificate, chain[at + 1]),
  ]);
}

function twinFingerprint(certificate: Certificate, issuer: Certificate | undefined): readonly Hex[] {
  if (issuer === undefined || certificate.signatureAlgorithm.kind !== 'ecdsa') return [];
  const order = orders.get(issuer.publicKey.asymmetricKeyDetails?.namedCurve ?? '');
  return order === undefined ? [] : [toHex(digest('sha256', twin(certificate, order)))];
}

/** The certificate with n - s for s. RFC 5280 section 4.1; RFC 3279 section 2.2.3. */
function twin({ der }: Certificate, order: bigint): Uint8Array {
  const field = 'certificate: signature';
  const [body, algorithm, bits] = parseDer(der, field).children;
  const numbers = parseDer(bits?.content.subarray(1) ?? new Uint8Array(), field);
  const [r, s] = childrenOf(numbers, 0x30, /^02 02$/, field);
  const mirrored = order - BigInt(`0x${parseUnsigned(s, field)}`);
  const signature = encode(0x30, r?.raw, encodeInteger(mirrored));
  return encode(0x30, body?.raw, algorithm?.raw, encode(0x03, Uint8Array.of(0), signature));
}

// DER of a positive INTEGER: a zero octet goes before a high bit, which would be a sign.
function encodeInteger(value: bigint): Uint8Array {
  const octets = toOctets(value);
  return encode(0x02, Uint8Array.from((octets[0] ?? 0) & 0x80 ? [0] : []), octets);
}

function encode(tag: number, ...parts: readonly (Uint8Array | undefined)[]): Uint8Array {
  const content = Buffer.concat(parts.map((part) => part ?? new Uint8Array()));
  return Buffer.concat([Uint8Array.of(tag, ...encodeLength(content.length)), content]);
}

// X.690 10.1: the definite form, in the fewest octets.
function encodeLength(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const octets = toOctets(BigInt(length));
  return [0x80 | octets.length, ...octets];
}

function toOctets(value: bigint): Uint8Array {
  const digits = value.toString(16);
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
}
