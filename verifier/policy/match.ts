import type { ImageFacts } from './facts.ts';
import { matchesGlob } from './glob.ts';
import type { Rule } from './policy.ts';
import { explainValidity, isInForce, momentText } from './validity.ts';

/** What a decision depends on besides the image. */
export interface DecisionContext {
  /** The time at which rules must be in force. */
  readonly now: Date;
  /** Of the host that the image is for; empty where no host is known. */
  readonly labels: ReadonlyMap<string, string>;
}

/**
 * Why a rule is not about an image, in words that follow "the rule"; none: it is. What its match does not name fits always.
 */
export function mismatches(rule: Rule, facts: ImageFacts, context: DecisionContext): readonly string[] {
  const found: string[] = [];
  if (rule.class !== null && rule.class !== facts.class)
    found.push(`is about the class ${rule.class}, and this is a ${facts.class}`);
  if (rule.nameGlob !== null && !matchesGlob(rule.nameGlob, facts.name))
    found.push(`is about names like "${rule.nameGlob}", and this is "${facts.name}"`);
  if (rule.form !== null && rule.form !== facts.form)
    found.push(`is about the form ${rule.form}, and this is ${facts.form}`);
  found.push(...labelMismatches(rule, context));
  if (!isInForce(rule.validity, context.now))
    found.push(`is in force ${explainValidity(rule.validity)}, and now is ${momentText(context.now)}`);
  return found;
}

function labelMismatches({ labels }: Rule, context: DecisionContext): readonly string[] {
  return [...labels].flatMap(([label, values]) => {
    const value = context.labels.get(label);
    if (value !== undefined && values.includes(value)) return [];
    const found = value === undefined ? 'the host has no such label' : `the host's is ${value}`;
    return [`is about hosts with the label ${label}: ${values.join(' or ')}, and ${found}`];
  });
}
