import {
  CMSVersion,
  ContentInfo,
  SignedData as SignedDataSchema,
  type SignerInfo as SignerInfoSchema,
} from '@peculiar/asn1-cms';
import { AsnParser } from '@peculiar/asn1-schema';

import { Malformed, Unsupported } from '../bytes/failures.ts';
import { type Hex, toHex } from '../bytes/hex.ts';
import { childrenOf, type DerValue, parseDer, parseOid, parseUnsigned, shapeOf } from './der.ts';
import {
  type DigestAlgorithm,
  parseAlgorithmOid,
  parseDigestAlgorithm,
  parseSignatureAlgorithm,
  type SignatureAlgorithm,
} from './signature-algorithm.ts';

/** A detached PKCS#7 / CMS SignedData (RFC 5652 section 5) as parsed; nothing in it is verified. */
export interface SignedData {
  readonly digestAlgorithms: readonly DigestAlgorithm[];
  /** DER of the embedded certificates: candidates, chosen by whoever wrote the message. */
  readonly certificates: readonly Uint8Array[];
  readonly signers: readonly SignerInfo[];
}

/** How a message names the certificate of a signer. */
export type SignerIdentifier =
  | { readonly kind: 'issuer-serial'; readonly issuerDer: Uint8Array; readonly serial: Hex }
  | { readonly kind: 'key-identifier'; readonly keyIdentifier: Hex };

export interface SignerInfo {
  readonly sid: SignerIdentifier;
  readonly digestAlgorithm: DigestAlgorithm;
  readonly signatureAlgorithm: SignatureAlgorithm;
  /** The object identifiers that the two algorithms were read from. */
  readonly digestOid: string;
  readonly signatureOid: string;
  readonly signedAttributes: SignedAttributes | null;
  readonly signature: Uint8Array;
}

export interface SignedAttributes {
  /** What the signature covers: the bytes of the message, retagged from `[0]` to SET OF (RFC 5652 section 5.4). */
  readonly der: Uint8Array;
  readonly contentType: string;
  readonly messageDigest: Uint8Array;
}

/** The content type of plain bytes, the only one whose signature says anything about a root hash. */
export const idData = '1.2.840.113549.1.7.1';

const idSignedData = '1.2.840.113549.1.7.2';
const idContentType = '1.2.840.113549.1.9.3';
const idMessageDigest = '1.2.840.113549.1.9.4';
// By default the package tries to parse what octet and bit strings hold, which nobody has checked.
const parseOptions = { berOptions: { parseEmbedded: false } };
const maximumSize = 1024 * 1024;
const maximumSigners = 16;
const maximumCertificates = 16;

/**
 * Parses the DER of a detached signature over plain data. Attached content is refused as malformed: the kernel and
 * systemd want it detached, and a message with a content of its own invites verifying that one.
 *
 * The structure is read by the ASN.1 package; what is hashed or compared later is cut from the message's own bytes.
 *
 * @throws Malformed for anything that breaks the format or these limits: 1 MiB, 16 signers, 16 certificates.
 * Unsupported for embedded certificates that are not X.509. Weak and unknown algorithms are values, not errors.
 */
export function parseSignedData(der: Uint8Array): SignedData {
  if (der.length > maximumSize) throw new Malformed('signature', `is larger than ${maximumSize} bytes`);
  const bytes = new Uint8Array(der); // a copy: what was checked cannot change afterwards
  const encoded = unwrapContentInfo(parseDer(bytes, 'signature'));
  const parts = splitSignedData(encoded);
  const schema = readSchema(bytes);
  const digestAlgorithms = parts.digests.map((one) =>
    parseDigestAlgorithm(one, 'signature: digest algorithms'),
  );
  const announced = new Set(
    parts.digests.map((one) => parseAlgorithmOid(one, 'signature: digest algorithms')),
  );
  const signers = parts.signers.map((signer, at) => {
    const info = parseSignerInfo(signer, schema.signerInfos[at], `signature: signer ${at + 1}`);
    if (!announced.has(info.digestOid))
      throw new Malformed('signature: digest algorithms', 'lacks that of a signer');
    return info;
  });
  // RFC 5652 section 5.1: with plain data and X.509 certificates alone, version 3 goes with a key identifier.
  const version = signers.some(({ sid }) => sid.kind === 'key-identifier') ? CMSVersion.v3 : CMSVersion.v1;
  if (schema.version !== version) throw new Malformed('signature: version', `is not ${version}`);
  return { digestAlgorithms, certificates: parts.certificates.map(({ raw }) => raw), signers };
}

// RFC 5652 section 3
function unwrapContentInfo(contentInfo: DerValue): DerValue {
  const [type, wrapped] = childrenOf(contentInfo, 0x30, /^06 a0$/, 'signature');
  if (parseOid(type, 'signature') !== idSignedData)
    throw new Malformed('signature', 'is not PKCS#7 SignedData');
  const [signedData] = wrapped ? childrenOf(wrapped, 0xa0, /^30$/, 'signature') : [];
  if (!signedData) throw new Malformed('signature', 'is not PKCS#7 SignedData');
  return signedData;
}

