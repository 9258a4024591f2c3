import { digest } from '../../verifier/bytes/digest.ts';
import type { ReasonCode } from '../../verifier/reasons.ts';
import { parseCertificate } from '../../verifier/trust/certificate.ts';
import {
  algorithm,
  attribute,
  issuerAndSerial,
  message,
  type MessageParts,
  oids,
  requiredAttributes,
} from './cms-writer.ts';
import { der, integer, oid } from './der-writer.ts';
import { type HandSigned, handSigned } from './hand-signed.ts';
import type { Issued } from './openssl-pki.ts';
import { rootHash, type SignatureWriter } from './signature-writer.ts';

/** Cases about the parts of the message around the signature, which is in order. */
export function structureCases(writer: SignatureWriter): void {
  const signer = writer.issue('structures', { extensions: ['subjectKeyIdentifier=hash'] });
  addParts(writer, signer);
  addCertificates(writer, signer);
  addNames(writer, signer);
  addLaterAttributes(writer, signer);
  addRevocations(writer, signer);
}

const ecdsa = (signer: Issued) =>
  ({ content: rootHash, signer, signatureOid: oids.ecdsaSha256, hash: 'sha256' }) as const;

function addParts(writer: SignatureWriter, signer: Issued): void {
  const trust = writer.anchors('pinned', [signer]);
  const one = handSigned(ecdsa(signer));
  const bad = (flag: string, id: string, comment: string, parts: Partial<MessageParts>) =>
    writer.refuse([flag, 'malformed'], id, comment, message({ signers: [one], ...parts }), trust);
  bad('Encoding', 'version-3', 'version 3 where RFC 5652 wants 1', { version: 3 });
  bad('Encoding', 'version-0', 'version 0', { version: 0 });
  bad('Encoding', 'message-type-data', 'the message says that it is plain data', { contentType: oids.data });
  bad('Attached', 'attached-empty', 'a content of no bytes is inside', {
    encapsulated: der(0x30, oid(oids.data), der(0xa0, der(0x04))),
  });
  bad('Attached', 'attached-other', 'another root hash is inside', {
    encapsulated: der(0x30, oid(oids.data), der(0xa0, der(0x04, Buffer.from(rootHash.replace(/a$/, 'b'))))),
  });
  bad('Signers', 'many-signers', 'the same signer seventeen times', {
    signers: Array<Uint8Array>(17).fill(one),
  });
  const twice = message({ signers: [one, one] });
  writer.accept('Signers', 'signer-twice', 'the same signer twice', twice, trust);
}

function addCertificates(writer: SignatureWriter, signer: Issued): void {
  const trust = writer.anchors('pinned', [signer]);
  const one = handSigned(ecdsa(signer));
  const carrying = (...certificates: readonly Uint8Array[]) => message({ signers: [one], certificates });
  writer.accept('Candidates', 'certificates-empty', 'an empty list of certificates', carrying(), trust);
  const twice = carrying(signer.der, signer.der);
  writer.accept('Candidates', 'certificate-twice', 'the same certificate twice', twice, trust);
  const malformed = ['Candidates', 'malformed'] as const;
  const rubbish = carrying(der(0x30, integer(1)));
  writer.refuse(malformed, 'certificate-broken', 'an embedded certificate that is none', rubbish, trust);
  const many = carrying(...Array<Uint8Array>(17).fill(signer.der));
  writer.refuse(malformed, 'many-certificates', 'seventeen embedded certificates', many, trust);
  const attributeCertificate = carrying(der(0xa1, integer(1)));
  const unknown = ['Candidates', 'unsupported'] as const;
  writer.refuse(
    unknown,
    'certificate-kind',
    'an embedded attribute certificate',
    attributeCertificate,
    trust,
  );
}

