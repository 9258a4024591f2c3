import type { Hex } from '../bytes/hex.ts';
import type { TrustAnchors } from '../trust/anchors.ts';
import type { PolicyDocument, PolicyProblem } from './document.ts';
import type { Validity } from './validity.ts';
import type { VersionRange } from './version-range.ts';

/** One rule, with the place in the file that verdicts point to. */
export interface Rule {
  readonly name: string;
  readonly class: 'sysext' | 'confext' | null;
  /** Glob over the extension's name; null: any. */
  readonly nameGlob: string | null;
  readonly form: 'ddi' | 'sidecar' | 'bare' | 'directory' | null;
  /** Of the host: each label must have one of these values. Empty: any host. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
  readonly validity: Validity;
  readonly admits: Admission;
  /** Of signed images, the only ones accepted; null: any. */
  readonly rootHashes: ReadonlySet<Hex> | null;
  /** systemd's names; null: any. */
  readonly architecture: readonly string[] | null;
  /** Of the hash tree, where there is one. */
  readonly hashTypes: readonly (0 | 1)[];
  /** Of the extension; null: any, or none. */
  readonly version: VersionRange | null;
  readonly noDowngrade: boolean;
  /** `file:line:column`; null where no file was read. */
  readonly at: string | null;
}

/** Who or what makes an image acceptable: each rule says exactly one. */
export type Admission =
  /** One of these trust sets vouches for every signer. */
  | { readonly kind: 'signed-by'; readonly sets: readonly string[] }
  /** Each of these trust sets vouches for a signer of its own, and no signer is left over. */
  | { readonly kind: 'signed-by-all'; readonly sets: readonly string[] }
  | ({ readonly kind: 'digest' } & AdmittedDigests);

/** What nobody can sign is admitted by its digest: of a directory's tree, or of a whole file. */
export interface AdmittedDigests {
  readonly form: 'directory' | 'bare';
  readonly values: ReadonlySet<Hex>;
}

/** A policy ready to decide: parsed, its names resolved, its certificates read. */
export interface Policy {
  readonly name: string;
  readonly version: number;
  /** A host that has taken this policy takes none with a lower version any more; null: says nothing of the kind. */
  readonly minimum: number | null;
  /** The policy whose place it takes on hosts that have gone by that one; null: none. */
  readonly replaces: string | null;
  /** Of the exact bytes of the file. */
  readonly sha256: Hex;
  /** Of the file, as given; null where none was read. */
  readonly path: string | null;
  readonly anchors: readonly TrustAnchors[];
  /** The first whose match fits decides. */
  readonly rules: readonly Rule[];
  readonly revokedRootHashes: ReadonlySet<Hex>;
  /** Identifiers of certificates, as `certificateIdentifiers` makes them. */
  readonly revokedCertificates: ReadonlySet<string>;
  /** Where the file revokes what: a root hash, or a certificate by one of its identifiers. */
  readonly revocationPlaces: ReadonlyMap<string, string>;
  /** `audit`: what is refused is reported and recorded, and merged all the same. */
  readonly mode: 'enforce' | 'audit';
  readonly onRefused: 'quarantine' | 'abort';
  readonly measurePcr: number;
  /** What a host without a TPM does: refuse everything, or merge what is approved unmeasured. */
  readonly withoutTpm: 'refuse' | 'merge';
  /** What is allowed, and yet hardly meant. */
  readonly warnings: readonly PolicyProblem[];
  /** Tells where things stand in the file; null where none was read. */
  readonly document: PolicyDocument | null;
}
