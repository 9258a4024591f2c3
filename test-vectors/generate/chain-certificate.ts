import { createHash } from 'node:crypto';

import { authorityKeyIdentifier, subjectKeyIdentifier } from './chain-extension.ts';
import { bitString, ecKey, type KnownKey } from './chain-keys.ts';
import { commonName } from './chain-name.ts';
import { der, integer } from './der-writer.ts';

/** A certificate, and what is needed to issue others under it. */
export interface MadeCertificate {
  readonly der: Uint8Array;
  readonly subject: Uint8Array;
  readonly serial: Uint8Array;
  readonly key: KnownKey;
}

/** Parts of a certificate (RFC 5280 section 4.1), each of which can be replaced by one that does not belong there. */
export interface CertificateParts {
  readonly subject: Uint8Array | string;
  readonly key: KnownKey;
  /** Null: no such field. */
  readonly version: number | null;
  /** Content of the INTEGER; otherwise it follows from all other parts. */
  readonly serial: Uint8Array;
  readonly issuerName: Uint8Array;
  readonly notBefore: Uint8Array | string;
  readonly notAfter: Uint8Array | string;
  readonly extensions: readonly Uint8Array[];
  /** Content of the `[2]` field; absent: no such field. */
  readonly uniqueIdentifier: Uint8Array;
  /** Null: no such extension. */
  readonly subjectKey: Uint8Array | null;
  readonly authorityKey: Uint8Array | null;
  /** What signs, in place of the issuer's key. */
  readonly signedBy: KnownKey;
  readonly innerAlgorithm: Uint8Array;
  readonly outerAlgorithm: Uint8Array;
  readonly editSigned: (tbs: Uint8Array) => Uint8Array;
  readonly editValue: (signature: Uint8Array) => Uint8Array;
}

export type CertificateEdit = Partial<CertificateParts>;

/** Makes a certificate, the same each time; `issuer` null: signed by itself. */
export function makeCertificate(issuer: MadeCertificate | null, edit: CertificateEdit): MadeCertificate {
  const subject =
    typeof edit.subject === 'string' ? commonName(edit.subject) : (edit.subject ?? commonName('?'));
  const key = edit.key ?? usualKey(subject);
  const by = edit.signedBy ?? issuer?.key ?? key;
  const rest = toBeSigned(issuer, { ...edit, subject, key }, by);
  const hashed = createHash('sha256').update(Buffer.concat(rest)).digest().subarray(0, 8);
  const serial = edit.serial ?? Buffer.concat([Buffer.of(0x40), hashed]);
  const version = edit.version === undefined ? 2 : edit.version;
  const parts = [...(version === null ? [] : [der(0xa0, integer(version))]), der(0x02, serial), ...rest];
  const tbs = edit.editSigned?.(der(0x30, ...parts)) ?? der(0x30, ...parts);
  const value = edit.editValue?.(by.sign(tbs)) ?? by.sign(tbs);
  return {
    der: der(0x30, tbs, edit.outerAlgorithm ?? by.identifier, bitString(value)),
    subject,
    serial,
    key,
  };
}

function toBeSigned(
  issuer: MadeCertificate | null,
  edit: CertificateEdit & Pick<MadeCertificate, 'subject' | 'key'>,
  by: KnownKey,
): Uint8Array[] {
  const [notBefore, notAfter] = [edit.notBefore ?? '20260101000000Z', edit.notAfter ?? '20360101000000Z'];
  const subjectKey = edit.subjectKey === undefined ? keyIdentifierOf(edit.key) : edit.subjectKey;
  const above = issuer === null ? null : keyIdentifierOf(issuer.key);
  const authorityKey = edit.authorityKey === undefined ? above : edit.authorityKey;
  const extensions = [
    ...(subjectKey ? [subjectKeyIdentifier(subjectKey)] : []),
    ...(authorityKey ? [authorityKeyIdentifier(authorityKey)] : []),
    ...(edit.extensions ?? []),
  ];
  return [
    edit.innerAlgorithm ?? by.identifier,
    edit.issuerName ?? issuer?.subject ?? edit.subject,
    der(0x30, timeOf(notBefore), timeOf(notAfter)),
    edit.subject,
    edit.key.spki,
    ...(edit.uniqueIdentifier ? [der(0x82, edit.uniqueIdentifier)] : []),
    ...(extensions.length > 0 ? [der(0xa3, der(0x30, ...extensions))] : []),
  ];
}

/** The key of certificates of this name, unless they have another. */
export function usualKey(name: Uint8Array | string, hash: 'sha1' | 'sha256' = 'sha256'): KnownKey {
  return ecKey(Buffer.from(typeof name === 'string' ? commonName(name) : name).toString('hex'), hash);
}

/** The key identifier that certificates have unless they say otherwise. */
export function keyIdentifierOf(key: KnownKey): Uint8Array {
  return createHash('sha256').update(key.spki).digest().subarray(0, 20);
}

/** `YYYYMMDDHHMMSSZ` as RFC 5280 section 4.1.2.5 wants it: UTCTime until 2049. */
export function timeOf(text: string | Uint8Array): Uint8Array {
  if (typeof text !== 'string') return text;
  return text < '1950' || text >= '2050' ? generalizedTime(text) : utcTime(text.slice(2));
}

export function utcTime(text: string): Uint8Array {
  return der(0x17, Buffer.from(text));
}

export function generalizedTime(text: string): Uint8Array {
  return der(0x18, Buffer.from(text));
}
