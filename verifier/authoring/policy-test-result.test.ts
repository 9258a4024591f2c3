import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Policy } from '../policy/policy.ts';
import { trustOnlyPolicy } from '../policy/trust-only-policy.ts';
import { reason, type ReasonCode } from '../reasons.ts';
import type { Expectation, PolicyTestCase } from './policy-test.ts';
import { type Answer, caseError, findUntested, judgeCase } from './policy-test-result.ts';

const simple = trustOnlyPolicy([]);
const rules = ['tools', 'site'].map((name, index) => ({
  ...simple.rules[0]!,
  name,
  at: `edge.yaml:${index + 7}:5`,
}));
const policy: Policy = { ...simple, rules };

function expecting(expected: Partial<Expectation>): PolicyTestCase {
  return {
    ...{ name: 'a', at: 'edge.test.yaml:5:5', now: null, labels: new Map(), accepted: null },
    subject: { kind: 'image', path: 'x.raw', class: null },
    expected: { verdict: 'accepted', code: null, rule: null, ...expected },
  };
}

const accepted: Answer = { verdict: 'accepted', rule: 'tools', reasons: [] };
const refusedWith = (...codes: readonly ReasonCode[]): Answer => ({
  ...{ verdict: 'refused', rule: 'tools' },
  reasons: codes.map((code) => reason(code, 'why')),
});

const judged: readonly (readonly [expected: Partial<Expectation>, answer: Answer, result: string])[] = [
  [{}, accepted, 'passed'],
  [{ rule: 'tools' }, accepted, 'passed'],
  [{ rule: 'site' }, accepted, 'failed'],
  [{}, refusedWith('unsigned'), 'failed'],
  [{ verdict: 'refused' }, accepted, 'failed'],
  [{ verdict: 'refused' }, refusedWith('unsigned'), 'passed'],
  [{ verdict: 'refused', code: 'unsigned' }, refusedWith('unsigned'), 'passed'],
  [{ verdict: 'refused', code: 'unsigned' }, refusedWith('downgrade', 'unsigned'), 'passed'],
  [{ verdict: 'refused', code: 'unsigned' }, refusedWith('signer-untrusted'), 'failed'],
  [{ verdict: 'refused', code: 'unsigned', rule: 'site' }, refusedWith('unsigned'), 'failed'],
  [{ verdict: 'refused', rule: 'tools' }, { ...refusedWith('unsigned'), rule: null }, 'failed'],
];

for (const [expected, answer, result] of judged) {
  test(`${JSON.stringify(expected)} and ${answer.verdict} with ${JSON.stringify(answer.reasons.map(({ code }) => code))} by ${answer.rule ?? 'none'}: ${result}`, () => {
    assert.equal(judgeCase(expecting(expected), answer, policy).result, result);
  });
}

test('a result has the places of the case and of the rule', () => {
  const { at, answer } = judgeCase(expecting({}), accepted, policy);
  assert.equal(at, 'edge.test.yaml:5:5');
  assert.equal(answer?.ruleAt, 'edge.yaml:7:5');
  assert.equal(judgeCase(expecting({}), { ...accepted, rule: null }, policy).answer?.ruleAt, null);
});

test('a refusal that any reason satisfies is advised to name one; others are not', () => {
  const advice = (expected: Partial<Expectation>, answer: Answer) =>
    judgeCase(expecting(expected), answer, policy).advice;
  assert.match(advice({ verdict: 'refused' }, refusedWith('downgrade'))!, /code: downgrade/);
  assert.equal(advice({ verdict: 'refused', code: 'downgrade' }, refusedWith('downgrade')), null);
  assert.equal(advice({}, refusedWith('downgrade')), null);
  assert.equal(advice({}, accepted), null);
});

test('rules that decided no case are found; a case without an answer decides nothing', () => {
  const passed = judgeCase(expecting({}), accepted, policy);
  const error = caseError(expecting({ rule: 'site' }), 'cannot be read');
  assert.deepEqual(findUntested(policy, [passed, error]), [
    { message: 'no case is decided by the rule "site"', at: 'edge.yaml:8:5' },
  ]);
  assert.equal(error.result, 'error');
  assert.equal(error.answer, null);
});
