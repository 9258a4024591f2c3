import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { checkAppraisalPolicy } from '../../verifier/appraisal-policy/check-appraisal-policy.ts';
import { describedHost } from '../../verifier/appraisal-policy/described-host.ts';
import { loadAppraisalPolicy } from '../../verifier/appraisal-policy/load-appraisal-policy.ts';
import type { ProvedHost } from '../../verifier/appraisal-policy/proved-host.ts';
import { answerOf } from '../../verifier/appraisal/answer.ts';
import { readFirmwareLog } from '../../verifier/firmware-log/read-firmware-log.ts';
import { PolicyInvalid } from '../../verifier/policy/policy-text.ts';
import { makeHostGroup } from '../generate/appraisal-policy.ts';
import {
  type HostCase,
  type HostGroupText,
  hostGroupSchemaText,
  hostGroupShape,
} from '../generate/appraisal-policy-group.ts';
import { expectedOf, genuineDirectory } from '../generate/log-genuine.ts';
import { quoteOf } from '../generate/log-quote.ts';

const directory = join('test-vectors', 'appraisal-policy');
const text = JSON.parse(readFileSync(join(directory, 'appraisal-policy.json'), 'utf8')) as HostGroupText;
const { cases, notes } = hostGroupShape.parse(text);

function toHost({ host, log }: HostCase['inputs']): ProvedHost {
  assert.ok(host !== null, 'a policy loads that must not');
  const described = describedHost(host);
  if (log === null) return described;
  const pcrs = new Map(expectedOf(log.replace(/\.bin$/, '')).pcrs.get('sha256'));
  const bytes = new Uint8Array(readFileSync(join(genuineDirectory, log)));
  const verdict = readFirmwareLog(bytes, quoteOf('sha256', pcrs));
  assert.ok(verdict.read);
  return { ...described, firmware: verdict.log };
}

function outcome(inputs: HostCase['inputs']): HostCase['expect'] {
  try {
    const policy = loadAppraisalPolicy({ text: Buffer.from(inputs.policy), path: 'policy.yaml' });
    const labels = new Map(Object.entries(inputs.labels));
    const found = checkAppraisalPolicy(policy, toHost(inputs), labels);
    const [reasons, warnings] = [found.reasons, found.warnings].map((list) => list.map(({ code }) => code));
    const said = { reasons: reasons ?? [], warnings: warnings ?? [] };
    const verdict = answerOf(found.reasons);
    if (verdict === 'trustworthy') return { verdict, ...said, at: null, stage: null };
    return { verdict, ...said, at: found.reasons[0]?.at ?? null, stage: 'policy' };
  } catch (error) {
    if (!(error instanceof PolicyInvalid)) throw error;
    return { verdict: 'invalid', at: error.problems.map(({ at }) => at), stage: 'load' };
  }
}

for (const { id, comment, inputs, expect } of cases) {
  test(`${id} (${comment}): ${expect.verdict}`, () => {
    assert.deepEqual(outcome(inputs), expect);
  });
}

test('there is no other file, and every identifier is there once', () => {
  assert.deepEqual(readdirSync(directory).sort(), ['appraisal-policy.json', 'appraisal-policy.test.ts']);
  assert.equal(new Set(cases.map(({ id }) => id)).size, cases.length);
});

test('every flag has a note, every note a case', () => {
  assert.deepEqual([...new Set(cases.flatMap(({ flags }) => flags))].sort(), Object.keys(notes).sort());
});

test('at least a fifth of the cases are trusted', () => {
  const trusted = cases.filter(({ expect }) => expect.verdict === 'trustworthy');
  assert.ok(trusted.length * 5 >= cases.length, `${trusted.length} of ${cases.length}`);
});

test('the cases are those that the generator makes, the JSON Schema is that of the code', () => {
  assert.deepEqual(text, JSON.parse(JSON.stringify(makeHostGroup())));
  const schema = readFileSync(join('test-vectors', 'schemas', 'appraisal-policy.schema.json'), 'utf8');
  assert.equal(schema, hostGroupSchemaText());
});

test('a group with a key that nobody reads, or without cases, is no group', () => {
  assert.throws(() => hostGroupShape.parse({ ...text, cases: [] }));
  assert.throws(() => hostGroupShape.parse({ ...text, extra: 1 }));
  assert.throws(() => hostGroupShape.parse({ ...text, cases: [{ ...text.cases[0], extra: 1 }] }));
});
