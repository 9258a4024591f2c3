import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { Malformed } from './failures.ts';
import { parseStrictJson } from './strict-json.ts';

const limits = { maximumLength: 4096, maximumDepth: 8 };

function parse(text: string): unknown {
  return parseStrictJson(Buffer.from(text), 'test', limits);
}

function refuses(text: string, problem: RegExp): void {
  assert.throws(
    () => parse(text),
    (error) => error instanceof Malformed && problem.test(error.message),
    text,
  );
}

test('what is JSON and unambiguous is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5, noUnicodeString: false }), (text) => {
      const value: unknown = JSON.parse(text);
      if (text.includes('__proto__') || /\p{Surrogate}/u.test(JSON.stringify(value))) return;
      assert.deepEqual(
        parseStrictJson(Buffer.from(text), 'test', { maximumLength: 1e6, maximumDepth: 50 }),
        value,
      );
    }),
  );
});

test('a key twice is refused, however it is spelled', () => {
  refuses('{"a":1,"a":2}', /has the key "a" twice \(at byte 7\)/);
  refuses('{"a":1,"\\u0061":2}', /twice/);
  refuses(`{"a":1,"a"${' '.repeat(500)}:2}`, /twice/);
  refuses('{"x":[{"a":1,"b":{"a":1},"a":1}]}', /twice/);
});

test('one key in two objects, and a value that equals a key, are no duplicates', () => {
  assert.deepEqual(parse('[{"a":"a"},{"a":["a","a"]}]'), [{ a: 'a' }, { a: ['a', 'a'] }]);
  assert.deepEqual(parse('{"a\\"{":1,"b":"\\\\"}'), { 'a"{': 1, b: '\\' });
});

test('what two parsers could read differently is refused', () => {
  refuses('{"__proto__":1}', /__proto__/);
  refuses('{"\\u005f_proto__":1}', /__proto__/);
  refuses('"\\ud800"', /lone surrogate/);
  refuses('\ufeff{}', /byte order mark/);
  assert.throws(() => parseStrictJson(Uint8Array.of(0x22, 0xff, 0x22), 'test', limits), /is not UTF-8/);
});

test('depth is bounded before anything is built, length before anything is decoded', () => {
  assert.deepEqual(parse('[[[[[[[[]]]]]]]]'), [[[[[[[[]]]]]]]]);
  refuses('[[[[[[[[[]]]]]]]]]', /nested deeper than 8/);
  refuses('['.repeat(4000), /nested deeper than 8/);
  refuses(`"${'a'.repeat(5000)}"`, /longer than 4096/);
});

test('parts are counted before anything is built', () => {
  const wide = { maximumLength: 1e7, maximumDepth: 2 };
  const elements = (count: number): Uint8Array => Buffer.from(`[${'0,'.repeat(count - 1)}0]`);
  assert.ok(Array.isArray(parseStrictJson(elements((1 << 18) - 1), 'test', wide)));
  for (const bytes of [elements(1 << 19), Buffer.from(`[${'[]'.repeat(1 << 18)}]`)])
    assert.throws(() => parseStrictJson(bytes, 'test', wide), /has more than 262144 parts/);
});

test('what is not JSON is refused with its place', () => {
  for (const text of [
    '',
    '{',
    '{"a":1,}',
    "{'a':1}",
    '{"a":1}x',
    '01',
    '"\t"',
    'NaN',
    '{"a" 1}',
    '"\\x"',
    '"',
  ]) {
    refuses(text, /is not JSON/);
  }
});

test('a string of many megabytes is read without keeping a trail of it', () => {
  const long = 'A'.repeat(20_000_000);
  const bytes = Buffer.from(JSON.stringify({ long }));
  assert.deepEqual(parseStrictJson(bytes, 'test', { maximumLength: 3e7, maximumDepth: 2 }), { long });
});
