import type { ImageFacts } from './facts.ts';
import { matchesGlob } from './glob.ts';
import type { Rule } from './policy.ts';

/** Whether a rule is about these facts: each part of its match fits, and what it does not name fits always. */
export function ruleMatches(rule: Rule, { class: extensionClass, name }: ImageFacts): boolean {
  return (
    (rule.class === null || rule.class === extensionClass) &&
    (rule.nameGlob === null || matchesGlob(rule.nameGlob, name))
  );
}
