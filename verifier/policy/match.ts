import type { ImageFacts } from './facts.ts';
import { matchesGlob } from './glob.ts';
import type { Rule } from './policy.ts';

/** Whether a rule is about these facts: each part of its match fits, and what it does not name fits always. */
export function ruleMatches(rule: Rule, { class: extensionClass, name, form }: ImageFacts): boolean {
  return (
    (rule.class === null || rule.class === extensionClass) &&
    (rule.nameGlob === null || matchesGlob(rule.nameGlob, name)) &&
    (rule.form === null || rule.form === form || (form === 'verity' && hasHashTree(rule.form)))
  );
}

function hasHashTree(form: Rule['form']): boolean {
  return form === 'ddi' || form === 'sidecar';
}
