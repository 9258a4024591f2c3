import type { PolicyDocument, PolicyProblem } from '../policy/document.ts';
import type { HostRule } from './appraisal-policy.ts';
import type { Requirement } from './requirement-schema.ts';

/** What a policy about hosts says that is allowed, and yet hardly what its author means. Changes no decision. */
export function lintAppraisalPolicy(
  rules: readonly HostRule[],
  document: PolicyDocument,
): readonly PolicyProblem[] {
  return [
    ...rules.flatMap((rule) => [
      ...findEmpty(rule, document),
      ...findUnfounded(rule, document),
      ...findResettable(rule, document),
    ]),
    ...findUnusedUpdates(rules, document),
    ...findNothingRequired(rules, document),
  ];
}

function partsOf({ require, warn }: HostRule): readonly (readonly ['require' | 'warn', Requirement])[] {
  return [
    ...(require === null ? [] : [['require', require] as const]),
    ...(warn === null ? [] : [['warn', warn] as const]),
  ];
}

function findEmpty(rule: HostRule, document: PolicyDocument): PolicyProblem[] {
  return partsOf(rule).flatMap(([part, requirement]) => {
    const empty = [
      ...(Object.keys(requirement).length === 0 ? [[part]] : []),
      ...(['secureBoot', 'boot', 'clock', 'pcrs'] as const)
        .filter((key) => requirement[key] !== undefined && Object.keys(requirement[key]).length === 0)
        .map((key) => [part, key]),
    ];
    return empty.map((path) => ({
      message: `${path.join('.')} asks for nothing`,
      at: document.at([...rule.path, ...path]),
    }));
  });
}

function findUnfounded({ require, path }: HostRule, document: PolicyDocument): PolicyProblem[] {
  if (require === null) return [];
  const { secureBoot = {}, boot = {}, pcrs = {} } = require;
  const problems: PolicyProblem[] = [];
  const warn = (message: string, ...keys: string[]): number =>
    problems.push({ message, at: document.at([...path, 'require', ...keys]) });
  // Databases say who may sign, and Secure Boot whether anybody looks.
  if (Object.keys(secureBoot).length > 0 && secureBoot.enabled === undefined)
    warn('what the keys are says little while Secure Boot may be off; add enabled: true', 'secureBoot');
  // Whatever was started instead can measure the sections of a kernel that it is not.
  const loader = boot.images !== undefined || pcrs['4'] !== undefined;
  const later = (['sections', 'commandLines'] as const).find((key) => boot[key] !== undefined);
  if (later !== undefined && !loader)
    warn(
      'says little where anything may have been started before; add boot.images, or pcrs 4',
      'boot',
      later,
    );
  if (pcrs['11'] !== undefined && !loader)
    warn('says little where anything may have been started before; add pcrs 4, or boot.images', 'pcrs', '11');
  return problems;
}

function findNothingRequired(rules: readonly HostRule[], document: PolicyDocument): PolicyProblem[] {
  if (rules.some(({ require }) => require !== null && Object.keys(require).length > 0)) return [];
  return [{ message: 'no rule requires anything', at: document.at(['rules']) }];
}

const resettable = ['16', '23'] as const;

function findResettable(rule: HostRule, document: PolicyDocument): PolicyProblem[] {
  return partsOf(rule).flatMap(([part, { pcrs = {} }]) =>
    resettable
      .filter((pcr) => pcrs[pcr] !== undefined)
      .map((pcr) => ({
        message: `any root process can reset PCR ${pcr}, so its value proves nothing`,
        at: document.at([...rule.path, part, 'pcrs', pcr]),
      })),
  );
}

function findUnusedUpdates(rules: readonly HostRule[], document: PolicyDocument): PolicyProblem[] {
  if (!document.has(['dbx'])) return [];
  const dates = rules.flatMap((rule) => partsOf(rule).map(([, { secureBoot }]) => secureBoot?.dbxDate));
  if (dates.some((date) => date !== undefined)) return [];
  return [{ message: 'no rule asks for an update of dbx by its date', at: document.at(['dbx']) }];
}
