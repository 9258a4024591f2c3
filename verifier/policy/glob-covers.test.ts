import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';

import fc from 'fast-check';

import { globProblem, matchesGlob } from './glob.ts';
import { compareGlobs, globCovers } from './glob-covers.ts';

const cases: readonly (readonly [wide: string, narrow: string, isCovered: boolean])[] = [
  ['*', '', true],
  ['*', 'a', true],
  ['*', '?*', true],
  ['**', '*', true],
  ['*', '**', true],
  ['a', 'a', true],
  ['a', 'b', false],
  ['a', 'ab', false],
  ['ab', 'a', false],
  ['\\a', 'a', true],
  ['?', 'a', true],
  ['?', '*', false],
  ['?', '??', false],
  ['??', '?', false],
  ['a*', 'ab*', true],
  ['ab*', 'a*', false],
  ['a*', 'a', true],
  ['a?*', 'a', false],
  ['a?*', 'a*', false],
  ['vendor-*', 'vendor-tools', true],
  ['vendor-*', 'vendor-t*-x', true],
  ['*-tools', 'vendor-*-tools', true],
  ['*-tools', 'vendor-*', false],
  ['*a*', '*b*a', true],
  ['*a*b*', '*b*a*', false],
  ['*a*b*', 'xa*yb', true],
  ['*ab*ab', 'aabab', true],
  ['?*', '*?', true],
  ['*?', '?*', true],
  ['?*', '*a', true],
  ['*??', '?*?', true],
  ['*??', '?*', false],
  ['?*?', 'a*b', true],
  ['?*?', 'a*', false],
  ['[a-f]', '[b-c]', true],
  ['[a-cd-f]', '[b-e]', true],
  ['[a-c]', '[b-d]', false],
  ['[!x]', '[a-c]', true],
  ['[!b]', '[a-c]', false],
  ['[!b]', '[!ab]', true],
  ['[!ab]', '[!b]', false],
  ['[a-c]', 'b', true],
  ['[a-c]', '?', false],
  ['x[a-c]*', 'x[ab]y*', true],
  ['?', '[!a]', true],
  ['[!a]', '?', false],
  ['[\\]-a]', '`', true],
  ['[', '[', true],
  ['*', '[', false],
  ['[', '*', false],
];

for (const [wide, narrow, expected] of cases) {
  test(`${wide} ${expected ? 'matches' : 'may not match'} all that ${narrow} matches`, () => {
    assert.equal(globCovers(wide, narrow), expected);
  });
}

const globs = (letters: string, maxLength: number) =>
  fc
    .string({ unit: fc.constantFrom(...Array.from(letters)), maxLength })
    .filter((glob) => globProblem(glob) === null);

/** All texts of up to four letters. */
function texts(letters: readonly string[]): readonly string[] {
  let found = [''];
  for (let length = 0; length < 4; length++)
    found = [...new Set(found.flatMap((text) => [text, ...letters.map((letter) => text + letter)]))];
  return found;
}

test('where a glob covers another, it matches every text that the other matches', () => {
  const some = texts(['a', 'b', '-', ']']);
  let found = 0;
  fc.assert(
    fc.property(globs('ab*?[]!-', 7), globs('ab*?[]!-', 7), (wide, narrow) => {
      if (wide === narrow || !globCovers(wide, narrow)) return;
      found++;
      const counter = some.find((text) => matchesGlob(narrow, text) && !matchesGlob(wide, text));
      assert.equal(counter, undefined, `${wide} does not match ${counter ?? ''}, ${narrow} does`);
    }),
    { numRuns: 20_000, seed: 7 },
  );
  assert.ok(found > 500, `${found} found`);
});

test('a no is hardly ever wrong where there are no classes', () => {
  const some = texts(['a', 'b', 'c']);
  let [covered, missed] = [0, 0];
  fc.assert(
    fc.property(globs('ab*?', 4), globs('ab*?', 4), (wide, narrow) => {
      if (some.some((text) => matchesGlob(narrow, text) && !matchesGlob(wide, text))) return;
      if (globCovers(wide, narrow)) covered++;
      else missed++;
    }),
    { numRuns: 10_000, seed: 7 },
  );
  assert.ok(covered > 500, `${covered} found`);
  assert.ok(missed <= covered / 100, `${missed} of ${covered + missed} missed`);
});

test('the time that comparisons take is bounded, by the lengths and for many together', () => {
  const start = performance.now();
  assert.equal(globCovers(`${'*a'.repeat(120)}b`, 'a?'.repeat(125)), false);
  assert.equal(globCovers('*?a'.repeat(80), '*?'.repeat(120)), false);
  const classes = Array.from(
    { length: 1000 },
    (_, index) => `[${'!a-zA-Z'.repeat(30)}${index.toString(36)}]`,
  );
  const compare = compareGlobs(1_000_000);
  for (const wide of classes) for (const narrow of classes) compare(wide, narrow);
  assert.ok(performance.now() - start < 3000, `${performance.now() - start} ms`);
});

test('after all steps are used up every answer is no, but for what is the same', () => {
  const compare = compareGlobs(7);
  assert.equal(compare('a*', 'ab'), true);
  assert.equal(compare('a*', 'ab'), false);
  assert.equal(compare('a*', 'a*'), true);
});
