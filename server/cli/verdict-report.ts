import { reason, type Reason } from '../../verifier/reasons.ts';
import type { Certificate } from '../../verifier/trust/certificate.ts';
import type { ImageName, ImageVerdict } from '../../verifier/verify-image.ts';
import { fields, printable } from './output.ts';

/** One element of `verify --json`; the names are scripted against. */
export interface VerdictDocument extends ImageName {
  readonly image: string;
  readonly verdict: 'accepted' | 'refused' | 'error';
  readonly rootHash: string | null;
  readonly hashAlgorithm: string | null;
  readonly form: 'ddi' | null;
  readonly architecture: string | null;
  readonly signer: Record<'subject' | 'issuer' | 'serial' | 'sha256' | 'spkiSha256', string> | null;
  /** Release data inside the image; null: not read. */
  readonly release: null;
  readonly integrity: {
    readonly checked: 'full' | 'none';
    readonly dataBytes: number;
    readonly seconds: number;
  };
  readonly rule: string | null;
  readonly reasons: readonly Reason[];
}

/** The verdict on the image at `path` as a document. */
export function toVerdictDocument(path: string, verdict: ImageVerdict, seconds: number): VerdictDocument {
  const { image, signer } = verdict;
  return {
    image: path,
    class: verdict.class,
    name: verdict.name,
    verdict: verdict.verdict,
    rootHash: image?.claimedRootHash ?? null,
    hashAlgorithm: image?.verity?.algorithm ?? null,
    form: image?.form ?? null,
    architecture: image?.architecture ?? null,
    signer: signer === null ? null : toSignerDocument(signer),
    release: null,
    integrity: { ...verdict.integrity, seconds },
    rule: verdict.rule,
    reasons: verdict.reasons,
  };
}

function toSignerDocument({
  subject,
  issuer,
  serial,
  sha256,
  spkiSha256,
}: Certificate): VerdictDocument['signer'] {
  return { subject, issuer, serial, sha256, spkiSha256 };
}

/** The document for an image that no verdict could be given on. */
export function toErrorDocument(path: string, name: ImageName, message: string): VerdictDocument {
  return {
    image: path,
    ...name,
    verdict: 'error',
    rootHash: null,
    hashAlgorithm: null,
    form: null,
    architecture: null,
    signer: null,
    release: null,
    integrity: { checked: 'none', dataBytes: 0, seconds: 0 },
    rule: null,
    reasons: [reason('unreadable', message)],
  };
}

/** The verdict for people: one line, then what it rests on. */
export function verdictText(document: VerdictDocument): string {
  const {
    image,
    verdict,
    class: extensionClass,
    name,
    rootHash,
    hashAlgorithm,
    signer,
    integrity,
    rule,
  } = document;
  const facts: (readonly [string, string])[] = [['extension', `${extensionClass} ${name}`]];
  if (rootHash !== null) facts.push(['root hash', `${hashAlgorithm ?? ''}:${rootHash}`]);
  if (signer !== null) facts.push(['signed by', `${signer.subject} (${signer.sha256})`]);
  if (rule !== null) facts.push(['rule', rule]);
  if (integrity.checked === 'full') facts.push(['data', `${integrity.dataBytes} bytes match the root hash`]);
  for (const why of document.reasons) facts.push(['because', reasonText(why)]);
  return `${printable(image)}: ${verdict}\n${fields(facts, '  ')}`;
}

/** One reason in a line. */
export function reasonText({ code, message, at }: Reason): string {
  return `${code}: ${message}${at === null ? '' : ` (${at})`}`;
}
