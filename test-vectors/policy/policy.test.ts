import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { parseHex } from '../../verifier/bytes/hex.ts';
import { decide } from '../../verifier/policy/decide.ts';
import type { ImageFacts } from '../../verifier/policy/facts.ts';
import { loadPolicy } from '../../verifier/policy/load.ts';
import { PolicyInvalid } from '../../verifier/policy/policy-text.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { type Reason, reason, type ReasonCode, reasonSentences } from '../../verifier/reasons.ts';
import { makePolicyGroup } from '../generate/policy.ts';
import { type PolicyCase, policyGroupShape, policySchemaText } from '../generate/policy-group.ts';
import { filesIn } from '../generate/policy-files.ts';

const directory = join('test-vectors', 'policy');
const group = policyGroupShape.parse(JSON.parse(readFileSync(join(directory, 'policy.json'), 'utf8')));
const { cases, notes } = group;

function load(text: string): Promise<Policy> {
  return loadPolicy({
    text: Buffer.from(text),
    path: 'policy.yaml',
    files: filesIn(directory),
  });
}

function isReasonCode(code: string): code is ReasonCode {
  return Object.hasOwn(reasonSentences, code);
}

function toReasons(codes: readonly string[]): Reason[] {
  return codes.filter(isReasonCode).map((code) => reason(code, reasonSentences[code]));
}

function toFacts({ signature, rootHash, ...facts }: NonNullable<PolicyCase['inputs']['facts']>): ImageFacts {
  const hash = (text: string) => parseHex(text, 'vector', 32);
  return {
    ...facts,
    rootHash: rootHash === null ? null : hash(rootHash),
    signature: {
      signers: signature.signers.map(({ sha256, key, trustedBy, distrustedBy }) => ({
        ...{ sha256: hash(sha256), key: hash(key) },
        trustedBy: new Map(Object.entries(trustedBy)),
        distrustedBy: new Map(Object.entries(distrustedBy).map(([set, codes]) => [set, toReasons(codes)])),
      })),
      reasons: toReasons(signature.reasons),
    },
  };
}

async function outcome({ policy, facts, context }: PolicyCase['inputs']): Promise<PolicyCase['expect']> {
  try {
    const loaded = await load(policy);
    assert.ok(facts !== null, 'a policy loads that must not');
    const { verdict, rule, reasons } = decide(loaded, toFacts(facts), {
      now: new Date(context.now),
      labels: new Map(Object.entries(context.labels)),
    });
    if (verdict === 'accepted') return { verdict, rule: rule ?? '', code: null, stage: null };
    const [{ code, at } = { code: '', at: null }] = reasons;
    return { verdict, rule, code, at, stage: 'policy' };
  } catch (error) {
    if (!(error instanceof PolicyInvalid)) throw error;
    return { verdict: 'invalid', code: null, at: error.problems.map(({ at }) => at), stage: 'load' };
  }
}

for (const { id, comment, inputs, expect } of cases) {
  test(`${id} (${comment}): ${expect.code ?? expect.verdict}`, async () => {
    assert.deepEqual(await outcome(inputs), expect);
  });
}

test('every file is used, every identifier is there once', () => {
  const texts = cases.map(({ inputs }) => inputs.policy).join('\n');
  const files = readdirSync(directory).filter((name) => !['policy.json', 'policy.test.ts'].includes(name));
  for (const name of files) assert.ok(texts.includes(name), name);
  assert.equal(new Set(cases.map(({ id }) => id)).size, cases.length);
});

test('every flag has a note, every note a case', () => {
  assert.deepEqual([...new Set(cases.flatMap(({ flags }) => flags))].sort(), Object.keys(notes).sort());
});

test('at least a fifth of the cases are accepted', () => {
  const accepted = cases.filter(({ expect }) => expect.verdict === 'accepted');
  assert.ok(accepted.length * 5 >= cases.length, `${accepted.length} of ${cases.length}`);
});

test('the cases are those that the generator makes, the JSON Schema is that of the code', () => {
  assert.deepEqual(group, makePolicyGroup());
  const schema = readFileSync(join('test-vectors', 'schemas', 'policy.schema.json'), 'utf8');
  assert.equal(schema, policySchemaText());
});

test('a group with a key that nobody reads, or without cases, is no group', () => {
  assert.throws(() => policyGroupShape.parse({ ...group, cases: [] }));
  assert.throws(() => policyGroupShape.parse({ ...group, extra: 1 }));
  assert.throws(() => policyGroupShape.parse({ ...group, cases: [{ ...cases[0], extra: 1 }] }));
});
