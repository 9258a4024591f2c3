import { Malformed } from '../bytes/failures.ts';
import { childrenOf, type DerValue, parseOid, parseUnsigned } from './der.ts';

/** Digests that a signature may be made over. */
export type StrongDigest = 'sha256' | 'sha384' | 'sha512';

/** `weak`: known, and forgeable or close to it. `unknown`: not one that can be verified here. */
export interface UnusableAlgorithm {
  readonly kind: 'weak' | 'unknown';
  readonly oid: string;
}

export type DigestAlgorithm = StrongDigest | UnusableAlgorithm;

/** How a signature is computed. `digest` is null where the identifier leaves it to another field (rsaEncryption). */
export type SignatureAlgorithm =
  | { readonly kind: 'rsa-pkcs1'; readonly digest: StrongDigest | null }
  | { readonly kind: 'rsa-pss'; readonly digest: StrongDigest; readonly saltLength: number }
  | { readonly kind: 'ecdsa'; readonly digest: StrongDigest }
  | { readonly kind: 'ed25519' }
  | UnusableAlgorithm;

const weak = (oid: string): UnusableAlgorithm => ({ kind: 'weak', oid });
const unknown = (oid: string): UnusableAlgorithm => ({ kind: 'unknown', oid });
const sha1 = '1.3.14.3.2.26';
const mgf1 = '1.2.840.113549.1.1.8';
const rsassaPss = '1.2.840.113549.1.1.10';

const digests: ReadonlyMap<string, DigestAlgorithm> = new Map<string, DigestAlgorithm>([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
  ...[
    sha1,
    '1.2.840.113549.2.2',
    '1.2.840.113549.2.4',
    '1.2.840.113549.2.5',
    '1.3.36.3.2.1',
    '2.16.840.1.101.3.4.2.4',
  ]
    // sha1, md2, md4, md5, ripemd160, sha224
    .map((oid) => [oid, weak(oid)] as const),
]);

const signatures: ReadonlyMap<string, SignatureAlgorithm> = new Map<string, SignatureAlgorithm>([
  ['1.2.840.113549.1.1.1', { kind: 'rsa-pkcs1', digest: null }],
  ['1.2.840.113549.1.1.11', { kind: 'rsa-pkcs1', digest: 'sha256' }],
  ['1.2.840.113549.1.1.12', { kind: 'rsa-pkcs1', digest: 'sha384' }],
  ['1.2.840.113549.1.1.13', { kind: 'rsa-pkcs1', digest: 'sha512' }],
  ['1.2.840.10045.4.3.2', { kind: 'ecdsa', digest: 'sha256' }],
  ['1.2.840.10045.4.3.3', { kind: 'ecdsa', digest: 'sha384' }],
  ['1.2.840.10045.4.3.4', { kind: 'ecdsa', digest: 'sha512' }],
  ['1.3.101.112', { kind: 'ed25519' }],
  ...[
    '1.2.840.113549.1.1.2', // md2WithRSAEncryption
    '1.2.840.113549.1.1.3', // md4WithRSAEncryption
    '1.2.840.113549.1.1.4', // md5WithRSAEncryption
    '1.2.840.113549.1.1.5', // sha1WithRSAEncryption
    '1.3.14.3.2.29', // sha1WithRSA
    '1.2.840.113549.1.1.14', // sha224WithRSAEncryption
    '1.2.840.10045.4.1', // ecdsa-with-SHA1
    '1.2.840.10045.4.3.1', // ecdsa-with-SHA224
    '1.2.840.10040.4.3', // dsa-with-sha1
  ].map((oid) => [oid, weak(oid)] as const),
]);

/**
 * Reads an AlgorithmIdentifier of a digest (RFC 5754 section 2: parameters absent or NULL).
 *
 * @throws Malformed naming `field`.
 */
