import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { parseCertificate } from '../../verifier/trust/certificate.ts';
import { algorithm, issuerAndSerial, oids, signerInfo, type SignerParts } from './cms-writer.ts';
import { der, null_ } from './der-writer.ts';
import type { Issued } from './openssl-pki.ts';

export interface HandSigned {
  readonly content: string;
  readonly signer: Issued;
  readonly signatureOid: string;
  /** What the key signs with; null for Ed25519. */
  readonly hash: string | null;
  /** What the message says it was. */
  readonly digestOid?: string;
  readonly attributes?: readonly Uint8Array[];
  /** In place of what would be right. */
  readonly parts?: Partial<SignerParts>;
}

/** A SignerInfo by no tool's leave: the signature is the key's own over what RFC 5652 section 5.4 says. */
export function handSigned({
  content,
  signer,
  signatureOid,
  hash,
  attributes,
  ...rest
}: HandSigned): Uint8Array {
  const { issuerDer, serial } = parseCertificate(signer.der, 'signer');
  const number = Buffer.from(serial, 'hex');
  const signed = attributes ? der(0x31, ...attributes) : Buffer.from(content);
  return signerInfo({
    sid: issuerAndSerial(issuerDer, (number[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), number]) : number),
    digestAlgorithm: algorithm(rest.digestOid ?? oids.sha256, null_),
    ...(attributes && { attributes }),
    signatureAlgorithm: algorithm(signatureOid),
    signature: sign(hash, signed, createPrivateKey(readFileSync(signer.key))),
    ...rest.parts,
  });
}
