import { createPublicKey, type KeyObject, sign } from 'node:crypto';

import { Malformed, Unsupported } from '../bytes/failures.ts';
import type { Certificate } from './certificate.ts';
import { encodeDer, encodeOid, encodeUnsigned } from './der-writer.ts';
import { weaknessOf } from './key-strength.ts';

/** How a key signs: what the message names, and what node:crypto is asked for. */
interface SigningAlgorithm {
  /** DER of the AlgorithmIdentifiers. */
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  /** For node:crypto; null: the algorithm has its own. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null;
}

/**
 * A detached PKCS#7 message over some content: SignedData of version 1 (RFC 5652 section 5.1) with one signer, named by
 * issuer and serial number, without signed attributes, as the kernel and systemd want them for root hashes. The digest is
 * SHA-256, with P-384 SHA-384, with P-521 and Ed25519 (RFC 8419) SHA-512.
 *
 * @param others certificates that go into the message besides the signer's, for chains.
 * @returns DER.
 * @throws Malformed if the key is not that of the certificate.
 * @throws Unsupported if its signatures would be refused.
 */
export function signDetached(
  content: Uint8Array,
  key: KeyObject,
  certificate: Certificate,
  others: readonly Certificate[] = [],
): Uint8Array {
  if (!createPublicKey(key).equals(certificate.publicKey))
    throw new Malformed('key', `is not the key of the certificate "${certificate.subject}"`);
  const weakness = weaknessOf(certificate.publicKey);
  if (weakness !== null) throw new Unsupported('certificate', `has ${weakness}, and would be refused`);
  const algorithm = algorithmOf(certificate.publicKey);
  const signature = new Uint8Array(sign(algorithm.hash, content, key));
  const signer = encodeDer(
    0x30,
    encodeUnsigned(1n),
    encodeDer(0x30, certificate.issuerDer, encodeUnsigned(BigInt(`0x${certificate.serial}`))),
    algorithm.digest,
    algorithm.signature,
    encodeDer(0x04, signature),
  );
  const signedData = encodeDer(
    0x30,
    encodeUnsigned(1n),
    encodeDer(0x31, algorithm.digest),
    encodeDer(0x30, encodeOid('1.2.840.113549.1.7.1')),
    encodeDer(0xa0, ...[certificate, ...others].map(({ der }) => der)),
    encodeDer(0x31, signer),
  );
  return encodeDer(0x30, encodeOid('1.2.840.113549.1.7.2'), encodeDer(0xa0, signedData));
}

const null_ = encodeDer(0x05);
const digestOids = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const;
const ecdsaOids = {
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
} as const;
const curveDigests: ReadonlyMap<string, keyof typeof ecdsaOids> = new Map([
  ['prime256v1', 'sha256'],
  ['secp384r1', 'sha384'],
  ['secp521r1', 'sha512'],
]);

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): SigningAlgorithm {
  const digest = (hash: keyof typeof digestOids): Uint8Array => encodeDer(0x30, encodeOid(digestOids[hash]));
  if (asymmetricKeyType === 'rsa') {
    const signature = encodeDer(0x30, encodeOid('1.2.840.113549.1.1.1'), null_);
    return { digest: digest('sha256'), signature, hash: 'sha256' };
  }
  if (asymmetricKeyType === 'ed25519')
    return {
      digest: digest('sha512'),
      signature: encodeDer(0x30, encodeOid('1.3.101.112')),
      hash: null,
    };
  const hash = curveDigests.get(asymmetricKeyDetails?.namedCurve ?? '');
  if (asymmetricKeyType !== 'ec' || hash === undefined)
    throw new Unsupported(
      'key',
      `is of type ${asymmetricKeyType ?? 'unknown'}; use RSA, P-256, P-384, P-521 or Ed25519`,
    );
  return { digest: digest(hash), signature: encodeDer(0x30, encodeOid(ecdsaOids[hash])), hash };
}
