import { digest } from '../bytes/digest.ts';
import { type Hex, toHex } from '../bytes/hex.ts';
import type { Certificate } from '../trust/certificate.ts';
import { childrenOf, type DerValue, parseDer, parseUnsigned } from '../trust/der.ts';
import { encodeDer, encodeUnsigned } from '../trust/der-writer.ts';

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
 * What a policy can revoke the certificates of a chain by: of each the SHA-256 of the certificate, that of its twin if it has
 * one, and its issuer with its serial number. The signer's come first.
 *
 * An ECDSA signature (r, s) is as good with n - s. So whoever ships a revoked certificate inside a message can change it
 * into another that says the same, verifies the same, and has another digest: revocation must know both.
 *
 * @param chain signer first, each followed by its issuer. The last one is trusted by its bytes and has no twin.
 */
export function certificateIdentifiers(chain: readonly Certificate[]): readonly string[] {
  return chain.flatMap((certificate, at) => [
    certificate.sha256,
    ...twinFingerprint(certificate, chain[at + 1]),
    issuerAndSerial(certificate),
  ]);
}

/** The identifier by issuer, in the words of `Certificate`, and serial number. */
export function issuerAndSerial({
  issuer,
  serial,
}: {
  readonly issuer: string;
  readonly serial: string;
}): string {
  // As policies write them: DER puts zeros before a high bit, and tools differ in spaces and case.
  const name = issuer
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/ ?([=,+]) ?/g, '$1')
    .trim();
  return `${serial.replace(/^(?:00)+(?=..)/, '')} of ${name}`;
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
  const signature = encodeDer(0x30, rawOf(r), encodeUnsigned(mirrored));
  return encodeDer(0x30, rawOf(body), rawOf(algorithm), encodeDer(0x03, Uint8Array.of(0), signature));
}

function rawOf(value: DerValue | undefined): Uint8Array {
  return value?.raw ?? new Uint8Array();
}