function addNames(writer: SignatureWriter, signer: Issued): void {
  const trust = writer.anchors('pinned', [signer]);
  const { issuerDer, serial, subjectKeyIdentifier } = parseCertificate(signer.der, 'signer');
  const number = Buffer.from(serial, 'hex');
  const named = (sid: Uint8Array, version?: number) =>
    message({
      signers: [handSigned({ ...ecdsa(signer), parts: { sid, ...(version !== undefined && { version }) } })],
      version: sid[0] === 0x80 ? 3 : 1,
    });
  const otherSerial = Buffer.from(number);
  otherSerial[otherSerial.length - 1] = (otherSerial.at(-1) ?? 0) ^ 1;
  const untrusted = ['Trust', 'signer-untrusted'] as const;
  const serialCms = named(issuerAndSerial(issuerDer, otherSerial));
  writer.refuse(untrusted, 'other-serial', 'another serial number of the same issuer', serialCms, trust);
  const otherIssuer = writer.issue('other issuer');
  const { issuerDer: other } = parseCertificate(otherIssuer.der, 'issuer');
  const issuerCms = named(issuerAndSerial(other, number));
  writer.refuse(untrusted, 'other-issuer', 'the serial number under another issuer', issuerCms, trust);
  const padded = named(issuerAndSerial(issuerDer, Buffer.concat([Buffer.of(0), number])));
  writer.refuse(
    ['Encoding', 'malformed'],
    'serial-padded',
    'a serial number with a leading zero',
    padded,
    trust,
  );
  const key = Buffer.from(subjectKeyIdentifier ?? '', 'hex');
  const byKey = named(der(0x80, key));
  writer.accept(
    'Form',
    'key-identifier-by-hand',
    'signer named by key, no certificate embedded',
    byKey,
    trust,
  );
  const otherKey = named(der(0x80, Buffer.from(key).fill(1, 0, 1)));
  writer.refuse(untrusted, 'other-key-identifier', 'signer named by another key', otherKey, trust);
  const noKey = named(der(0x80));
  writer.refuse(untrusted, 'no-key-identifier', 'signer named by no key', noKey, trust);
  const version = named(issuerAndSerial(issuerDer, number), 3);
  writer.refuse(
    ['Encoding', 'malformed'],
    'signer-version',
    'version 3 of a signer named by issuer',
    version,
    trust,
  );
}

function addLaterAttributes(writer: SignatureWriter, signer: Issued): void {
  const trust = writer.anchors('pinned', [signer]);
  const attributes = requiredAttributes(digest('sha256', rootHash));
  const [contentType = Buffer.of(), messageDigest = Buffer.of()] = attributes;
  const note = attribute('1.2.3.4', der(0x04, Buffer.from('later')));
  const make = (edit: Partial<HandSigned>) =>
    message({ signers: [handSigned({ ...ecdsa(signer), ...edit })] });
  const fine = (id: string, what: string, cms: Uint8Array) =>
    writer.accept('Attributes', id, what, cms, trust);
  const bad = (code: ReasonCode, id: string, what: string, ...signed: readonly Uint8Array[]) =>
    writer.refuse(['Attributes', code], id, what, make({ attributes: signed }), trust);
  const later = make({ attributes, parts: { unsignedAttributes: [note] } });
  fine('unsigned-attributes', 'an unsigned attribute, as time stamps are', later);
  const sorted = [...attributes, note].sort((a, b) => Buffer.compare(a, b));
  fine('unknown-attribute', 'a signed attribute that is not known', make({ attributes: sorted }));
  bad('malformed', 'attribute-order-unknown', 'an unknown attribute out of order', ...attributes, note);
  bad('malformed', 'no-attributes-inside', 'a list of no attributes');
  const empty = attribute(oids.messageDigest);
  bad('malformed', 'digest-without-value', 'a message digest of no value', contentType, empty);
  const short = attribute(oids.messageDigest, der(0x04, digest('sha256', rootHash).subarray(0, 31)));
  bad('signature-invalid', 'digest-short', 'a message digest without its last byte', contentType, short);
  const typed = attribute(oids.contentType, oid(oids.signedData));
  bad('signature-invalid', 'attribute-content-type', 'attributes about other content', typed, messageDigest);
}

function addRevocations(writer: SignatureWriter, signer: Issued): void {
  const { issuerDer } = parseCertificate(signer.der, 'signer');
  const signature = algorithm(oids.ecdsaSha256);
  const list = der(0x30, integer(1), signature, issuerDer, der(0x17, Buffer.from('260101000000Z')));
  const revocations = [der(0x30, list, signature, der(0x03, Buffer.alloc(9)))];
  const cms = message({ signers: [handSigned(ecdsa(signer))], revocations });
  const trust = writer.anchors('pinned', [signer]);
  writer.refuse(
    ['Form', 'malformed'],
    'revocations',
    'a revocation list, which is not read here',
    cms,
    trust,
  );
}
