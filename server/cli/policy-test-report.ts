import type { JunitSuite } from '../../verifier/authoring/junit.ts';
import {
  type CaseResult,
  findUntested,
  type TestedExpectation,
  type TestedPolicy,
} from '../../verifier/authoring/policy-test-result.ts';
import type { PolicyProblem } from '../../verifier/policy/document.ts';
import { type ExitCode, exitCodes, fields, printable } from './output.ts';
import { reasonText } from './verdict-report.ts';

/** How the cases of one test file went. */
export interface TestReport {
  /** As the user named it. */
  readonly file: string;
  /** Null if nothing was tested. */
  readonly policy: TestedPolicy | null;
  readonly cases: readonly CaseReport[];
  /** Why nothing was tested: the test file or the policy is not valid, or the test file cannot be read. */
  readonly failure: {
    readonly kind: 'invalid' | 'unreadable';
    readonly problems: readonly PolicyProblem[];
  } | null;
}

export type CaseReport = CaseResult & { readonly seconds: number };

/** The worst that happened: an answer that is missing outweighs a wrong file, and that a wrong answer. */
export function exitCodeOf(reports: readonly TestReport[]): ExitCode {
  const results = reports.flatMap(({ cases }) => cases.map(({ result }) => result));
  const failures = reports.map(({ failure }) => failure?.kind);
  if (results.includes('error') || failures.includes('unreadable')) return exitCodes.couldNotDecide;
  if (failures.includes('invalid')) return exitCodes.usage;
  return results.includes('failed') ? exitCodes.no : exitCodes.yes;
}

/** The document of `policy test --json`; its names are scripted against. */
export function toTestDocument(reports: readonly TestReport[]): unknown {
  return {
    files: reports.map(({ file, policy, cases, failure }) => ({
      file,
      policy:
        policy === null
          ? null
          : {
              ...{ path: policy.path, name: policy.name, version: policy.version },
              ...{ sha256: policy.sha256, mode: policy.mode },
            },
      problems: failure?.problems ?? [],
      cases,
    })),
    warnings: untestedRules(reports),
    summary: countResults(reports),
  };
}

function countResults(reports: readonly TestReport[]): Record<'cases' | CaseResult['result'], number> {
  const results = reports.flatMap(({ cases }) => cases.map(({ result }) => result));
  const count = (wanted: CaseResult['result']): number => results.filter((one) => one === wanted).length;
  return { cases: results.length, passed: count('passed'), failed: count('failed'), error: count('error') };
}

/** The rules that decide no case of any file about their policy. */
function untestedRules(reports: readonly TestReport[]): readonly PolicyProblem[] {
  return testedPolicies(reports).flatMap((policy) =>
    findUntested(
      policy,
      reports.filter((report) => report.policy?.path === policy.path).flatMap(({ cases }) => cases),
    ),
  );
}

function testedPolicies(reports: readonly TestReport[]): readonly TestedPolicy[] {
  const policies = reports.flatMap(({ policy }) => policy ?? []);
  return [...new Map(policies.map((policy) => [policy.path, policy])).values()];
}

/** A test file's cases for people, a line each; more where a case went otherwise than expected. */
export function testText({ file, policy, cases, failure }: TestReport): string {
  const what = policy === null ? 'could not be used' : policyText(policy);
  return [
    `${printable(`${file}: ${what}`)}\n`,
    ...(failure?.problems ?? []).map(({ at, message }) => `  ${printable(`${at}: ${message}`)}\n`),
    ...cases.map(caseText),
  ].join('');
}

function policyText({ path, name, version, mode }: TestedPolicy): string {
  return `${path ?? ''} (${name}, version ${version}${mode === 'audit' ? ', mode audit' : ''})`;
}

const marks = { passed: 'ok    ', failed: 'FAILED', error: 'ERROR ' } as const;

function caseText(one: CaseReport): string {
  const line = `  ${marks[one.result]}  ${printable(one.name)}${one.advice === null ? '' : ` (${printable(one.advice)})`}\n`;
  return one.result === 'passed' ? line : `${line}${fields(difference(one), '            ')}`;
}

/** What was expected and what came instead, with the places to look at. */
function difference({ at, expected, answer, error }: CaseResult): readonly (readonly [string, string])[] {
  return [
    ['expected', `${expectationText(expected)} (${at})`],
    ['got', answer === null ? `no answer: ${error ?? ''}` : answerText(answer)],
    ...(answer?.reasons ?? []).map((why) => ['because', reasonText(why)] as const),
    ...(answer?.warnings ?? []).map((one) => ['warning', reasonText(one)] as const),
  ];
}

function expectationText({ verdict, rule, code, warns }: TestedExpectation): string {
  const warned = (warns ?? null) === null ? '' : `, warned of ${warns?.join(', ') || 'nothing'}`;
  return `${verdict}${rule === null ? '' : ` by the rule "${rule}"`}${code === null ? '' : ` with ${code}`}${warned}`;
}

function answerText({ verdict, rule, rules, ruleAt, reasons }: NonNullable<CaseResult['answer']>): string {
  const codes = [...new Set(reasons.map(({ code }) => code))].join(', ');
  if (rules !== undefined) {
    const about = rules.length === 0 ? ' by no rule' : ` by ${rules.map((one) => `"${one}"`).join(', ')}`;
    return `${verdict}${about}${codes === '' ? '' : ` with ${codes}`}`;
  }
  const by = rule === null ? ' by no rule' : ` by the rule "${rule}"`;
  return `${verdict}${by}${codes === '' ? '' : ` with ${codes}`}${ruleAt === null ? '' : ` (${ruleAt})`}`;
}

/** What nobody tested, and a last line with the numbers. */
export function summaryText(reports: readonly TestReport[]): string {
  const { cases, passed, failed, error } = countResults(reports);
  const warnings = untestedRules(reports);
  const rules = testedPolicies(reports).reduce((sum, policy) => sum + policy.rules.length, 0);
  const untested = reports.filter(({ failure }) => failure !== null).length;
  return [
    ...warnings.map(({ at, message }) => `${printable(`${at}: warning: ${message}`)}\n`),
    `${cases} ${cases === 1 ? 'case' : 'cases'}: ${passed} as expected, ${failed} not`,
    error === 0 ? '' : `, ${error} without an answer`,
    `; ${rules - warnings.length} of ${rules} ${rules === 1 ? 'rule' : 'rules'} tested`,
    untested === 0 ? '' : `; ${untested} of ${reports.length} files could not be used`,
    '\n',
  ].join('');
}

/** A test file as a suite of JUnit's. One that could not be used is a case without an answer, so that nobody misses it. */
export function toJunit({ file, policy, cases, failure }: TestReport): JunitSuite {
  const subject = policy?.name ?? file;
  if (failure === null) return { name: file, cases: cases.map((one) => toJunitCase(one, subject)) };
  const message = failure.problems.map(({ at, message }) => `${at}: ${message}`).join('\n');
  const at = failure.problems[0]?.at ?? `${file}:1:1`;
  const problem = { kind: 'error', message } as const;
  return { name: file, cases: [{ name: 'the test file and its policy', subject, at, seconds: 0, problem }] };
}

function toJunitCase(one: CaseReport, subject: string): JunitSuite['cases'][number] {
  const { name, at, seconds, result } = one;
  const lines = difference(one).map(([label, value]) => `${label} ${value}`);
  const [expected = '', got = '', ...because] = lines;
  const message = [`${expected}, ${got}`, ...because].join('\n');
  const kind = result === 'error' ? 'error' : 'failure';
  return { name, subject, at, seconds, problem: result === 'passed' ? null : { kind, message } };
}