interface Parts {
  readonly digests: readonly DerValue[];
  readonly certificates: readonly DerValue[];
  readonly signers: readonly DerValue[];
}

// RFC 5652 section 5.1. The package tolerates fields that do not belong there; the shapes do not.
function splitSignedData(signedData: DerValue): Parts {
  const fields = childrenOf(signedData, 0x30, /^02 31 30( a0)?( a1)? 31$/, 'signature');
  const [, digests, content] = fields;
  if (content && shapeOf(content) !== '06') {
    throw new Malformed('signature: content', 'is attached; the signature of a root hash is detached');
  }
  if (parseOid(content?.children[0], 'signature: content type') !== idData) {
    throw new Malformed('signature: content type', 'is not plain data');
  }
  const certificates = fields.find(({ tag }) => tag === 0xa0)?.children ?? [];
  const signers = fields.at(-1)?.children ?? [];
  if (certificates.length > maximumCertificates)
    throw new Malformed('signature', 'has more than 16 certificates');
  if (signers.length === 0) throw new Malformed('signature', 'has no signer');
  if (signers.length > maximumSigners) throw new Malformed('signature', 'has more than 16 signers');
  if (certificates.some(({ tag }) => tag !== 0x30)) {
    throw new Unsupported('signature: certificates', 'has a certificate that is not X.509');
  }
  return { digests: digests?.children ?? [], certificates, signers };
}

function readSchema(bytes: Uint8Array): SignedDataSchema {
  try {
    const { content } = AsnParser.parse(bytes, ContentInfo, parseOptions);
    return AsnParser.parse(content, SignedDataSchema, parseOptions);
  } catch {
    throw new Malformed('signature', 'does not have the structure of PKCS#7 SignedData');
  }
}

// RFC 5652 section 5.3
function parseSignerInfo(encoded: DerValue, schema: SignerInfoSchema | undefined, field: string): SignerInfo {
  const fields = childrenOf(encoded, 0x30, /^02 (30|80) 30( a0)? 30 04( a1)?$/, field);
  if (!schema) throw new Malformed(field, 'cannot be read');
  const attributes = fields[3]?.tag === 0xa0 ? fields[3] : undefined;
  const [digestIdentifier, signatureIdentifier] = [fields[2], fields[attributes ? 4 : 3]];
  const sid = parseSignerIdentifier(fields[1], field);
  if (schema.version !== (sid.kind === 'key-identifier' ? CMSVersion.v3 : CMSVersion.v1)) {
    throw new Malformed(`${field}: version`, 'does not fit how the certificate is named');
  }
  return {
    sid,
    digestAlgorithm: parseDigestAlgorithm(digestIdentifier, `${field}: digest algorithm`),
    signatureAlgorithm: parseSignatureAlgorithm(signatureIdentifier, `${field}: signature algorithm`),
    digestOid: parseAlgorithmOid(digestIdentifier, `${field}: digest algorithm`),
    signatureOid: parseAlgorithmOid(signatureIdentifier, `${field}: signature algorithm`),
    signedAttributes: attributes ? parseSignedAttributes(attributes, `${field}: signed attributes`) : null,
    signature: new Uint8Array(schema.signature.buffer),
  };
}

function parseSignerIdentifier(sid: DerValue | undefined, field: string): SignerIdentifier {
  if (sid?.tag === 0x80) return { kind: 'key-identifier', keyIdentifier: toHex(sid.content) };
  const [issuer, serial] = sid ? childrenOf(sid, 0x30, /^30 02$/, `${field}: issuer and serial number`) : [];
  if (!issuer) throw new Malformed(field, 'does not name its certificate');
  return {
    kind: 'issuer-serial',
    issuerDer: issuer.raw,
    serial: parseUnsigned(serial, `${field}: serial number`),
  };
}

// RFC 5652 sections 5.3, 11.1 and 11.2
function parseSignedAttributes(attributes: DerValue, field: string): SignedAttributes {
  // A verifier that encodes the set anew would hash other bytes than one that takes them as they are.
  const ordered = attributes.children.every(
    ({ raw }, at, all) => Buffer.compare(all[at - 1]?.raw ?? raw, raw) <= 0,
  );
  if (!ordered) throw new Malformed(field, 'is not in DER order');
  const contentType = onlyValue(attributes, idContentType, `${field}: content type`);
  const messageDigest = onlyValue(attributes, idMessageDigest, `${field}: message digest`);
  if (messageDigest.tag !== 0x04) throw new Malformed(`${field}: message digest`, 'is not an octet string');
  const der = new Uint8Array(attributes.raw);
  der[0] = 0x31;
  return {
    der,
    contentType: parseOid(contentType, `${field}: content type`),
    messageDigest: messageDigest.content,
  };
}

function onlyValue(attributes: DerValue, oid: string, field: string): DerValue {
  const values = attributes.children.flatMap((attribute) => {
    const [type, set] = childrenOf(attribute, 0x30, /^06 31$/, field);
    return set && parseOid(type, field) === oid ? [set.children] : [];
  });
  const [value] = values[0] ?? [];
  if (values.length !== 1 || values[0]?.length !== 1 || !value)
    throw new Malformed(field, 'is not there exactly once');
  return value;
}
