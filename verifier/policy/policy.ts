import type { Hex } from '../bytes/hex.ts';
import type { TrustAnchors } from '../trust/anchors.ts';
import type { PolicyProblem } from './document.ts';

/** One rule, with the place in the file that verdicts point to. */
export interface Rule {
  readonly name: string;
  readonly class: 'sysext' | 'confext' | null;
  /** Glob over the extension's name; null: any. */
  readonly nameGlob: string | null;
  readonly form: 'ddi' | 'sidecar' | 'bare' | 'directory' | null;
  /** Names of trust sets; one of them must vouch for the signer. Empty if and only if `digests` says what is admitted. */
  readonly signedBy: readonly string[];
  readonly digests: AdmittedDigests | null;
  /** systemd's names; null: any. */
  readonly architecture: readonly string[] | null;
  /** Of the hash tree, where there is one. */
  readonly hashTypes: readonly (0 | 1)[];
  /** `file:line:column`; null where no file was read. */
  readonly at: string | null;
}

/** What nobody can sign is admitted by its digest: of a directory's tree, or of a whole file. */
export interface AdmittedDigests {
  readonly form: 'directory' | 'bare';
  readonly values: ReadonlySet<Hex>;
}

/** A policy ready to decide: parsed, its names resolved, its certificates read. */
export interface Policy {
  readonly name: string;
  readonly version: number;
  /** Of the exact bytes of the file. */
  readonly sha256: Hex;
  /** Of the file, as given; null where none was read. */
  readonly path: string | null;
  readonly anchors: readonly TrustAnchors[];
  /** The first whose match fits decides. */
  readonly rules: readonly Rule[];
  readonly revokedRootHashes: ReadonlySet<Hex>;
  /** SHA-256 of certificates. */
  readonly revokedCertificates: ReadonlySet<Hex>;
  readonly onRefused: 'quarantine' | 'abort';
  readonly measurePcr: number;
  /** What is allowed, and yet hardly meant. */
  readonly warnings: readonly PolicyProblem[];
}
