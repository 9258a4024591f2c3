import type { PolicyProblem } from '../policy/document.ts';
import type { Policy } from '../policy/policy.ts';
import type { Reason } from '../reasons.ts';
import type { Expectation, PolicyTestCase } from './policy-test.ts';

/** What the policy said of a case; `Verdict` and `ImageVerdict` have it. */
export interface Answer {
  readonly verdict: 'accepted' | 'refused';
  readonly rule: string | null;
  readonly reasons: readonly Reason[];
}

/** A case and how it went. */
export interface CaseResult {
  readonly name: string;
  /** `file:line:column` of the case. */
  readonly at: string;
  readonly result: 'passed' | 'failed' | 'error';
  readonly expected: Expectation;
  /** Null if there was none: the image cannot be read. */
  readonly answer: (Answer & { readonly ruleAt: string | null }) | null;
  /** Why there was no answer. */
  readonly error: string | null;
  /** What would make the case say more. */
  readonly advice: string | null;
}

/** Compares what the policy said with what the case expects: the verdict always, code and rule where they are given. */
export function judgeCase(
  { name, at, expected }: PolicyTestCase,
  answer: Answer,
  policy: Policy,
): CaseResult {
  const { verdict, rule, reasons } = answer;
  const ruleAt = policy.rules.find((one) => one.name === rule)?.at ?? null;
  const passed =
    expected.verdict === verdict &&
    (expected.code === null || reasons.some(({ code }) => code === expected.code)) &&
    (expected.rule === null || expected.rule === rule);
  return {
    ...{ name, at, expected, error: null },
    result: passed ? 'passed' : 'failed',
    // A verdict on a real image has more; here it is no ticket to anything.
    answer: { verdict, rule, ruleAt, reasons },
    advice: passed ? advise(expected, answer) : null,
  };
}

/** The result of a case whose image cannot be read. */
export function caseError({ name, at, expected }: PolicyTestCase, error: string): CaseResult {
  return { name, at, expected, result: 'error', answer: null, error, advice: null };
}

// A refusal for another reason than the author thinks of is the usual way for a test to pass and mean nothing.
function advise({ verdict, code }: Expectation, { reasons }: Answer): string | null {
  const [first] = reasons;
  return verdict === 'refused' && code === null && first !== undefined
    ? `any refusal will do; say which with code: ${first.code}`
    : null;
}

/** The rules that decided none of the cases. */
export function findUntested(policy: Policy, results: readonly CaseResult[]): readonly PolicyProblem[] {
  const decided = new Set(results.map(({ answer }) => answer?.rule));
  return policy.rules
    .filter(({ name }) => !decided.has(name))
    .map(({ name, at }) => ({ message: `no case is decided by the rule "${name}"`, at: at ?? '' }));
}
