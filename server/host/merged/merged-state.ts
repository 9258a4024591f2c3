import type { Hex } from '../../../verifier/bytes/hex.ts';
import type { Approval, ExtensionClass } from '../../../verifier/image-verdict.ts';
import type { ReasonCode } from '../../../verifier/reasons.ts';
import type { FileIdentity } from '../../os/file-identity.ts';

/** How writable the merged hierarchies are (`--mutable=` in systemd-sysext(8)). */
export type MutableMode =
  | 'no'
  | 'auto'
  | 'yes'
  | 'import'
  | 'ephemeral'
  | 'ephemeral-import'
  /** Something is writable or imported, and nothing says in which way. */
  | 'unknown';

/** One extension that systemd says it merged. */
export interface MergedExtension {
  readonly name: string;
  /** Of the active dm-verity device, as systemd wrote it down (260 and newer); null: it did not, or there is none. */
  readonly rootHash: Hex | null;
  /** The image or directory, as systemd wrote it down; null where it did not. */
  readonly path: string | null;
}

/** What is merged for one class, by whomever. */
export interface MergedState {
  readonly class: ExtensionClass;
  /** Absolute paths below the root that carry the overlay; none: nothing is merged. */
  readonly hierarchies: readonly string[];
  /** Lowest layer first. */
  readonly extensions: readonly MergedExtension[];
  readonly mutable: MutableMode;
  /** When systemd merged, by the clock of that time; null if nothing is merged. */
  readonly since: Date | null;
  /** `origin`: systemd 260 and newer wrote down what it activated; `names`: older ones write names only. */
  readonly knownBy: 'origin' | 'names' | 'nothing-merged';
  /** Tells this merge from every other since boot; empty if nothing is merged. */
  readonly mergeId: string;
  /** What does not add up, one sentence each without its full stop. Nothing with a problem is confirmed. */
  readonly problems: readonly string[];
}

/** What the gate approved, as it must be found again once merged. It may have been written down since, so it is no approval. */
export interface MergeExpectation {
  readonly approval: Pick<Approval, 'name' | 'rootHash' | 'hashAlgorithm'>;
  /** The image file or directory on this system, links resolved, when it was judged. */
  readonly path: string;
  /** Of what is at `path`, when it was judged. */
  readonly file: FileIdentity;
  /** Bytes that the hash tree covers: the root hash does not bind them. Null without a hash tree. */
  readonly verityBytes: bigint | null;
}

/** Why what is merged is not what was approved. */
export interface Violation {
  readonly code: ReasonCode;
  /** Empty where it is about no extension in particular. */
  readonly name: string;
  /** Of what was found; empty where nothing is known. */
  readonly rootHash: Hex | '';
  readonly message: string;
}
