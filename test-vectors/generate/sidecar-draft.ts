import type { ReasonCode } from '../../verifier/reasons.ts';
import type { SidecarCase, SidecarJudge } from './sidecar-group.ts';
import type { SidecarFiles } from './sidecar-files.ts';

type Inputs = SidecarCase['inputs'];
export type Edit = Partial<Inputs>;

/** A case before tools are asked. */
export interface SidecarDraft {
  readonly id: string;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly edit: Edit;
  readonly refused: { readonly code: ReasonCode; readonly stage: 'open' | 'tree' | 'signature' } | null;
  /** Why tools say something else. */
  readonly differs: Partial<Record<SidecarJudge['tool'], string>>;
}

export type Differs = SidecarDraft['differs'];
/** What a case is about, its identifier, and what it says. */
export type Head = readonly [flag: string, id: string, comment: string];

export const draft = (
  [flag, id, comment]: Head,
  edit: Edit,
  refused: SidecarDraft['refused'],
  differs: Differs = {},
): SidecarDraft => ({
  ...{ id, comment, flags: [flag], edit, refused, differs },
});
export const fine = (head: Head, edit: Edit = {}, differs: Differs = {}) => draft(head, edit, null, differs);
export const malformed = (head: Head, edit: Edit, differs: Differs = {}) =>
  draft(head, edit, { code: 'malformed', stage: 'open' }, differs);
export const unprotected = (head: Head, edit: Edit, differs: Differs = {}) =>
  draft(head, edit, { code: 'unsigned', stage: 'tree' }, differs);
export const corrupt = (head: Head, edit: Edit) => draft(head, edit, { code: 'data-corrupt', stage: 'tree' });
export const mismatch = (head: Head, edit: Edit) =>
  draft(head, edit, { code: 'root-hash-mismatch', stage: 'tree' });
export const badlySigned = (head: Head, code: ReasonCode, edit: Edit, differs: Differs = {}) =>
  draft(head, edit, { code, stage: 'signature' }, differs);

/** An image and all that is beside it, by the name of the files. */
export const of = (name: string, { rootHashes }: SidecarFiles): Edit => ({
  image: `${name}.raw.gz`,
  verity: `${name}.verity.gz`,
  rootHash: rootHashes[name] ?? '',
  rootHashSignature: `${name}.p7s`,
});
