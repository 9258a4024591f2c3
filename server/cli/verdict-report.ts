import { contentAlgorithmName } from '../../verifier/image/content-algorithm.ts';
import { reason, type Reason } from '../../verifier/reasons.ts';
import type { Certificate } from '../../verifier/trust/certificate.ts';
import type { ImageName, ImageVerdict } from '../../verifier/image-verdict.ts';
import { fields, printable } from './output.ts';

/** One element of `verify --json`; the names are scripted against. */
export interface VerdictDocument extends ImageName {
  readonly image: string;
  readonly verdict: 'accepted' | 'refused' | 'error';
  readonly rootHash: string | null;
  readonly hashAlgorithm: string | null;
  readonly form: 'ddi' | 'sidecar' | 'bare' | 'directory' | null;
  readonly architecture: string | null;
  readonly signer: Record<'subject' | 'issuer' | 'serial' | 'sha256' | 'spkiSha256', string> | null;
  /** Of the extension itself, by its release data; null: not read. */
  readonly version: string | null;
  /** Release data inside the image, read from what the root hash covers; null: not read. */
  readonly release: Readonly<Record<string, string>> | null;
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
  const { content, signer, release } = verdict;
  return {
    image: path,
    class: verdict.class,
    name: verdict.name,
    verdict: verdict.verdict,
    rootHash: content?.rootHash ?? null,
    hashAlgorithm: content?.algorithm == null ? null : contentAlgorithmName(content.algorithm),
    form: content?.form ?? null,
    architecture: content?.architecture ?? null,
    signer: signer === null ? null : toSignerDocument(signer),
    version: release?.version ?? null,
    release: release === null ? null : Object.fromEntries(release.release.fields),
    integrity: { ...verdict.integrity, seconds },
    rule: verdict.rule,
    reasons: verdict.reasons,
  };
}

/** A certificate as the reports name it. */
export function toSignerDocument({
  subject,
  issuer,
  serial,
  sha256,
  spkiSha256,
}: Certificate): NonNullable<VerdictDocument['signer']> {
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
    version: null,
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
    version,
    integrity,
    rule,
  } = document;
  const facts: (readonly [string, string])[] = [['extension', `${extensionClass} ${name}`]];
  if (version !== null && version !== '') facts.push(['version', version]);
  if (rootHash !== null) facts.push([digestLabel(document), `${hashAlgorithm ?? ''}:${rootHash}`]);
  if (signer !== null) facts.push(['signed by', `${signer.subject} (${signer.sha256})`]);
  if (rule !== null) facts.push(['rule', rule]);
  if (integrity.checked === 'full')
    facts.push(['data', `${integrity.dataBytes} bytes match the ${digestLabel(document)}`]);
  for (const why of document.reasons) facts.push(['because', reasonText(why)]);
  return `${printable(image)}: ${verdict}\n${fields(facts, '  ')}`;
}

function digestLabel({ form }: VerdictDocument): string {
  return form === 'bare' || form === 'directory' ? 'digest' : 'root hash';
}

/** One reason in a line. */
export function reasonText({ code, message, at }: Reason): string {
  return `${code}: ${message}${at === null ? '' : ` (${at})`}`;
}
