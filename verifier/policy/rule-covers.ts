import type { GlobComparison } from './glob-covers.ts';
import type { Rule } from './policy.ts';

/** What a rule is about: its name and what it asks for left aside. */
export type RuleScope = Pick<Rule, 'class' | 'form' | 'nameGlob' | 'labels' | 'validity'>;

/** Whether a rule surely fits whatever another one fits, at any time and on any host. */
export function ruleCovers(wide: RuleScope, narrow: RuleScope, compare: GlobComparison): boolean {
  return kindCovers(wide, narrow) && circumstancesCover(wide, narrow, compare);
}

/** The same for class and form alone. */
export function kindCovers(wide: RuleScope, narrow: RuleScope): boolean {
  return (
    (wide.class === null || wide.class === narrow.class) && (wide.form === null || wide.form === narrow.form)
  );
}

/** The same for all but class and form. */
export function circumstancesCover(wide: RuleScope, narrow: RuleScope, compare: GlobComparison): boolean {
  return (
    labelsCover(wide.labels, narrow.labels) &&
    validityCovers(wide.validity, narrow.validity) &&
    // Last, since this is what takes time.
    (wide.nameGlob === null || compare(wide.nameGlob, narrow.nameGlob ?? '*'))
  );
}

function labelsCover(wide: RuleScope['labels'], narrow: RuleScope['labels']): boolean {
  return (
    wide.size === 0 ||
    [...wide].every(([label, values]) => narrow.get(label)?.every((value) => values.includes(value)) === true)
  );
}

function validityCovers(wide: RuleScope['validity'], narrow: RuleScope['validity']): boolean {
  const begins = wide.notBefore === null || (narrow.notBefore !== null && wide.notBefore <= narrow.notBefore);
  const ends = wide.notAfter === null || (narrow.notAfter !== null && narrow.notAfter <= wide.notAfter);
  return begins && ends;
}

const classes = ['sysext', 'confext'] as const;
const forms = ['ddi', 'sidecar', 'bare', 'directory'] as const;

/**
 * The rules that together surely fit whatever another one fits; null if there are none such. One by itself if there is one.
 *
 * What is known to have a hash tree and no more, as in evidence, fits a rule about either form with one: whichever part of
 * `narrow` is about it is covered by a rule that it fits.
 */
export function findCovering(
  rules: readonly Rule[],
  narrow: RuleScope,
  compare: GlobComparison,
): readonly Rule[] | null {
  const candidates = rules.filter((rule) => circumstancesCover(rule, narrow, compare));
  const single = candidates.find((rule) => kindCovers(rule, narrow));
  if (single !== undefined) return [single];
  const parts = (narrow.class === null ? classes : [narrow.class]).flatMap((name) =>
    (narrow.form === null ? forms : [narrow.form]).map((form) => ({ ...narrow, class: name, form })),
  );
  const found = parts.flatMap((part) => candidates.find((rule) => kindCovers(rule, part)) ?? []);
  return found.length === parts.length ? [...new Set(found)] : null;
}
