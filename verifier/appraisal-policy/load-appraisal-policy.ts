import { digest } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import {
  maximumProblems,
  parsePolicyDocument,
  type PolicyDocument,
  type PolicyProblem,
} from '../policy/document.ts';
import { explainIssue } from '../policy/explain-issue.ts';
import { decodePolicyText, PolicyInvalid } from '../policy/policy-text.ts';
import type { AppraisalPolicy, HostRule } from './appraisal-policy.ts';
import { lintAppraisalPolicy } from './lint-appraisal-policy.ts';
import { type AppraisalPolicyDocument, appraisalPolicyJsonSchema, appraisalPolicySchema } from './schema.ts';

export interface AppraisalPolicySource {
  readonly text: Uint8Array;
  /** As places and messages name it. */
  readonly path: string;
}

/**
 * Parses a policy about hosts. Fails closed, as `loadPolicy` does: what is not known is a problem and never ignored.
 *
 * @throws PolicyInvalid with the problems found.
 */
export function loadAppraisalPolicy({ text, path }: AppraisalPolicySource): AppraisalPolicy {
  const { value, document } = parse(text, path);
  const problems = checkNames(value, document);
  if (problems.length > 0) throw new PolicyInvalid(problems);
  const rules = value.rules.map((rule, index) => toRule(rule, ['rules', index], document));
  return {
    name: value.metadata.name,
    version: value.metadata.version,
    sha256: toHex(digest('sha256', text)),
    path,
    dbx: Object.entries(value.dbx)
      .map(([day, entries]) => ({ day, entries }))
      .sort((a, b) => (a.day < b.day ? -1 : 1)),
    rules,
    warnings: lintAppraisalPolicy(rules, document),
    document,
  };
}

function parse(
  bytes: Uint8Array,
  path: string,
): { readonly value: AppraisalPolicyDocument; readonly document: PolicyDocument } {
  const parsed = parsePolicyDocument(decodePolicyText(bytes, path), path, { digitKeys: true });
  if ('problems' in parsed) throw new PolicyInvalid(parsed.problems);
  const { document } = parsed;
  const result = appraisalPolicySchema.safeParse(document.value);
  if (result.success) return { value: result.data, document };
  const issues = result.error.issues.slice(0, maximumProblems);
  throw new PolicyInvalid(
    issues.flatMap((issue) => explainIssue(issue, document, appraisalPolicyJsonSchema)),
  );
}

function toRule(
  { name, when, require, warn }: AppraisalPolicyDocument['rules'][number],
  path: HostRule['path'],
  document: PolicyDocument,
): HostRule {
  const labels = Object.entries(when?.labels ?? {});
  return {
    name,
    labels: new Map(labels.map(([label, values]) => [label, typeof values === 'string' ? [values] : values])),
    ...{ require: require ?? null, warn: warn ?? null, path },
    at: document.at(path),
  };
}

/** Reports name rules, so no two may share a name; and a date says nothing of dbx unless the file says what came with it. */
function checkNames({ dbx, rules }: AppraisalPolicyDocument, document: PolicyDocument): PolicyProblem[] {
  const days = Object.keys(dbx);
  const names = rules.map(({ name }) => name);
  const repeated = names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [{ message: `a rule named "${name}" stands further up`, at: document.at(['rules', index, 'name']) }],
  );
  const undated = rules.flatMap((rule, index) =>
    (['require', 'warn'] as const).flatMap((part) => {
      const day = rule[part]?.secureBoot?.dbxDate;
      if (day === undefined || days.includes(day)) return [];
      const message = `no update of ${day} stands under dbx${days.length === 0 ? '' : ` (known: ${days.join(', ')})`}`;
      return [{ message, at: document.at(['rules', index, part, 'secureBoot', 'dbxDate']) }];
    }),
  );
  return [...repeated, ...undated].slice(0, maximumProblems);
}
