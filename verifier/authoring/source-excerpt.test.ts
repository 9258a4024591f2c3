import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';

import fc from 'fast-check';

import { excerptAt } from './source-excerpt.ts';

/** The two lines that are printed. */
function shown(text: string, line: number, column: number): readonly string[] {
  const excerpt = excerptAt(text, line, column);
  return excerpt === null ? [] : [excerpt.source, excerpt.mark];
}

test('the caret stands under the place', () => {
  const text = 'kind: x\n  nam: y\nend';
  assert.deepEqual(shown(text, 1, 1), ['kind: x', '^']);
  assert.deepEqual(shown(text, 2, 3), ['  nam: y', '  ^']);
  assert.deepEqual(shown(text, 3, 3), ['end', '  ^']);
});

test('a place beyond the end of its line is the end, a line that is not there has no excerpt', () => {
  assert.deepEqual(shown('a\nbc\n', 2, 9), ['bc', '  ^']);
  assert.deepEqual(shown('a\n', 2, 1), ['', '^']);
  assert.deepEqual(shown('a\n', 3, 1), []);
  assert.deepEqual(shown('', 1, 1), ['', '^']);
});

test('lines end in \\n or \\r\\n', () => {
  assert.deepEqual(shown('a: 1\r\nb: 2\r\n', 2, 4), ['b: 2', '   ^']);
});

test('a tab is four spaces, for the caret too', () => {
  assert.deepEqual(shown('\ta:\tb', 1, 5), ['    a:    b', '          ^']);
});

test('what could move the cursor or turn the line around is written as an escape', () => {
  assert.deepEqual(shown('\u001b[2J\u202e: x', 1, 6), ['\\u001b[2J\\u202e: x', '               ^']);
  assert.deepEqual(shown('\u{e0001}x\u2028y', 1, 3), ['\\u{e0001}x\\u2028y', '         ^']);
  assert.deepEqual(shown('\ud800x', 1, 2), ['\\ud800x', '      ^']);
  assert.deepEqual(shown('a\rb', 1, 3), ['a\\u000db', '       ^']);
});

test('wide characters take two columns, combining ones none', () => {
  assert.deepEqual(shown('名前: x', 1, 5), ['名前: x', '      ^']);
  assert.deepEqual(shown('💥: x', 1, 5), ['💥: x', '    ^']);
  assert.deepEqual(shown('e\u0301: x', 1, 5), ['e\u0301: x', '   ^']);
});

test('of a long line only what is around the place is shown', () => {
  const long = Array.from({ length: 300 }, (_, index) => String.fromCharCode(97 + (index % 26))).join('');
  for (const column of [1, 2, 50, 61, 62, 150, 250, 299, 300, 301]) {
    const [source = '', mark = ''] = shown(long, 1, column);
    assert.ok(source.length <= 100, `${source.length} characters`);
    assert.equal(source[mark.length - 1] ?? '', long[column - 1] ?? '', `column ${column}`);
    assert.equal(source.startsWith('…'), column > 61);
    assert.equal(source.endsWith('…'), column < 240 - 1 + 22, `column ${column}`);
  }
});

test('a line of a megabyte takes no longer than another', () => {
  const start = performance.now();
  for (let count = 0; count < 100; count++) {
    assert.ok((shown('\u202e'.repeat(1_000_000), 1, 500_000)[0]?.length ?? 999) <= 100);
    shown('\n'.repeat(1_000_000), 1000, 1);
  }
  assert.ok(performance.now() - start < 3000);
});

test('whatever the text, one printable line of bounded width comes out', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.nat(450), (text, column) => {
      const [source = '', mark = ''] = shown(text.replaceAll('\n', ' '), 1, column);
      assert.doesNotMatch(source, /[\p{C}\p{Zl}\p{Zp}]/u);
      assert.match(mark, /^ {0,100}\^$/);
    }),
    { seed: 3 },
  );
});
