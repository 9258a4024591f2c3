import { type Reason, reason } from '../reasons.ts';
import { checkRevoked } from './check-revoked.ts';
import { checkRule } from './check-rule.ts';
import type { ImageFacts } from './facts.ts';
import { type DecisionContext, mismatches } from './match.ts';
import type { Policy } from './policy.ts';

export interface Verdict {
  readonly verdict: 'accepted' | 'refused';
  /** The rule that decided; null if none did, or if no policy file was used. */
  readonly rule: string | null;
  /** Empty if and only if accepted. */
  readonly reasons: readonly Reason[];
}

/**
 * What the policy says of these facts: revocation first, which no rule can override; then the first rule whose match
 * fits; then no. Total: it has an answer for every input, and never throws.
 */
export function decide(policy: Policy, facts: ImageFacts, context: DecisionContext): Verdict {
  const revoked = checkRevoked(policy, facts);
  if (revoked.length > 0) return refused(null, revoked);
  const rule = policy.rules.find((candidate) => mismatches(candidate, facts, context).length === 0);
  if (rule === undefined) {
    const message = `No rule of the policy "${policy.name}" is about the ${facts.class} "${facts.name}".`;
    const at = policy.document?.at(['rules']) ?? null;
    return refused(null, [reason('no-matching-rule', message, at)]);
  }
  const reasons = checkRule(policy, rule, facts);
  const name = rule.at === null ? null : rule.name;
  return reasons.length > 0 ? refused(name, reasons) : { verdict: 'accepted', rule: name, reasons: [] };
}

function refused(rule: string | null, reasons: readonly Reason[]): Verdict {
  return { verdict: 'refused', rule, reasons };
}
