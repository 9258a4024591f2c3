import {
  maximumProblems,
  parsePolicyDocument,
  type PolicyDocument,
  type PolicyProblem,
} from '../policy/document.ts';
import { explainIssue } from '../policy/explain-issue.ts';
import { decodePolicyText, PolicyInvalid } from '../policy/policy-text.ts';
import { suggestion } from '../policy/suggestion.ts';
import type { ReasonCode } from '../reasons.ts';
import type { AppraisalPolicy } from './appraisal-policy.ts';
import { describedHost } from './described-host.ts';
import {
  type HostCaseDocument,
  type HostTestDocument,
  hostTestJsonSchema,
  hostTestSchema,
} from './host-test-schema.ts';
import type { ProvedHost } from './proved-host.ts';

/** What a policy about hosts is to say of them: a test file, parsed. */
export interface HostTest {
  /** Path of the policy, as the test file has it. */
  readonly policy: string;
  readonly policyAt: string;
  readonly cases: readonly HostTestCase[];
}

export interface HostTestCase {
  readonly name: string;
  /** `file:line:column`. */
  readonly at: string;
  readonly subject:
    | { readonly kind: 'described'; readonly host: ProvedHost }
    | {
        readonly kind: 'evidence';
        readonly path: string;
        readonly enrolment: ProvedHost['enrolment'];
        /** Of the extension events. */
        readonly measurePcr: number;
      };
  readonly labels: ReadonlyMap<string, string>;
  readonly expected: HostExpectation;
  /** Where the case names its rule. */
  readonly ruleAt: string;
}

/** The answer that a case wants; null: whichever. */
export interface HostExpectation {
  readonly verdict: 'trustworthy' | 'not-trustworthy' | 'undecided';
  readonly code: ReasonCode | null;
  readonly warns: readonly ReasonCode[] | null;
  readonly rule: string | null;
}

/**
 * Parses a test file of an AppraisalPolicy. Nothing is ignored: what is not known is a problem.
 *
 * @param path the file's name in places.
 * @throws PolicyInvalid with the problems found.
 */
export function parseHostTest(bytes: Uint8Array, path: string): HostTest {
  const { value, document } = parse(bytes, path);
  const names = value.cases.map(({ name }) => name);
  const problems = names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [{ message: `a case named "${name}" stands further up`, at: document.at(['cases', index, 'name']) }],
  );
  if (problems.length > 0) throw new PolicyInvalid(problems.slice(0, maximumProblems));
  return {
    policy: value.policy,
    policyAt: document.at(['policy']),
    cases: value.cases.map((one, index) => toCase(one, index, document)),
  };
}

function parse(
  bytes: Uint8Array,
  path: string,
): { readonly value: HostTestDocument; readonly document: PolicyDocument } {
  const parsed = parsePolicyDocument(decodePolicyText(bytes, path), path, { digitKeys: true });
  if ('problems' in parsed) throw new PolicyInvalid(parsed.problems);
  const { document } = parsed;
  const result = hostTestSchema.safeParse(document.value);
  if (result.success) return { value: result.data, document };
  const issues = result.error.issues.slice(0, maximumProblems);
  throw new PolicyInvalid(issues.flatMap((issue) => explainIssue(issue, document, hostTestJsonSchema)));
}

function toCase(
  {
    name,
    host,
    evidence = '',
    enrolment,
    pcr = 13,
    labels = {},
    expect,
    code,
    warns,
    rule,
  }: HostCaseDocument,
  index: number,
  document: PolicyDocument,
): HostTestCase {
  return {
    name,
    at: document.at(['cases', index]),
    subject:
      host === undefined
        ? { kind: 'evidence', path: evidence, enrolment: enrolment ?? null, measurePcr: pcr }
        : { kind: 'described', host: describedHost(host) },
    labels: new Map(Object.entries(labels)),
    expected: { verdict: expect, code: code ?? null, warns: warns ?? null, rule: rule ?? null },
    ruleAt: document.at(['cases', index, 'rule']),
  };
}

/** Rules that the test names and the policy does not have; a test with one says nothing about this policy. */
export function checkHostTestNames({ cases }: HostTest, policy: AppraisalPolicy): readonly PolicyProblem[] {
  const known = policy.rules.map(({ name }) => name);
  return cases
    .flatMap(({ expected: { rule }, ruleAt }) =>
      rule === null || known.includes(rule)
        ? []
        : [
            {
              message: `no rule of the policy "${policy.name}" is named ${JSON.stringify(rule.slice(0, 64))}${suggestion(rule, known)}`,
              at: ruleAt,
            },
          ],
    )
    .slice(0, maximumProblems);
}
