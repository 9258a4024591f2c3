import forge from 'node-forge';

import { type Reason, reason } from '../reasons.ts';
import type { SignedData, SignerInfo } from './cms.ts';

type Node = forge.asn1.Asn1;

/**
 * Reads the same message with another parser and compares everything that the verdict rests on. Flaws in ASN.1
 * parsers let one message mean two things (node-forge's own CVE-2025-12816 is one); to pass, a forgery has to exploit
 * two unrelated parsers to the same end. Structure only: nothing here says that a signature is valid.
 *
 * @returns the refusal, or null if both parsers read the same.
 */
export function findDisagreement(der: Uint8Array, message: SignedData): Reason | null {
  const what = compare(der, message);
  return what === null
    ? null
    : reason('signature-invalid', `Two parsers disagree about ${what} of the signature.`);
}

function compare(der: Uint8Array, message: SignedData): string | null {
  try {
    const signedData = openSignedData(forge.asn1.fromDer(Buffer.from(der).toString('latin1')));
    const signers = childrenOf(signedData.at(-1));
    if (childrenOf(signedData[2]).length !== 1) return 'the content';
    if (embeddedCount(signedData) !== message.certificates.length) return 'the number of certificates';
    if (signers.length !== message.signers.length) return 'the number of signers';
    return (
      message.signers
        .map((signer, at) => compareSigner(childrenOf(signers[at]), signer))
        .find((one) => one) ?? null
    );
  } catch {
    return 'the structure';
  }
}

function compareSigner(fields: readonly Node[], signer: SignerInfo): string | null {
  const attributes = fields[3] && isTagged(fields[3], 0) ? fields[3] : undefined;
  const rest = fields.slice(attributes ? 4 : 3);
  const expected = signer.signedAttributes;
  if (!sameIdentifier(fields[1], signer)) return 'the certificate named by a signer';
  if (oidOf(fields[2]) !== signer.digestOid) return 'the digest algorithm';
  if (oidOf(rest[0]) !== signer.signatureOid) return 'the signature algorithm';
  if (!sameBytes(contentOf(rest[1]), signer.signature)) return 'the signature value';
  if ((attributes === undefined) !== (expected === null)) return 'the signed attributes';
  if (attributes && expected && !sameBytes(`\x31${encode(attributes).slice(1)}`, expected.der)) {
    return 'the signed attributes';
  }
  return null;
}

function sameIdentifier(sid: Node | undefined, { sid: expected }: SignerInfo): boolean {
  if (expected.kind === 'key-identifier') {
    return (
      sid !== undefined &&
      isTagged(sid, 0) &&
      sameBytes(contentOf(sid), Buffer.from(expected.keyIdentifier, 'hex'))
    );
  }
  const [issuer, serial] = childrenOf(sid);
  const serialHex = Buffer.from(contentOf(serial), 'latin1').toString('hex');
  return (
    issuer !== undefined &&
    sameBytes(encode(issuer), expected.issuerDer) &&
    unsigned(serialHex) === expected.serial
  );
}

function openSignedData(contentInfo: Node): readonly Node[] {
  const [, wrapped] = childrenOf(contentInfo);
  return childrenOf(childrenOf(wrapped)[0]);
}

function embeddedCount(signedData: readonly Node[]): number {
  const certificates = signedData[3];
  return certificates && isTagged(certificates, 0) ? childrenOf(certificates).length : 0;
}

function isTagged(node: Node, number: number): boolean {
  const type: number = node.type;
  return node.tagClass === forge.asn1.Class.CONTEXT_SPECIFIC && type === number;
}

function childrenOf(node: Node | undefined): readonly Node[] {
  return Array.isArray(node?.value) ? node.value : [];
}

// The package keeps bytes as strings, a character a byte. An array here means that it saw something else: no bytes.
function contentOf(node: Node | undefined): string {
  return typeof node?.value === 'string' ? node.value : '';
}

function oidOf(identifier: Node | undefined): string {
  return forge.asn1.derToOid(contentOf(childrenOf(identifier)[0]));
}

function encode(node: Node): string {
  return forge.asn1.toDer(node).getBytes();
}

function unsigned(hex: string): string {
  return hex.length > 2 ? hex.replace(/^00/, '') : hex;
}

function sameBytes(text: string, bytes: Uint8Array): boolean {
  return Buffer.compare(Buffer.from(text, 'latin1'), bytes) === 0;
}
