import type { Rule } from '../policy/policy.ts';
import { explainValidity } from '../policy/validity.ts';
import type { Aspects } from './diff-aspects.ts';

const any = ['any'] as const;

/** All that a rule says but its name, in the words of the file. */
export function ruleAspects(rule: Rule): Aspects {
  const { admits, labels, validity } = rule;
  return new Map<string, readonly string[]>([
    ['class', orAny(rule.class)],
    ['name', orAny(rule.nameGlob)],
    ['form', orAny(rule.form)],
    [
      'labels',
      labels.size === 0
        ? any
        : [...labels].map(([key, values]) => `${key}: ${[...values].sort().join(' or ')}`),
    ],
    [
      'in force',
      validity.notBefore === null && validity.notAfter === null ? ['always'] : [explainValidity(validity)],
    ],
    [admissionKey(admits), [...(admits.kind === 'digest' ? admits.values : admits.sets)]],
    ['rootHash', [...(rule.rootHashes ?? any)]],
    ['architecture', rule.architecture ?? any],
    ['hashType', rule.hashTypes.map(String)],
    ['version', orAny(rule.version?.text ?? null)],
    ['noDowngrade', [String(rule.noDowngrade)]],
  ]);
}

function orAny(value: string | null): readonly string[] {
  return value === null ? any : [value];
}

function admissionKey(admits: Rule['admits']): string {
  switch (admits.kind) {
    case 'signed-by':
      return 'signedBy';
    case 'signed-by-all':
      return 'signedByAll';
    case 'digest':
      return admits.form === 'directory' ? 'treeDigest' : 'fileDigest';
  }
}

/**
 * Which of the names that two lists share stand in another order, as few as explain it: those that are not in the longest
 * run of names that both have in the same order.
 *
 * @param old names, all different; `next` too.
 */
export function movedNames(old: readonly string[], next: readonly string[]): ReadonlySet<string> {
  const places = new Map(next.map((name, place) => [name, place]));
  const shared = old.filter((name) => places.has(name));
  const stay = new Set(longestRising(shared, (name) => places.get(name) ?? 0));
  return new Set(shared.filter((name) => !stay.has(name)));
}

// Each keeps the length of the longest run that ends with it; quadratic, for a thousand rules at most.
function longestRising(names: readonly string[], placeOf: (name: string) => number): readonly string[] {
  const runs: { readonly name: string; readonly length: number; readonly before: number }[] = [];
  for (const name of names) {
    let before = -1;
    for (const [index, run] of runs.entries())
      if (placeOf(run.name) < placeOf(name) && run.length > (runs[before]?.length ?? 0)) before = index;
    runs.push({ name, length: (runs[before]?.length ?? 0) + 1, before });
  }
  const kept: string[] = [];
  const longest = Math.max(...runs.map(({ length }) => length));
  let run = runs.find(({ length }) => length === longest);
  while (run !== undefined) {
    kept.push(run.name);
    run = runs[run.before];
  }
  return kept;
}
