import type { PinnedCertificate } from '../../verifier/authoring/init-trust.ts';
import type { ImageName } from '../../verifier/image-verdict.ts';
import type { Reason } from '../../verifier/reasons.ts';
import { printable } from './output.ts';
import { reasonText } from './verdict-report.ts';

/** What `policy init --json` prints; the names are scripted against. */
export interface InitDocument {
  /** Where the policy was written; null: nowhere. */
  readonly output: string | null;
  /** The policy file; null if there is no image that one could admit. */
  readonly policy: string | null;
  /** The files that it names, beside it. */
  readonly certificates: readonly CertificateDocument[];
  readonly images: readonly InitImageDocument[];
}

export interface CertificateDocument {
  readonly file: string;
  readonly subject: string;
  readonly sha256: string;
  readonly notAfter: string;
  readonly pem: string;
}

export interface InitImageDocument extends ImageName {
  readonly image: string;
  readonly outcome: 'admitted' | 'left out' | 'error';
  readonly form: 'ddi' | 'sidecar' | 'bare' | 'directory' | null;
  readonly version: string | null;
  readonly rootHash: string | null;
  /** SHA-256 of the signers' certificates. */
  readonly signers: readonly string[];
  readonly rule: string | null;
  /** Why no policy can admit it. */
  readonly reasons: readonly Reason[];
}

export function toCertificateDocument({ file, pem, certificate }: PinnedCertificate): CertificateDocument {
  const { subject, sha256, notAfter } = certificate;
  return { file, subject, sha256, notAfter: notAfter.toISOString(), pem };
}

/** The report for people: what the policy accepts and by whom it was signed, and what it does not accept. */
export function initText(document: InitDocument): string {
  const { output, certificates, images } = document;
  const admitted = images.filter(({ outcome }) => outcome === 'admitted');
  const others = leftOutLines(document);
  const title = output === null ? 'no policy was written: it would accept nothing' : `${output} accepts`;
  return [
    `${printable(title)}\n`,
    ...admitted.map((image) => `  ${printable(admittedText(image, certificates))}\n`),
    ...(certificates.length === 0 ? [] : ['by the signatures of\n']),
    ...certificates.map(
      ({ file, subject, notAfter }) =>
        `  ${printable(`${file}: ${subject}, until ${notAfter.slice(0, 10)}`)}\n`,
    ),
    ...(others.length === 0 ? [] : ['and leaves out\n']),
    ...others.map((line) => `  ${line}\n`),
  ].join('');
}

/** What no policy can admit, and why; a line for each reason. */
export function leftOutLines({ images }: InitDocument): readonly string[] {
  return images
    .filter(({ outcome }) => outcome !== 'admitted')
    .flatMap(({ image, reasons }) => reasons.map((why) => printable(`${image}: ${reasonText(why)}`)));
}

function admittedText(
  { image, class: extensionClass, name, version, signers, rootHash }: InitImageDocument,
  certificates: readonly CertificateDocument[],
): string {
  const files = signers.map((signer) => certificates.find(({ sha256 }) => sha256 === signer)?.file ?? signer);
  const by = files.length === 0 ? `by its digest ${rootHash ?? ''}` : `signed by ${files.join(' and ')}`;
  return `${image}: ${[extensionClass, name, ...(version ? [version] : [])].join(' ')}, ${by}`;
}
