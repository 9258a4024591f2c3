import type { ReasonCode } from '../../verifier/reasons.ts';
import { type CertificateEdit, makeCertificate, type MadeCertificate } from './chain-certificate.ts';
import { authority, endEntity } from './chain-extension.ts';
import type { ChainCase, ChainInputs } from './chain-group.ts';

/** A case before anybody else was asked about it. */
export type ChainDraft = Omit<ChainCase, 'judges'>;

/** The certificates of a case; what is absent is as every case has it. */
export interface Path {
  readonly signer: MadeCertificate;
  readonly intermediates?: readonly MadeCertificate[];
  readonly anchors: readonly MadeCertificate[];
  readonly lists?: readonly Uint8Array[];
}

export type Given = Partial<Pick<ChainInputs, 'mode' | 'extendedKeyUsage' | 'now'>>;

/** When certificates must be valid, unless a case says otherwise. */
export const now = '2027-01-01T00:00:00Z';

/** A certificate authority that is its own issuer. */
export function makeAnchor(edit: CertificateEdit = {}): MadeCertificate {
  return makeCertificate(null, { subject: 'anchor', extensions: authority, ...edit });
}

/** A certificate authority below another. */
export function makeIntermediate(issuer: MadeCertificate, edit: CertificateEdit = {}): MadeCertificate {
  return makeCertificate(issuer, { subject: 'intermediate', extensions: authority, ...edit });
}

/** A certificate that signs data. */
export function makeSigner(issuer: MadeCertificate, edit: CertificateEdit = {}): MadeCertificate {
  return makeCertificate(issuer, { subject: 'signer', extensions: endEntity, ...edit });
}

interface Edits {
  readonly anchor?: CertificateEdit;
  readonly intermediate?: CertificateEdit;
  readonly signer?: CertificateEdit;
}

/** Anchor, intermediate and signer. */
export function threeOf({ anchor, intermediate, signer }: Edits = {}): Path {
  const root = makeAnchor(anchor);
  const above = makeIntermediate(root, intermediate);
  return { signer: makeSigner(above, signer), intermediates: [above], anchors: [root] };
}

/** Anchor and signer. */
export function twoOf({ anchor, signer }: Omit<Edits, 'intermediate'> = {}): Path {
  const root = makeAnchor(anchor);
  return { signer: makeSigner(root, signer), anchors: [root] };
}

type Head = readonly [flag: string, id: string, comment: string];

/** A case that is accepted, with as many certificates in its path; null: several paths are good. */
export function accepts(
  [flag, id, comment]: Head,
  path: Path,
  length: number | null,
  given: Given = {},
): ChainDraft {
  const expect = { verdict: 'accepted', length, code: null, stage: null } as const;
  return { id, comment, flags: [flag], inputs: inputsOf(path, given), expect };
}

/** A case that is refused for what all certificates together say; `at` is the name of the one at fault, or its common name. */
export function refuses(
  [flag, id, comment]: Head,
  path: Path,
  [code, at]: readonly [code: ReasonCode, at: string | null],
  given: Given = {},
): ChainDraft {
  const expect = { verdict: 'refused', code, stage: 'chain', at: subjectOf(at) } as const;
  return { id, comment, flags: [flag], inputs: inputsOf(path, given), expect };
}

function subjectOf(at: string | null): string | null {
  return at === null || at.includes('=') ? at : `CN=${at}`;
}

/** A case that is refused because something in it cannot be parsed. */
export function unreadable(
  [flag, id, comment]: Head,
  path: Path,
  code: 'malformed' | 'unsupported' = 'malformed',
  given: Given = {},
): ChainDraft {
  const expect = { verdict: 'refused', code, stage: 'parse', at: null } as const;
  return { id, comment, flags: [flag], inputs: inputsOf(path, given), expect };
}

function inputsOf({ signer, intermediates = [], anchors, lists }: Path, given: Given): ChainInputs {
  return {
    signer: base64(signer.der),
    intermediates: intermediates.map(({ der }) => base64(der)),
    anchors: anchors.map(({ der }) => base64(der)),
    mode: 'issued',
    extendedKeyUsage: [],
    revocationLists: lists?.map(base64) ?? null,
    now,
    ...given,
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
