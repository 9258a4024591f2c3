import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { Malformed } from '../../bytes/failures.ts';
import { maximumReleaseFileBytes, parseEnvFile } from './env-file.ts';

// How each state of the machine reads is in test-vectors/release; here is what a verdict does not show.

function parse(text: string): Record<string, string> {
  return Object.fromEntries(parseEnvFile(Buffer.from(text), 'test'));
}

test('every pair is kept, in the order in which the keys first come', () => {
  assert.deepEqual(
    [...parseEnvFile(Buffer.from('B=1\nA="2"\nB=3\nC=\n'), 'test')],
    [
      ['B', '3'],
      ['A', '2'],
      ['C', ''],
    ],
  );
});

test('keys that mean something to JavaScript are keys like others', () => {
  const pairs = parseEnvFile(Buffer.from('__proto__=1\nconstructor=2\n'), 'test');
  assert.deepEqual(
    [...pairs],
    [
      ['__proto__', '1'],
      ['constructor', '2'],
    ],
  );
  assert.equal(parseEnvFile(Buffer.from('A=1\n'), 'test').get('toString'), undefined);
});

test('what is open at the end of the file is closed there, trimmed only outside of quotes', () => {
  assert.deepEqual(parse('A=x  '), { A: 'x' });
  assert.deepEqual(parse('A=x\\'), { A: 'x' });
  assert.deepEqual(parse("A='x  "), { A: 'x  ' });
  assert.deepEqual(parse('A="x  '), { A: 'x  ' });
  assert.deepEqual(parse('A="x\\'), { A: 'x' });
  assert.deepEqual(parse('A='), { A: '' });
  assert.deepEqual(parse('A'), {});
});

test('a backslash before a carriage return in double quotes stays, outside it joins lines', () => {
  assert.deepEqual(parse('A="x\\\ry"'), { A: 'x\\\ry' });
  assert.deepEqual(parse('A=x\\\ry'), { A: 'xy' });
});

test('white space that a backslash follows counts', () => {
  assert.deepEqual(parse('A=x \\\n'), { A: 'x ' });
  assert.deepEqual(parse('A=x \\\n \n'), { A: 'x ' });
});

test('space at the end of one value takes nothing from the next', () => {
  assert.deepEqual(parse('A=x \nB="yyyy"\n'), { A: 'x', B: 'yyyy' });
});

test('a line that begins with = has a key that does', () => {
  assert.deepEqual(parse('=A=1\n==2\n'), { '=A': '1', '=': '2' });
});

test('a NUL is refused wherever it is, and its place told', () => {
  assert.throws(
    () => parse('A=1\n#\0'),
    (error) => error instanceof Malformed && error.offset === 5,
  );
});

test('64 KiB are taken, a byte more is not', () => {
  const text = 'A=1\n'.padEnd(maximumReleaseFileBytes, '#');
  assert.deepEqual(parse(text), { A: '1' });
  assert.throws(() => parse(`${text}#`), Malformed);
});

test('no file of 64 KiB takes long', () => {
  const times = maximumReleaseFileBytes;
  const hostile = [
    '"'.repeat(times),
    "A='".padEnd(times, "'"),
    'A='.padEnd(times, '" "'),
    'A='.padEnd(times, '\\\n'),
    'A='.padEnd(times, 'x '),
    'A'.repeat(times),
    'A=x'.padEnd(times, ' '),
    Array.from({ length: times / 8 }, (_, index) => `${String(index).padStart(5)}=\n`).join(''),
    'A=\n'.repeat(times / 4),
    '# \\\n'.repeat(times / 4),
  ];
  for (const text of hostile) {
    const start = performance.now();
    parse(text);
    assert.ok(performance.now() - start < 500, text.slice(0, 20));
  }
});

test('whatever the bytes are, it reads them or calls them malformed', () => {
  const piece = fc.constantFrom('ID', '=', '"', "'", '\\', '\n', '\r', ' ', '#', ';', '$', 'x', '\u00e9');
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.array(piece, { maxLength: 32 }).map((pieces) => new Uint8Array(Buffer.from(pieces.join('')))),
  );
  fc.assert(
    fc.property(bytes, (given) => {
      try {
        for (const [key, value] of parseEnvFile(given, 'test')) {
          assert.ok(key !== '' && key.length + value.length < given.length);
        }
      } catch (error) {
        assert.ok(error instanceof Malformed);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a value in single quotes comes out as it went in', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Z_]+$/), fc.stringMatching(/^[^'\0]*$/), (key, value) => {
      assert.deepEqual(parse(`${key}='${value}'`), { [key]: value });
    }),
  );
});
