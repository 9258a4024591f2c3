import { checkRevoked } from '../policy/check-revoked.ts';
import { checkRule } from '../policy/check-rule.ts';
import { decide, type Verdict } from '../policy/decide.ts';
import type { ImageFacts } from '../policy/facts.ts';
import { type DecisionContext, mismatches } from '../policy/match.ts';
import type { Policy, Rule } from '../policy/policy.ts';
import { explainValidity } from '../policy/validity.ts';
import type { Reason } from '../reasons.ts';

/** How a decision came about. */
export interface Explanation {
  /** What `decide` says. */
  readonly verdict: Verdict;
  /** What the policy revokes; if there is anything, no rule is asked. */
  readonly revoked: readonly Reason[];
  /** All of them, in order. */
  readonly rules: readonly ExplainedRule[];
}

export interface ExplainedRule {
  readonly name: string;
  readonly at: string | null;
  /** `passed over`: it is not about the image. `not reached`: something before it decided. */
  readonly outcome: 'passed over' | 'accepts' | 'refuses' | 'not reached';
  /** Of the rule that decides: what it is about, in words that follow "the rule", all of which fits. */
  readonly matched: readonly string[];
  /** Why it is not about the image, in such words too. */
  readonly mismatches: readonly string[];
  /** What it holds against the image. */
  readonly reasons: readonly Reason[];
}

/** Goes through a policy as `decide` does, and tells of every step. Total as that is. */
export function explainDecision(policy: Policy, facts: ImageFacts, context: DecisionContext): Explanation {
  const revoked = checkRevoked(policy, facts);
  let decided = revoked.length > 0;
  const rules = policy.rules.map((rule): ExplainedRule => {
    if (decided) return untouched(rule);
    const found = mismatches(rule, facts, context);
    if (found.length > 0) return { ...untouched(rule), outcome: 'passed over', mismatches: found };
    decided = true;
    const reasons = checkRule(policy, rule, facts);
    const outcome = reasons.length > 0 ? 'refuses' : 'accepts';
    return { ...untouched(rule), outcome, matched: describeMatch(rule), reasons };
  });
  return { verdict: decide(policy, facts, context), revoked, rules };
}

/** The rules of a policy that was not asked. */
export function unasked({ rules }: Policy): readonly ExplainedRule[] {
  return rules.map(untouched);
}

function untouched({ name, at }: Rule): ExplainedRule {
  return { name, at, outcome: 'not reached', matched: [], mismatches: [], reasons: [] };
}

function describeMatch({ class: wanted, nameGlob, form, labels, validity }: Rule): readonly string[] {
  const inForce = explainValidity(validity);
  const found = [
    ...(wanted === null ? [] : [`is about the class ${wanted}`]),
    ...(nameGlob === null ? [] : [`is about names like "${nameGlob}"`]),
    ...(form === null ? [] : [`is about the form ${form}`]),
    ...[...labels].map(([label, values]) => `is about hosts with the label ${label}: ${values.join(' or ')}`),
    ...(inForce === '' ? [] : [`is in force ${inForce}`]),
  ];
  return found.length === 0 ? ['is about everything'] : found;
}
