import { dirname, isAbsolute, join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { answerOf } from '../../verifier/appraisal/answer.ts';
import { explainHost } from '../../verifier/appraisal/explain-host.ts';
import type { AppraisalPolicy } from '../../verifier/appraisal-policy/appraisal-policy.ts';
import {
  checkAppraisalPolicy,
  type HostVerdict,
} from '../../verifier/appraisal-policy/check-appraisal-policy.ts';
import {
  checkHostTestNames,
  type HostTest,
  type HostTestCase,
  parseHostTest,
} from '../../verifier/appraisal-policy/host-test.ts';
import { type Answer, caseError, judgeCase } from '../../verifier/authoring/policy-test-result.ts';
import { CouldNotDecide, Malformed } from '../../verifier/bytes/failures.ts';
import { maximumEvidenceBytes } from '../../verifier/evidence/evidence.ts';
import { PolicyInvalid } from '../../verifier/policy/policy-text.ts';
import { now } from '../os/clock.ts';
import { readBounded } from '../os/durable-file.ts';
import { readAppraisalPolicy } from './appraisal-policy-file.ts';
import type { Output } from './output.ts';
import type { CaseReport, TestReport } from './policy-test-report.ts';

/**
 * Asks the AppraisalPolicy of a test file about all its cases.
 *
 * @throws PolicyInvalid if the test or the policy cannot be used.
 */
export async function runHostTest(
  text: Uint8Array,
  file: string,
  output: Output,
): Promise<Pick<TestReport, 'policy' | 'cases'>> {
  const test = parseHostTest(text, file);
  const policy = await readTestedPolicy(test, file, output);
  const problems = checkHostTestNames(test, policy);
  if (problems.length > 0) throw new PolicyInvalid(problems);
  const tested = { ...policy, mode: null };
  const cases: CaseReport[] = [];
  for (const one of test.cases) {
    const start = performance.now();
    const answer = await answerCase(one, policy, dirname(file));
    const result = typeof answer === 'string' ? caseError(one, answer) : judgeCase(one, answer, tested);
    cases.push({ ...result, seconds: (performance.now() - start) / 1000 });
  }
  return { policy: tested, cases };
}

async function readTestedPolicy(test: HostTest, file: string, output: Output): Promise<AppraisalPolicy> {
  try {
    return await readAppraisalPolicy(besides(dirname(file), test.policy), { policyTrust: [] }, output);
  } catch (error) {
    if (!(error instanceof CouldNotDecide)) throw error;
    throw new PolicyInvalid([{ message: error.message, at: test.policyAt }]);
  }
}

/** The answer, or why there is none. */
async function answerCase(
  { subject, labels }: HostTestCase,
  policy: AppraisalPolicy,
  directory: string,
): Promise<Answer | string> {
  if (subject.kind === 'described') return toAnswer(checkAppraisalPolicy(policy, subject.host, labels));
  const { path, enrolment, measurePcr } = subject;
  try {
    const evidence = await readBounded(besides(directory, path), maximumEvidenceBytes);
    const context = { labels, enrolment: enrolment ?? undefined, now: now(), measurePcr };
    const explanation = explainHost(evidence, policy, context);
    return explanation.asked
      ? toAnswer(explanation)
      : `the evidence proves nothing: ${explanation.reasons[0]?.message ?? ''}`;
  } catch (error) {
    if (error instanceof CouldNotDecide || error instanceof Malformed) return error.message;
    throw error;
  }
}

function toAnswer({ reasons, warnings, rules }: HostVerdict): Answer {
  const about = rules.filter(({ mismatches }) => mismatches.length === 0).map(({ name }) => name);
  return { verdict: answerOf(reasons), rule: null, rules: about, reasons, warnings };
}

function besides(directory: string, path: string): string {
  return isAbsolute(path) ? path : join(directory, path);
}
