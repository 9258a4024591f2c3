import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { makeQuoteGroup, quoteSchema } from '../../test-vectors/generate/quote.ts';
import { type QuoteGroup, quoteGroupShape } from '../../test-vectors/generate/quote-group.ts';
import { parseBase64 } from '../bytes/base64.ts';
import { type DigestName, isDigestName } from '../bytes/digest.ts';
import { reasonSentences } from '../reasons.ts';
import { parseTpm2bPublic } from './public-area.ts';
import { verifyQuote } from './quote.ts';

const directory = 'test-vectors/quote';
const frozen = quoteGroupShape.parse(JSON.parse(readFileSync(`${directory}/quote.json`, 'utf8')));
const fresh = makeQuoteGroup();

type Vector = QuoteGroup['cases'][number];

function bytes(text: string): Uint8Array {
  return parseBase64(text, 'vector', 8192);
}

function pcrsOf({ pcrs }: Vector['inputs']): Map<DigestName, Map<number, Uint8Array>> {
  const banks = new Map<DigestName, Map<number, Uint8Array>>();
  for (const [bank, values] of Object.entries(pcrs)) {
    assert.ok(isDigestName(bank));
    banks.set(
      bank,
      new Map(Object.entries(values).map(([index, hex]) => [Number(index), Buffer.from(hex, 'hex')])),
    );
  }
  return banks;
}

/** `verified`, or the codes of the reasons. */
function outcome({ inputs }: Vector): string {
  const { requiredPcrs, bank } = inputs;
  const verdict = verifyQuote({
    attested: bytes(inputs.attested),
    signature: bytes(inputs.signature),
    attestationKey: parseTpm2bPublic(bytes(inputs.attestationKey)),
    qualifyingData: bytes(inputs.qualifyingData),
    pcrs: pcrsOf(inputs),
    requiredPcrs,
    bank,
  });
  return verdict.verified ? 'verified' : [...new Set(verdict.reasons.map(({ code }) => code))].join();
}

for (const [kind, { cases }] of [
  ['frozen', frozen],
  ['freshly made', fresh],
] as const) {
  for (const vector of cases) {
    test(`${kind} ${vector.id}: ${vector.comment}`, () => {
      assert.equal(outcome(vector), vector.expect.code ?? vector.expect.verdict);
    });
  }
}

test('the generator still makes the frozen cases', () => {
  const described = ({ cases }: QuoteGroup) =>
    cases.map(({ id, comment, flags, expect }) => ({ id, comment, flags, expect }));
  assert.deepEqual(described(frozen), described(fresh));
  assert.deepEqual(frozen.notes, fresh.notes);
});

test('the schema in the repository is the one of the shape', () => {
  assert.equal(readFileSync('test-vectors/schemas/quote.schema.json', 'utf8'), quoteSchema());
});

test('every file is used, every flag has a note and every note a flag, every id is one case, every code is known', () => {
  assert.deepEqual(readdirSync(directory), ['quote.json']);
  const flags = new Set(frozen.cases.flatMap((vector) => vector.flags));
  assert.deepEqual([...flags].sort(), Object.keys(frozen.notes).sort());
  assert.equal(new Set(frozen.cases.map(({ id }) => id)).size, frozen.cases.length);
  for (const { expect } of frozen.cases)
    assert.ok(expect.code === null || Object.hasOwn(reasonSentences, expect.code));
});

test('a fifth of the cases at least is to be accepted', () => {
  const accepted = frozen.cases.filter(({ expect }) => expect.verdict === 'verified').length;
  assert.ok(
    accepted * 5 >= frozen.cases.length,
    `${accepted.toString()} of ${frozen.cases.length.toString()}`,
  );
});
