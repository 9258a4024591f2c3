import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { Malformed, Unsupported } from '../../verifier/bytes/failures.ts';
import { parseCertificate } from '../../verifier/trust/certificate.ts';
import { verifyChain } from '../../verifier/trust/chain.ts';
import { parseRevocationLists } from '../../verifier/trust/revocation-list.ts';
import { chainDrafts } from '../generate/chain.ts';
import {
  type ChainCase,
  chainGroupShape,
  type ChainInputs,
  chainSchemaText,
} from '../generate/chain-group.ts';
import { judgeChain } from '../generate/chain-judges.ts';
import { JudgeBench } from '../generate/judges.ts';

const text = readFileSync(join('test-vectors', 'chain', 'chain.json'), 'utf8');
const { cases, notes } = chainGroupShape.parse(JSON.parse(text));
const bench = new JudgeBench();
after(() => bench.remove());

const parse = (base64: string) => parseCertificate(Buffer.from(base64, 'base64'), 'certificate');

function decide({ signer, intermediates, anchors, now, ...inputs }: ChainInputs) {
  const revocationLists =
    inputs.revocationLists?.flatMap((base64) =>
      parseRevocationLists(Buffer.from(base64, 'base64'), 'list'),
    ) ?? null;
  const set = { name: 'vendor', ...inputs, certificates: anchors.map(parse), revocationLists };
  return verifyChain(parse(signer), intermediates.map(parse), set, new Date(now));
}

function outcome(inputs: ChainInputs, { expect }: ChainCase): ChainCase['expect'] {
  try {
    const verdict = decide(inputs);
    if (verdict.ok) {
      const isCounted = expect.verdict !== 'accepted' || expect.length !== null;
      const length = isCounted ? verdict.chain.length : null;
      return { verdict: 'accepted', length, code: null, stage: null };
    }
    const [{ code, message } = { code: '', message: '' }] = verdict.reasons;
    const at = expect.verdict === 'refused' && message.includes(`"${expect.at ?? ''}"`) ? expect.at : null;
    return { verdict: 'refused', code, stage: 'chain', at };
  } catch (error) {
    if (!(error instanceof Malformed || error instanceof Unsupported)) throw error;
    return { verdict: 'refused', code: error.code, stage: 'parse', at: null };
  }
}

for (const one of cases) {
  test(`${one.id} (${one.comment}): ${one.expect.code ?? 'accepted'}`, () => {
    assert.deepEqual(outcome(one.inputs, one), one.expect);
  });
}

test('openssl verify says of every case what the group says that it does', () => {
  for (const { id, inputs, judges } of cases) {
    for (const { purpose, verdict } of judges) assert.equal(judgeChain(bench, inputs, purpose), verdict, id);
  }
});

test('every identifier is there once', () => {
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
  const drafts = cases.map(({ id, comment, flags, inputs, expect }) => ({
    id,
    comment,
    flags,
    inputs,
    expect,
  }));
  assert.deepEqual(drafts, chainDrafts());
  const schema = readFileSync(join('test-vectors', 'schemas', 'chain.schema.json'), 'utf8');
  assert.equal(schema, chainSchemaText());
});

test('a group with a key that nobody reads, or without cases, is no group', () => {
  const group = chainGroupShape.parse(JSON.parse(text));
  assert.throws(() => chainGroupShape.parse({ ...group, cases: [] }));
  assert.throws(() => chainGroupShape.parse({ ...group, extra: 1 }));
  assert.throws(() => chainGroupShape.parse({ ...group, cases: [{ ...cases[0], extra: 1 }] }));
});
