import { digest } from '../../verifier/bytes/digest.ts';
import { attribute, message, type MessageParts, oids, requiredAttributes } from './cms-writer.ts';
import { der, oid } from './der-writer.ts';
import { type HandSigned, handSigned } from './hand-signed.ts';
import type { Issued } from './openssl-pki.ts';
import { otherHash, rootHash, type SignatureWriter } from './signature-writer.ts';

/** Cases that no tool would make: each message is built by hand, and signed for what it is. */
export function handMadeCases(writer: SignatureWriter): void {
  const signer = writer.issue('hand');
  const make = (edit: Partial<HandSigned> = {}, parts: Partial<MessageParts> = {}) => {
    const request = { content: rootHash, signer, signatureOid: oids.ecdsaSha256, hash: 'sha256', ...edit };
    return message({ signers: [handSigned(request)], ...parts });
  };
  addForms(writer, signer, make);
  addAttributes(writer, signer, make);
  addStructures(writer, signer, make);
}

type Make = (edit?: Partial<HandSigned>, parts?: Partial<MessageParts>) => Uint8Array;

function addForms(writer: SignatureWriter, signer: Issued, make: Make): void {
  writer.accept('Form', 'hand-made', 'no attributes', make(), writer.anchors('pinned', [signer]));
  const edwards = writer.issue('ed25519', { key: 'ed25519' });
  const request = { signer: edwards, signatureOid: oids.ed25519, hash: null, digestOid: oids.sha512 };
  const cms = make(request, { digestOids: [oids.sha512] });
  writer.accept('Form', 'ed25519', 'Ed25519', cms, writer.anchors('pinned', [edwards]));
}

function addAttributes(writer: SignatureWriter, signer: Issued, make: Make): void {
  const trust = writer.anchors('pinned', [signer]);
  const required = requiredAttributes(digest('sha256', rootHash));
  const [contentType = Buffer.of(), messageDigest = Buffer.of()] = required;
  const value = der(0x04, digest('sha256', rootHash));
  const add = (id: string, comment: string, ...attributes: readonly Uint8Array[]) =>
    writer.refuse(['Attributes', 'malformed'], id, comment, make({ attributes }), trust);
  writer.accept('Attributes', 'attributes', 'the required attributes', make({ attributes: required }), trust);
  add('attribute-order', 'attributes not in DER order', messageDigest, contentType);
  add('two-digests', 'two message digest attributes', contentType, messageDigest, messageDigest);
  add('two-values', 'two values in one', contentType, attribute(oids.messageDigest, value, value));
  add('no-digest', 'no message digest', contentType);
  add('no-content-type', 'no content type', messageDigest);
  const other = make({ attributes: requiredAttributes(digest('sha256', otherHash)) });
  writer.refuse(['Attributes', 'signature-invalid'], 'other-digest', 'digest of other content', other, trust);
}

function addStructures(writer: SignatureWriter, signer: Issued, make: Make): void {
  const trust = writer.anchors('pinned', [signer]);
  writer.refuse(['Signers', 'malformed'], 'no-signer', 'no signer', make({}, { signers: [] }), trust);
  const typed = make({}, { encapsulated: der(0x30, oid(oids.signedData)) });
  writer.refuse(['Content', 'malformed'], 'content-type', 'content that is not plain data', typed, trust);
  const sha3 = make({ digestOid: oids.sha3 }, { digestOids: [oids.sha3] });
  writer.refuse(['Unknown', 'unsupported'], 'sha3', 'SHA3-256', sha3, trust);
  const request = { content: rootHash, signer, signatureOid: oids.ecdsaSha256, hash: 'sha256' };
  const tagged = handSigned(request);
  tagged[0] = 0xb0;
  const retagged = message({ signers: [tagged] });
  writer.refuse(['Encoding', 'malformed'], 'signer-tag', 'a signer that is no SEQUENCE', retagged, trust);
  const second = writer.issue('second');
  const bad = handSigned({ ...request, signer: second, content: otherHash });
  const mixed = message({ signers: [handSigned(request), bad] });
  const both = writer.anchors('pinned', [signer, second]);
  writer.refuse(['Signers', 'signature-invalid'], 'one-signer-bad', 'one signs another hash', mixed, both);
}
