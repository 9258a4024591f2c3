import type { AppraisalPolicy } from '../appraisal-policy/appraisal-policy.ts';
import type { HostVerdict } from '../appraisal-policy/check-appraisal-policy.ts';
import type { ClaimedMerge } from '../evidence/claims.ts';
import type { Hex } from '../bytes/hex.ts';
import type { ExtensionClass, MeasuredSet } from '../measurement/extension-history.ts';
import type { JudgedMerge } from '../measurement/judge-merged.ts';
import type { SystemFact } from '../measurement/system-facts.ts';
import type { Reason } from '../reasons.ts';
import type { QuotedPcrs } from '../tpm/quote.ts';
import type { Answer } from './answer.ts';
import type { FirmwareSummary } from './firmware-summary.ts';

/** What the verifier found about one extension of the measured sets. */
export interface AppraisedExtension {
  readonly class: MeasuredSet['class'];
  readonly name: string;
  readonly version: string;
  readonly rootHash: Hex;
  readonly verdict: 'accepted' | 'refused';
  /** Subject of the certificate that signed; null where no signature verified. */
  readonly signer: string | null;
  /** The rule of the verifier's own policy that decided. */
  readonly rule: string | null;
  readonly reasons: readonly Reason[];
}

/** What a host says is merged, held against its log: the word of its endpoint, which the quote binds and nothing proves. */
export interface AppraisedMerge extends JudgedMerge {
  readonly class: ExtensionClass;
  /** How writable the merged hierarchies are; `no` also where nothing is merged. */
  readonly mutable: ClaimedMerge['mutable'];
  /** Whether it is the merge that the host compared with what was approved. */
  readonly confirmed: boolean;
  /** What does not add up in what is mounted. */
  readonly problems: readonly string[];
}

/** The answer about one piece of evidence. */
export interface Appraisal {
  readonly verdict: Answer;
  /** Why not: about the host as a whole. Each extension has its own. */
  readonly reasons: readonly Reason[];
  /** What fails of that which the policy about hosts only warns of; says nothing of the verdict. */
  readonly warnings: readonly Reason[];
  /** The policy about hosts that was asked; null: none. */
  readonly hostPolicy: Pick<AppraisalPolicy, 'name' | 'version' | 'sha256'> | null;
  /** What it said, rule by rule; null if it was not asked: there is none, or nothing was proved that it could be asked about. */
  readonly host: HostVerdict | null;
  /** Name of the attestation key the answer is about. */
  readonly attestationKey: Hex;
  /** What the quote proves; null where it proves nothing. */
  readonly quote: QuotedPcrs | null;
  /** What the firmware's log proves; null where there is none, or none that the quote bears out. */
  readonly firmware: FirmwareSummary | null;
  /** What systemd measured of the boot, as far as the quote bears it out. */
  readonly system: readonly SystemFact[];
  /** The sets the authenticated log ends with; empty where the log is not authenticated. */
  readonly sets: readonly Pick<MeasuredSet, 'class' | 'state' | 'policy'>[];
  /** What was merged at the time of the quote; null if the host did not observe it, or nothing was authenticated. */
  readonly observed: readonly AppraisedMerge[] | null;
  readonly extensions: readonly AppraisedExtension[];
}
