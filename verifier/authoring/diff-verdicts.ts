import type { ImageVerdict } from '../image-verdict.ts';
import type { Policy } from '../policy/policy.ts';
import type { Reason } from '../reasons.ts';

/** What comes of an image under a policy. */
export interface Outcome {
  /** `audited`: refused, and merged all the same since the policy is in mode audit. */
  readonly outcome: 'accepted' | 'refused' | 'audited';
  /** The rule that decided, with its place; null if none did. */
  readonly rule: string | null;
  readonly at: string | null;
  readonly reasons: readonly Reason[];
}

/** What comes of an image under two policies. */
export interface ComparedVerdicts {
  /** `rule`: it is accepted by both, by another rule. */
  readonly change: 'outcome' | 'rule' | 'none';
  readonly old: Outcome;
  readonly new: Outcome;
}

/** Puts the verdicts that two policies give on one image side by side. */
export function compareVerdicts(
  old: readonly [Policy, ImageVerdict],
  next: readonly [Policy, ImageVerdict],
): ComparedVerdicts {
  const [before, after] = [toOutcome(...old), toOutcome(...next)];
  const isAccepted = before.outcome === 'accepted' && after.outcome === 'accepted';
  const change =
    before.outcome !== after.outcome ? 'outcome' : isAccepted && before.rule !== after.rule ? 'rule' : 'none';
  return { change, old: before, new: after };
}

function toOutcome({ rules, mode }: Policy, { verdict, rule, reasons }: ImageVerdict): Outcome {
  const at = rules.find(({ name }) => name === rule)?.at ?? null;
  return { outcome: verdict === 'refused' && mode === 'audit' ? 'audited' : verdict, rule, at, reasons };
}
