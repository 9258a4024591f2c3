import type { PolicyDocument } from '../policy/document.ts';
import { compareGlobs } from '../policy/glob-covers.ts';
import type { Policy, Rule } from '../policy/policy.ts';
import { ruleCovers } from '../policy/rule-covers.ts';
import { type CheckCircumstances, type CheckProblem, endsSoon, untilText, warning } from './check-problem.ts';

/** A policy that was read from a file. */
interface WrittenPolicy {
  readonly rules: readonly Rule[];
  readonly document: PolicyDocument;
}

/** What the rules of a policy say that is worth a second look: now, or whenever it is read. */
export function checkRules(
  { rules, mode, revokedRootHashes, document }: Policy,
  circumstances: CheckCircumstances,
): readonly CheckProblem[] {
  if (document === null) return [];
  const written = { rules, document };
  return [
    ...(rules.length === 0 ? [warning(noRules, document.at(['rules']))] : []),
    ...(mode === 'audit' ? [warning(audit, document.at(['mode']))] : []),
    ...checkValidity(written, circumstances),
    ...findUnsigned(written),
    ...findUnfulfillable(written),
    ...findRevoked(written, revokedRootHashes),
    ...findRepeated(written),
  ];
}

const noRules = 'there are no rules, so that every image is refused; `touchstone policy init` writes some';
const audit =
  'in mode audit what is refused is merged all the same; write mode: enforce once the reports are as they should be';

function checkValidity(
  { rules, document }: WrittenPolicy,
  circumstances: CheckCircumstances,
): readonly CheckProblem[] {
  const { now } = circumstances;
  return rules.flatMap(({ name, validity: { notBefore, notAfter } }, index): CheckProblem[] => {
    const place = (key: string): string => document.at(['rules', index, 'validity', key]);
    // Nobody meant that; it is a warning of its own.
    if (notBefore !== null && notAfter !== null && notAfter < notBefore) return [];
    if (notAfter !== null && notAfter < now) {
      const message = `the rule "${name}" ended on ${notAfter.toISOString()} and is as if it were not written; take it out, or move notAfter`;
      return [warning(message, place('notAfter'))];
    }
    const begins =
      notBefore !== null && now < notBefore
        ? [
            warning(
              `the rule "${name}" is as if it were not written until ${notBefore.toISOString()}; see to it that the rules below it do until then`,
              place('notBefore'),
            ),
          ]
        : [];
    if (notAfter === null || !endsSoon(notAfter, circumstances)) return begins;
    const message = `the rule "${name}" ends ${untilText(notAfter, now)}; move notAfter if it is still wanted then`;
    return [...begins, warning(message, place('notAfter'))];
  });
}

/** Rules that admit what nobody signed: somebody has to have looked at every one of these digests. */
function findUnsigned({ rules, document }: WrittenPolicy): readonly CheckProblem[] {
  return rules.flatMap(({ name, admits }, index): CheckProblem[] => {
    if (admits.kind !== 'digest') return [];
    const count = admits.values.size;
    const what = admits.form === 'directory' ? 'directories' : 'bare file systems';
    const digests = count === 1 ? 'one digest' : `${count} digests`;
    const message = `the rule "${name}" admits ${what} that nobody signed, by ${digests}; make sure that each is still wanted, or sign images instead`;
    return [warning(message, document.at(['rules', index, 'require', digestKeys[admits.form]]))];
  });
}

const digestKeys = { directory: 'treeDigest', bare: 'fileDigest' } as const;

/** Rules about forms that cannot be what the rule asks for. They still refuse, which may be all that they are for. */
function findUnfulfillable({ rules, document }: WrittenPolicy): readonly CheckProblem[] {
  return rules.flatMap(({ name, form, admits }, index): CheckProblem[] => {
    if (form === null || canAccept(form, admits)) return [];
    const wants =
      admits.kind !== 'digest'
        ? 'a signature, and nobody can sign these'
        : `a digest of another form (${admits.form})`;
    const message = `the rule "${name}" accepts nothing: it is about the form ${form} and asks for ${wants}; change one of the two, unless it is there to refuse them`;
    return [warning(message, document.at(['rules', index, 'match', 'form']))];
  });
}

function canAccept(form: NonNullable<Rule['form']>, admits: Rule['admits']): boolean {
  if (admits.kind === 'digest') return form === admits.form;
  return form === 'ddi' || form === 'sidecar';
}

/** Content that a rule lists and the policy revokes: whoever wrote the one did not know of the other. */
function findRevoked(
  { rules, document }: WrittenPolicy,
  revoked: Policy['revokedRootHashes'],
): readonly CheckProblem[] {
  return rules.flatMap(({ name, admits, rootHashes }, index) => {
    const listed = admits.kind === 'digest' ? admits.values : (rootHashes ?? new Set());
    const key = admits.kind === 'digest' ? digestKeys[admits.form] : 'rootHash';
    return [...listed].flatMap((hash, at): CheckProblem[] => {
      if (!revoked.has(hash)) return [];
      const message = `the rule "${name}" lists what the policy revokes; take it out`;
      return [warning(message, document.at(['rules', index, 'require', key, at]))];
    });
  });
}

// What a policy of the largest size that people write needs many times over.
const maximumGlobSteps = 5_000_000;

/** Rules without which the same would be decided, by a rule further down that asks the same. */
function findRepeated({ rules, document }: WrittenPolicy): readonly CheckProblem[] {
  const compare = compareGlobs(maximumGlobSteps);
  const asked = rules.map(requirementText);
  return rules.flatMap((rule, index): CheckProblem[] => {
    // What comes between must ask the same too: it could fit some of the images first.
    const differs = asked.findIndex((text, other) => other > index && text !== asked[index]);
    const run = rules.slice(index + 1, differs === -1 ? rules.length : differs);
    // One that is about the same never decides, which is a warning of its own.
    const later = run.find((other) => ruleCovers(other, rule, compare) && !ruleCovers(rule, other, compare));
    if (later === undefined) return [];
    const message = `the rule "${rule.name}" decides nothing that "${later.name}" further down would not decide the same way; take it out, unless reports are to name it`;
    return [warning(message, document.at(['rules', index]))];
  });
}

/**
 * What a rule asks for: all of it but its name, its place and what it is about. Two with the same text ask the same; those that
 * ask the same in another order are not seen to.
 */
function requirementText(rule: Rule): string {
  const scope = { class: null, nameGlob: null, form: null, labels: null, validity: null };
  return JSON.stringify({ ...rule, ...scope, name: null, at: null }, (_key, value: unknown) =>
    value instanceof Set ? [...value] : value,
  );
}
