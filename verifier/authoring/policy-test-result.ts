import type { PolicyProblem } from '../policy/document.ts';
import type { Policy } from '../policy/policy.ts';
import type { Reason, ReasonCode } from '../reasons.ts';
import type { PolicyTestCase } from './policy-test.ts';

/** The answers that policies give: about an image, and about a host. */
export type TestedVerdict = 'accepted' | 'refused' | 'trustworthy' | 'not-trustworthy' | 'undecided';

/** What the policy said of a case; `Verdict` and `ImageVerdict` have it. */
export interface Answer {
  readonly verdict: TestedVerdict;
  readonly rule: string | null;
  /** Where every rule that is about the subject counts: these. */
  readonly rules?: readonly string[];
  readonly reasons: readonly Reason[];
  /** What was only warned of, where policies warn. */
  readonly warnings?: readonly Reason[];
}

/** What a case of any kind wants; null: whichever. */
export interface TestedExpectation {
  readonly verdict: TestedVerdict;
  readonly code: ReasonCode | null;
  readonly rule: string | null;
  readonly warns?: readonly ReasonCode[] | null;
}

/** What reports and comparisons need of a policy of any kind. */
export interface TestedPolicy {
  readonly name: string;
  readonly version: number;
  readonly sha256: string;
  readonly path: string | null;
  /** Null where its kind has none. */
  readonly mode: Policy['mode'] | null;
  readonly rules: readonly { readonly name: string; readonly at: string | null }[];
}

/** A case and how it went. */
export interface CaseResult {
  readonly name: string;
  /** `file:line:column` of the case. */
  readonly at: string;
  readonly result: 'passed' | 'failed' | 'error';
  readonly expected: TestedExpectation;
  /** Null if there was none: the image cannot be read. */
  readonly answer: (Answer & { readonly ruleAt: string | null }) | null;
  /** Why there was no answer. */
  readonly error: string | null;
  /** What would make the case say more. */
  readonly advice: string | null;
}

type TestedCase = Pick<PolicyTestCase, 'name' | 'at'> & { readonly expected: TestedExpectation };

/** Compares what the policy said with what the case expects: the verdict always, code and rule where they are given. */
export function judgeCase(
  { name, at, expected }: TestedCase,
  answer: Answer,
  policy: TestedPolicy,
): CaseResult {
  const { verdict, rule, rules = [], reasons, warnings = [] } = answer;
  const ruleAt = policy.rules.find((one) => one.name === rule)?.at ?? null;
  const passed =
    expected.verdict === verdict &&
    (expected.code === null || reasons.some(({ code }) => code === expected.code)) &&
    (expected.rule === null || expected.rule === rule || rules.includes(expected.rule)) &&
    sameCodes(expected.warns ?? null, warnings);
  return {
    ...{ name, at, expected, error: null },
    result: passed ? 'passed' : 'failed',
    // A verdict on a real image has more; here it is no ticket to anything.
    answer: {
      ...{ verdict, rule, ruleAt, reasons },
      ...(answer.rules === undefined ? {} : { rules, warnings }),
    },
    advice: passed ? advise(expected, answer) : null,
  };
}

/** The result of a case whose image cannot be read. */
export function caseError({ name, at, expected }: TestedCase, error: string): CaseResult {
  return { name, at, expected, result: 'error', answer: null, error, advice: null };
}

function sameCodes(wanted: readonly ReasonCode[] | null, found: readonly Reason[]): boolean {
  if (wanted === null) return true;
  const codes = new Set(found.map(({ code }) => code));
  return codes.size === new Set(wanted).size && wanted.every((code) => codes.has(code));
}

// A refusal for another reason than the author thinks of is the usual way for a test to pass and mean nothing.
function advise({ verdict, code }: TestedExpectation, { reasons }: Answer): string | null {
  const [first] = reasons;
  return code === null && first !== undefined
    ? `any ${verdict === 'refused' ? 'refusal' : 'reason'} will do; say which with code: ${first.code}`
    : null;
}

/** The rules that decided none of the cases. */
export function findUntested(policy: TestedPolicy, results: readonly CaseResult[]): readonly PolicyProblem[] {
  const decided = new Set(results.flatMap(({ answer }) => [answer?.rule, ...(answer?.rules ?? [])]));
  return policy.rules
    .filter(({ name }) => !decided.has(name))
    .map(({ name, at }) => ({ message: `no case is decided by the rule "${name}"`, at: at ?? '' }));
}
