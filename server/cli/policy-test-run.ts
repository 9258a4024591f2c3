import { dirname, isAbsolute, join } from 'node:path';
import { performance } from 'node:perf_hooks';

import {
  checkTestNames,
  parsePolicyTest,
  type PolicyTest,
  type PolicyTestCase,
} from '../../verifier/authoring/policy-test.ts';
import { type Answer, caseError, judgeCase } from '../../verifier/authoring/policy-test-result.ts';
import { isHostTest } from '../../verifier/appraisal-policy/policy-kind.ts';
import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { decide } from '../../verifier/policy/decide.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { PolicyInvalid } from '../../verifier/policy/policy-text.ts';
import { now } from '../os/clock.ts';
import { runHostTest } from './host-test-run.ts';
import { readPolicy, readUserFile } from './decision-policy.ts';
import { findNamedImage, verifyNamed } from './named-image.ts';
import type { Output } from './output.ts';
import type { CaseReport, TestReport } from './policy-test-report.ts';
import { makeProgress } from './progress.ts';

/**
 * Asks the policy of a test file about all its cases. A file that cannot be used is reported like a case that fails, so that
 * no report passes over it.
 */
export async function runTestFile(file: string, output: Output): Promise<TestReport> {
  const none = { file, policy: null, cases: [] };
  try {
    const text = await readUserFile(file);
    if (isHostTest(text, file)) return { file, ...(await runHostTest(text, file, output)), failure: null };
    const test = parsePolicyTest(text, file);
    const policy = await readTestedPolicy(test, file, output);
    const cases: CaseReport[] = [];
    for (const one of test.cases) cases.push(await runCase(one, policy, dirname(file), output));
    return { file, policy, cases, failure: null };
  } catch (error) {
    if (error instanceof PolicyInvalid)
      return { ...none, failure: { kind: 'invalid', problems: error.problems } };
    if (error instanceof CouldNotDecide)
      return {
        ...none,
        failure: { kind: 'unreadable', problems: [{ message: error.message, at: `${file}:1:1` }] },
      };
    throw error;
  }
}

async function readTestedPolicy(test: PolicyTest, file: string, output: Output): Promise<Policy> {
  const path = besides(dirname(file), test.policy);
  let policy: Policy;
  try {
    policy = await readPolicy(path, { policyTrust: [] }, output);
  } catch (error) {
    if (!(error instanceof CouldNotDecide)) throw error;
    throw new PolicyInvalid([{ message: error.message, at: test.policyAt }]);
  }
  const problems = checkTestNames(test, policy);
  if (problems.length > 0) throw new PolicyInvalid(problems);
  return policy;
}

async function runCase(
  one: PolicyTestCase,
  policy: Policy,
  directory: string,
  output: Output,
): Promise<CaseReport> {
  const start = performance.now();
  const finish = (result: ReturnType<typeof judgeCase>): CaseReport => ({
    ...result,
    seconds: (performance.now() - start) / 1000,
  });
  try {
    return finish(judgeCase(one, await answer(one, policy, directory, output), policy));
  } catch (error) {
    if (!(error instanceof CouldNotDecide)) throw error;
    return finish(caseError(one, error.message));
  }
}

async function answer(
  one: PolicyTestCase,
  policy: Policy,
  directory: string,
  output: Output,
): Promise<Answer> {
  const { subject, labels, accepted } = one;
  const context = { now: one.now ?? now(), labels };
  if (subject.kind === 'described') return decide(policy, subject.facts, context);
  const image = await findNamedImage(besides(directory, subject.path), subject.class ?? undefined);
  const progress = makeProgress(image.path, output);
  const verdict = await verifyNamed(image, {
    ...{ ...context, policy, host: null, acceptedVersion: () => accepted },
    // A block that does not match would be refused when it is read, whatever the policy says.
    full: false,
    onProgress: progress.show,
  });
  progress.clear();
  return verdict;
}

function besides(directory: string, path: string): string {
  return isAbsolute(path) ? path : join(directory, path);
}
