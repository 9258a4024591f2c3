import type { AppraisalPolicy } from '../appraisal-policy/appraisal-policy.ts';
import type { HostVerdict } from '../appraisal-policy/check-appraisal-policy.ts';
import { parseEvidence } from '../evidence/evidence.ts';
import { trustOnlyPolicy } from '../policy/trust-only-policy.ts';
import type { Reason } from '../reasons.ts';
import { type Answer, answerOf } from './answer.ts';
import { appraise, type AppraisalInput } from './appraise.ts';

/** What is known of the host besides the evidence. */
export interface ExplainedHostContext extends Pick<
  AppraisalInput,
  'labels' | 'enrolment' | 'previous' | 'now'
> {
  /** The PCR of extension events. */
  readonly measurePcr: number;
}

/** What a policy about hosts says of evidence, for whoever writes the policy; no appraisal. */
export type HostExplanation =
  | ({ readonly asked: true; readonly verdict: Answer } & HostVerdict)
  /** The evidence does not even agree with itself. */
  | { readonly asked: false; readonly reasons: readonly Reason[] };

/**
 * Asks a policy about the host that evidence is of, as `appraise` does. Whose evidence it is, how old, and whether what is merged is
 * allowed is not asked: the keys and the nonce are taken from the evidence itself. So the answer says what the policy means, and
 * never that a host can be trusted.
 *
 * @throws Malformed if it is no evidence, or the previous evidence is not of the same host.
 */
export function explainHost(
  bytes: Uint8Array,
  policy: AppraisalPolicy,
  { measurePcr, ...context }: ExplainedHostContext,
): HostExplanation {
  const { identity, binding } = parseEvidence(bytes);
  const { host, reasons } = appraise({
    ...{ ...context, evidence: bytes, identity, nonce: binding.nonce, appraisalPolicy: policy },
    policy: { ...trustOnlyPolicy([]), measurePcr },
  });
  if (host === null) return { asked: false, reasons };
  return { asked: true, verdict: answerOf(host.reasons), ...host };
}
