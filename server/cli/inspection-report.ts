import { toHex } from '../../verifier/bytes/hex.ts';
import { contentAlgorithmName } from '../../verifier/image/content-algorithm.ts';
import { guidText } from '../../verifier/image/guid.ts';
import type { Image } from '../../verifier/image/image.ts';
import type { ImageName } from '../../verifier/image-verdict.ts';
import type { InspectedMessage } from '../../verifier/inspect-image.ts';
import type { PathInspection } from '../host/inspect-path.ts';
import { fields, printable } from './output.ts';
import { reasonText, toSignerDocument } from './verdict-report.ts';

/** What `inspect --json` prints; the names are scripted against. */
export type InspectionDocument = ReturnType<typeof toInspectionDocument>;

/** What is at `path` as a document. All of it is what the image says of itself. */
export function toInspectionDocument(path: string, name: ImageName, inspection: PathInspection) {
  const { image, content, message, release, problems, remarks } = inspection;
  return {
    image: path,
    ...name,
    form: content?.form ?? null,
    architecture: content?.architecture ?? null,
    designator: image?.designator ?? null,
    sectorSize: image?.sectorSize ?? null,
    rootHash: content?.rootHash ?? null,
    hashAlgorithm: content?.algorithm == null ? null : contentAlgorithmName(content.algorithm),
    rootHashFrom: image?.rootHashFrom ?? null,
    data: image?.data ?? null,
    hashTree: toHashTreeDocument(image),
    partitionUuids: toUuidDocument(image),
    signature: message === null ? null : toMessageDocument(message),
    version: release?.version ?? null,
    release: release === null ? null : Object.fromEntries(release.release.fields),
    remarks,
    problems,
  };
}

function toHashTreeDocument(image: Image | null) {
  if (image?.hashTree == null || image.verity === null) return null;
  const { offset, length } = image.hashTree;
  const { salt, uuid, ...superblock } = image.verity;
  return { offset, length, ...superblock, salt: toHex(salt), uuid: guidText(uuid) };
}

function toUuidDocument(image: Image | null) {
  if (image?.partitionUuids == null) return null;
  const { data, hashTree } = image.partitionUuids;
  return { data: guidText(data), hashTree: hashTree === null ? null : guidText(hashTree) };
}

function toMessageDocument({ signers, certificates }: InspectedMessage) {
  return {
    signers: signers.map(({ sid, digestAlgorithm, signatureAlgorithm, signedAttributes }) => ({
      serial: sid.kind === 'issuer-serial' ? sid.serial : null,
      keyIdentifier: sid.kind === 'key-identifier' ? sid.keyIdentifier : null,
      digest: typeof digestAlgorithm === 'string' ? digestAlgorithm : digestAlgorithm.kind,
      signature: signatureAlgorithm.kind,
      signedAttributes: signedAttributes !== null,
    })),
    certificates: certificates.map((certificate) => ({
      ...toSignerDocument(certificate),
      notBefore: certificate.notBefore.toISOString(),
      notAfter: certificate.notAfter.toISOString(),
    })),
  };
}

/** The document for people. */
export function inspectionText(document: InspectionDocument): string {
  const facts = [...contentFacts(document), ...signatureFacts(document), ...releaseFacts(document)];
  const problems = document.problems.map((why): [string, string] => ['problem', reasonText(why)]);
  const remarks = document.remarks.map(({ kind, path, attribute }): [string, string] => [
    'remark',
    `${kind}: ${path}${attribute === null ? '' : ` (${attribute})`}`,
  ]);
  return `${printable(document.image)}\n${fields([...facts, ...remarks, ...problems], '  ')}`;
}

type Facts = (readonly [label: string, value: string])[];

function contentFacts(document: InspectionDocument): Facts {
  const {
    form,
    architecture,
    designator,
    sectorSize,
    rootHash,
    hashAlgorithm,
    rootHashFrom,
    hashTree,
    data,
  } = document;
  const facts: Facts = [['extension', `${document.class} ${document.name}`]];
  if (form !== null) facts.push(['form', form]);
  if (architecture !== null) facts.push(['for', `${architecture}, ${designator ?? ''} hierarchy`]);
  if (sectorSize !== null) facts.push(['sectors', `${sectorSize} bytes`]);
  if (data !== null) facts.push(['data', `${data.length} bytes at ${data.offset}`]);
  if (hashTree !== null) {
    const { algorithm, hashType, dataBlocks, dataBlockSize, hashBlockSize, salt } = hashTree;
    facts.push([
      'hash tree',
      `${algorithm}, type ${hashType}, ${dataBlocks} data blocks of ${dataBlockSize}, hash blocks of ${hashBlockSize}, salt ${salt === '' ? 'none' : salt}`,
    ]);
  }
  if (rootHash !== null) {
    const label = form === 'bare' || form === 'directory' ? 'digest' : 'root hash';
    facts.push([
      label,
      `${hashAlgorithm ?? ''}:${rootHash}${rootHashFrom === null ? '' : ` (from ${rootHashFrom})`}`,
    ]);
  }
  return facts;
}

function signatureFacts({ signature, form }: InspectionDocument): Facts {
  if (signature === null) return form === 'ddi' || form === 'sidecar' ? [['signature', 'none']] : [];
  return [
    ...signature.signers.map(({ serial, keyIdentifier, digest, signature: algorithm }): [string, string] => [
      'signed by',
      `${serial === null ? `key ${keyIdentifier ?? ''}` : `serial ${serial}`} with ${algorithm} over ${digest}; not verified`,
    ]),
    ...signature.certificates.map(({ subject, sha256, notAfter }): [string, string] => [
      'certificate',
      `${subject}, until ${notAfter.slice(0, 10)} (${sha256})`,
    ]),
  ];
}

function releaseFacts({ version, release }: InspectionDocument): Facts {
  if (release === null) return [];
  return [
    ...(version === null || version === '' ? [] : [['version', version] as const]),
    ...Object.entries(release).map(([key, value]): [string, string] => ['release', `${key}=${value}`]),
  ];
}
