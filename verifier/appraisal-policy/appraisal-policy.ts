import type { Hex } from '../bytes/hex.ts';
import type { DocumentPath, PolicyDocument, PolicyProblem } from '../policy/document.ts';
import type { Requirement } from './requirement-schema.ts';

/** A policy about hosts, ready to decide. */
export interface AppraisalPolicy {
  readonly name: string;
  readonly version: number;
  /** Of the exact bytes of the file. */
  readonly sha256: Hex;
  /** Of the file, as given. */
  readonly path: string;
  /** By day, in order of time: entries of dbx that came with the update of that day. */
  readonly dbx: readonly { readonly day: string; readonly entries: readonly string[] }[];
  /** Every one that is about a host counts. */
  readonly rules: readonly HostRule[];
  /** What is allowed, and yet hardly meant. */
  readonly warnings: readonly PolicyProblem[];
  readonly document: PolicyDocument;
}

export interface HostRule {
  readonly name: string;
  /** Of the host: each label must have one of these values. Empty: any host. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
  readonly require: Requirement | null;
  readonly warn: Requirement | null;
  /** Of the rule in the file. */
  readonly path: DocumentPath;
  /** `file:line:column`. */
  readonly at: string;
}
