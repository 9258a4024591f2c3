import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { fromHex, parseHex } from '../../verifier/bytes/hex.ts';
import { readFirmwareLog } from '../../verifier/firmware-log/read-firmware-log.ts';
import { reasonSentences } from '../../verifier/reasons.ts';
import { genuineDirectory } from '../generate/log-genuine.ts';
import { type LogFacts, type LogGroup, logGroupShape } from '../generate/log-group.ts';
import { quoteOf } from '../generate/log-quote.ts';
import { logSchema, makeLogGroup } from '../generate/log.ts';

const directory = 'test-vectors/log';
const group = logGroupShape.parse(JSON.parse(readFileSync(`${directory}/log.json`, 'utf8')));

type Vector = LogGroup['cases'][number];

function bytesOf(hex: string): Uint8Array {
  return fromHex(parseHex(hex, 'vector'));
}

function byIndex<Value, Read>(
  values: Record<string, Value>,
  read: (value: Value) => Read,
): Map<number, Read> {
  return new Map(Object.entries(values).map(([index, value]) => [Number(index), read(value)]));
}

/** The code, or the facts that the group has. */
function outcome({ inputs: { log, bank, pcrs, continued } }: Vector): string | LogFacts {
  const bytes =
    'file' in log ? readFileSync(`${genuineDirectory}/${log.file}`) : Buffer.from(log.base64, 'base64');
  const quote = quoteOf(bank, byIndex(pcrs, bytesOf));
  const verdict = readFirmwareLog(
    new Uint8Array(bytes),
    quote,
    byIndex(continued, (digests) => digests.map(bytesOf)),
  );
  if (!verdict.read) return [...new Set(verdict.reasons.map(({ code }) => code))].join();
  const { secureBoot, images, commands, sections } = verdict.log.facts;
  return {
    secureBoot: secureBoot.known ? secureBoot.enabled : null,
    dbx: secureBoot.known ? secureBoot.dbx.length : null,
    authorities: secureBoot.known ? secureBoot.authorities.map(({ variable }) => variable) : null,
    images: images.map(({ digest }) => digest),
    commands: commands.length,
    sections: sections.map(({ name }) => name),
  };
}

for (const vector of group.cases) {
  test(`${vector.id}: ${vector.comment}`, () => {
    const { expect } = vector;
    assert.deepEqual(outcome(vector), expect.verdict === 'read' ? expect.facts : expect.code);
  });
}

test('the generator still makes the group and its schema', () => {
  assert.deepEqual(makeLogGroup(), group);
  assert.equal(readFileSync('test-vectors/schemas/log.schema.json', 'utf8'), logSchema());
});

test('every file is used, every flag has a note and every note a flag, every id is one case, every code is known', () => {
  const used = group.cases.flatMap(({ inputs: { log } }) => ('file' in log ? [log.file] : []));
  const expected = [...new Set(used)].flatMap((file) => [file, file.replace(/bin$/, 'expected')]);
  assert.deepEqual(readdirSync(genuineDirectory).sort(), [...expected, 'LICENSE'].sort());
  const flags = new Set(group.cases.flatMap((vector) => vector.flags));
  assert.deepEqual([...flags].sort(), Object.keys(group.notes).sort());
  assert.equal(new Set(group.cases.map(({ id }) => id)).size, group.cases.length);
  for (const { expect } of group.cases)
    assert.ok(expect.code === null || Object.hasOwn(reasonSentences, expect.code));
});
