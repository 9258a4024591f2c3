import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

import { digest } from '../../verifier/bytes/digest.ts';
import { Malformed } from '../../verifier/bytes/failures.ts';
import { type Hex, toHex } from '../../verifier/bytes/hex.ts';
import { readGuarded } from '../os/guarded-file.ts';

/** Files in PEM that a TLS server serves with, by path. */
export interface TlsFiles {
  /** The server's certificate, then those that lead to its issuer. */
  readonly certificate: string;
  /** Its private key, unencrypted; nobody but root or us may read it. */
  readonly key: string;
  /** The certificate authorities of whom clients must have a certificate. */
  readonly clientCa: string;
}

/** What they hold, once it is known to fit together. */
export interface TlsMaterial {
  readonly certificate: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer;
  /** SHA-256 of the DER SubjectPublicKeyInfo of the server's certificate. */
  readonly keySha256: Hex;
  readonly validFrom: Date;
  readonly validTo: Date;
}

/** A bundle of a hundred certificates is smaller. */
const maximumFileBytes = 256 * 1024;

/**
 * Reads and checks certificate, key and client CA.
 *
 * @throws CouldNotDecide if a file cannot be read, or others may read the key or change any of them.
 * @throws Malformed if a file is not what it should be, or the key is not that of the certificate.
 */
export async function readTlsMaterial(files: TlsFiles): Promise<TlsMaterial> {
  const certificate = Buffer.from(await readGuarded(files.certificate, 'own', maximumFileBytes));
  const key = Buffer.from(await readGuarded(files.key, 'secret', maximumFileBytes));
  const clientCa = Buffer.from(await readGuarded(files.clientCa, 'own', maximumFileBytes));
  const [leaf] = parseChain(certificate, files.certificate);
  if (!leaf.checkPrivateKey(parseKey(key, files.key)))
    throw new Malformed(files.key, `is not the key of the certificate in ${files.certificate}`);
  checkAuthorities(clientCa, files.clientCa);
  return {
    ...{ certificate, key, clientCa, keySha256: publicKeySha256(leaf) },
    validFrom: new Date(leaf.validFrom),
    validTo: new Date(leaf.validTo),
  };
}

/** SHA-256 of a certificate's public key as DER SubjectPublicKeyInfo: what evidence names as the endpoint's TLS key. */
export function publicKeySha256(certificate: X509Certificate): Hex {
  return toHex(digest('sha256', certificate.publicKey.export({ type: 'spki', format: 'der' })));
}

/** The certificates of a PEM file, at least one. @param path for the message. @throws Malformed */
export function parseChain(pem: Uint8Array, path: string): [X509Certificate, ...X509Certificate[]] {
  const blocks =
    Buffer.from(pem)
      .toString('latin1')
      .match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    const [first, ...others] = blocks.map((block) => new X509Certificate(block));
    if (first !== undefined) return [first, ...others];
  } catch {
    // OpenSSL's words for it say nothing more.
  }
  throw new Malformed(path, 'is not a certificate in PEM');
}

/** @param path for the message. @throws Malformed for anything but an unencrypted private key in PEM. */
export function parseKey(pem: Uint8Array, path: string): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(pem), format: 'pem' });
  } catch {
    // What OpenSSL says of a key file may quote it.
    throw new Malformed(path, 'is not an unencrypted private key in PEM');
  }
}

// OpenSSL takes any certificate in this file for an anchor, also a client's own, which would then vouch for itself alone.
function checkAuthorities(pem: Uint8Array, path: string): void {
  for (const { ca, subject } of parseChain(pem, path)) {
    if (!ca)
      throw new Malformed(
        path,
        `has a certificate that is not an authority's: ${subject.replaceAll('\n', ', ')}`,
      );
  }
}