export function parseDigestAlgorithm(identifier: DerValue | undefined, field: string): DigestAlgorithm {
  const { oid, parameters } = parseIdentifier(identifier, field);
  const algorithm = digests.get(oid) ?? unknown(oid);
  if (typeof algorithm === 'string') refuseParameters(parameters, field);
  return algorithm;
}

/**
 * Reads an AlgorithmIdentifier of a signature (RFC 4055, RFC 5758, RFC 8410).
 *
 * @throws Malformed naming `field`.
 */
export function parseSignatureAlgorithm(identifier: DerValue | undefined, field: string): SignatureAlgorithm {
  const { oid, parameters } = parseIdentifier(identifier, field);
  if (oid === rsassaPss) return parsePssParameters(parameters, field);
  const algorithm = signatures.get(oid) ?? unknown(oid);
  if (algorithm.kind !== 'weak' && algorithm.kind !== 'unknown') refuseParameters(parameters, field);
  return algorithm;
}

/**
 * The object identifier of an AlgorithmIdentifier.
 *
 * @throws Malformed naming `field`.
 */
export function parseAlgorithmOid(identifier: DerValue | undefined, field: string): string {
  return parseIdentifier(identifier, field).oid;
}

function parseIdentifier(
  identifier: DerValue | undefined,
  field: string,
): { oid: string; parameters?: DerValue } {
  if (!identifier) throw new Malformed(field, 'is not there');
  const [algorithm, parameters] = childrenOf(identifier, 0x30, /^06( ..)?$/, field);
  return { oid: parseOid(algorithm, field), ...(parameters && { parameters }) };
}

// Bytes that change nothing are bytes in which a forger may search.
function refuseParameters(parameters: DerValue | undefined, field: string): void {
  if (parameters && parameters.tag !== 0x05) throw new Malformed(field, 'has parameters where none belong');
}

// RFC 4055 section 3.1: every field has a SHA-1 default, so an absent one is weak.
function parsePssParameters(parameters: DerValue | undefined, field: string): SignatureAlgorithm {
  if (!parameters) throw new Malformed(field, 'has no RSASSA-PSS parameters');
  const inside = childrenOf(parameters, 0x30, /^(a0)? ?(a1)? ?(a2)? ?(a3)?$/, field);
  const [hash, mask, salt, trailer] = [0xa0, 0xa1, 0xa2, 0xa3].map((tag) => only(inside, tag, field));
  const digest = hash ? parseDigestAlgorithm(hash, field) : weak(sha1);
  const maskDigest = mask ? parseMaskDigest(mask, field) : weak(sha1);
  if (typeof digest !== 'string') return digest;
  if (typeof maskDigest !== 'string') return maskDigest;
  // Node and RFC 4055 both tie the mask's digest to the message's; anything else cannot be verified here.
  if (maskDigest !== digest) return unknown(rsassaPss);
  if (trailer && parseUnsigned(trailer, field) !== '01')
    throw new Malformed(field, 'has an unknown trailer field');
  return { kind: 'rsa-pss', digest, saltLength: salt ? parseSaltLength(salt, field) : 20 };
}

function only(values: readonly DerValue[], tag: number, field: string): DerValue | undefined {
  const tagged = values.find((value) => value.tag === tag);
  if (tagged && tagged.children.length !== 1)
    throw new Malformed(field, 'has a parameter that is not one value');
  return tagged?.children[0];
}

function parseMaskDigest(mask: DerValue, field: string): DigestAlgorithm {
  const { oid, parameters } = parseIdentifier(mask, field);
  return oid === mgf1 ? parseDigestAlgorithm(parameters, field) : unknown(oid);
}

function parseSaltLength(salt: DerValue, field: string): number {
  const length = parseInt(parseUnsigned(salt, field), 16);
  // No RSA key in use has room for more; OpenSSL gives -1 and the like a meaning of their own.
  if (length > 1024) throw new Malformed(field, 'has a salt longer than any key');
  return length;
}
