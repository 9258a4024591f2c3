import { der, integer, null_, oid } from './der-writer.ts';

/** What goes into a message; every part can be replaced by one that does not belong there. */
export interface MessageParts {
  readonly contentType?: string;
  readonly version?: number;
  readonly digestOids?: readonly string[];
  readonly encapsulated?: Uint8Array;
  /** DER of what goes into the `[0]` field; absent: no such field. */
  readonly certificates?: readonly Uint8Array[];
  /** DER of what goes into the `[1]` field; absent: no such field. */
  readonly revocations?: readonly Uint8Array[];
  readonly signers: readonly Uint8Array[];
}

export interface SignerParts {
  readonly version?: number;
  readonly sid: Uint8Array;
  readonly digestAlgorithm?: Uint8Array;
  /** DER of the attributes; absent: no such field. */
  readonly attributes?: readonly Uint8Array[];
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
  /** DER of the unsigned attributes; absent: no such field. */
  readonly unsignedAttributes?: readonly Uint8Array[];
}

export const oids = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
  sha3: '2.16.840.1.101.3.4.2.8',
  rsa: '1.2.840.113549.1.1.1',
  mgf1: '1.2.840.113549.1.1.8',
  rsaPss: '1.2.840.113549.1.1.10',
  sha256WithRsa: '1.2.840.113549.1.1.11',
  ecdsaSha256: '1.2.840.10045.4.3.2',
  ecdsaSha512: '1.2.840.10045.4.3.4',
  ed25519: '1.3.101.112',
  ed448: '1.3.101.113',
} as const;

/** AlgorithmIdentifier; `parameters` absent means absent. */
export function algorithm(name: string, parameters?: Uint8Array): Uint8Array {
  return der(0x30, oid(name), ...(parameters ? [parameters] : []));
}

export function attribute(type: string, ...values: readonly Uint8Array[]): Uint8Array {
  return der(0x30, oid(type), der(0x31, ...values));
}

/** The attributes that RFC 5652 section 5.3 requires, in DER order. */
export function requiredAttributes(messageDigest: Uint8Array): Uint8Array[] {
  return [
    attribute(oids.contentType, oid(oids.data)),
    attribute(oids.messageDigest, der(0x04, messageDigest)),
  ];
}

/** SignerInfo, RFC 5652 section 5.3. */
export function signerInfo(parts: SignerParts): Uint8Array {
  const { sid, attributes, signatureAlgorithm, signature, unsignedAttributes } = parts;
  return der(
    0x30,
    integer(parts.version ?? (sid[0] === 0x80 ? 3 : 1)),
    sid,
    parts.digestAlgorithm ?? algorithm(oids.sha256, null_),
    ...(attributes ? [der(0xa0, ...attributes)] : []),
    signatureAlgorithm,
    der(0x04, signature),
    ...(unsignedAttributes ? [der(0xa1, ...unsignedAttributes)] : []),
  );
}

/** ContentInfo of a SignedData, RFC 5652 sections 3 and 5.1. */
export function message(parts: MessageParts): Uint8Array {
  const signedData = der(
    0x30,
    integer(parts.version ?? 1),
    der(0x31, ...(parts.digestOids ?? [oids.sha256]).map((name) => algorithm(name, null_))),
    parts.encapsulated ?? der(0x30, oid(oids.data)),
    ...(parts.certificates ? [der(0xa0, ...parts.certificates)] : []),
    ...(parts.revocations ? [der(0xa1, ...parts.revocations)] : []),
    der(0x31, ...parts.signers),
  );
  return der(0x30, oid(parts.contentType ?? oids.signedData), der(0xa0, signedData));
}

/** The issuer-and-serial form of a signer's name; both parts are DER, as in the certificate. */
export function issuerAndSerial(issuer: Uint8Array, serial: Uint8Array): Uint8Array {
  return der(0x30, issuer, der(0x02, serial));
}
