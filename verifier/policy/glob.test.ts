import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';

import fc from 'fast-check';

import { globProblem, matchesGlob } from './glob.ts';

const cases: readonly (readonly [glob: string, text: string, matches: boolean])[] = [
  ['vendor-*', 'vendor-tools', true],
  ['vendor-*', 'vendor-', true],
  ['vendor-*', 'my-vendor-tools', false],
  ['*-tools', 'vendor-tools-x', false],
  ['*', '', true],
  ['', '', true],
  ['', 'a', false],
  ['a', '', false],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['a?c', 'a💥c', true],
  ['[💀-💥]', '💣', true],
  ['[💀-💥]', 'a', false],
  ['[a-c]x', 'bx', true],
  ['[a-c]x', 'x', false],
  ['[!a-c]x', 'bx', false],
  ['[!a-c]x', 'dx', true],
  ['[!a]', '', false],
  ['[]]', ']', true],
  ['[!]]', ']', false],
  ['[!]]', 'a', true],
  ['[a-]', '-', true],
  ['[a-]', 'b', false],
  ['[-a]', '-', true],
  ['[*]', '*', true],
  ['[*]', 'a', false],
  ['[\\]]', ']', true],
  ['[\\]]', '\\]', false],
  ['[a\\-c]', 'b', false],
  ['[\\!a]', '!', true],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['a\\bc', 'abc', true],
  ['*.*.*', 'a.b.c', true],
  ['*ab*ab', 'aabab', true],
  ['*ab*ab', 'abb', false],
  ['Vendor', 'vendor', false],
  ['a*', 'a\nb', true],
];

for (const [glob, text, expected] of cases) {
  test(`${JSON.stringify(glob)} ${expected ? 'matches' : 'does not match'} ${JSON.stringify(text)}`, () => {
    assert.equal(matchesGlob(glob, text), expected);
    assert.equal(globProblem(glob), null);
  });
}

const problems: readonly (readonly [glob: string, problem: string])[] = [
  ['[', 'a [ has no ]'],
  ['[!', 'a [ has no ]'],
  ['[a', 'a [ has no ]'],
  ['[a-', 'a [ has no ]'],
  ['[]', 'a [ has no ]'],
  ['[a\\]', 'a [ has no ]'],
  ['a\\', 'a \\ has no character after it'],
  ['[z-a]', 'a range runs backwards'],
  ['[^a]', 'a class that begins with ^ means different things to different tools; write [!...]'],
  ['[[:alpha:]]', 'named classes such as [:alpha:] are not supported'],
];

for (const [glob, problem] of problems) {
  test(`${glob} is no glob, and matches nothing`, () => {
    assert.equal(globProblem(glob), problem);
    assert.equal(matchesGlob(glob, glob), false);
    assert.equal(matchesGlob(glob, 'a'), false);
  });
}

test('the time a glob takes does not explode with its stars', () => {
  const start = performance.now();
  assert.equal(matchesGlob('*a'.repeat(100), 'a'.repeat(99)), false);
  assert.equal(matchesGlob(`${'*a'.repeat(120)}b`, 'a'.repeat(255)), false);
  assert.equal(matchesGlob(`${'*[a-b]?'.repeat(30)}c`, 'ab'.repeat(500)), false);
  assert.ok(performance.now() - start < 1000);
});

test('globs mean what they mean to the shell', () => {
  const text = (alphabet: string) =>
    fc.string({ unit: fc.constantFrom(...Array.from(alphabet)), maxLength: 6 });
  // No newline, no NUL: what the shell gets are lines.
  const pairs = fc
    .sample(fc.tuple(text('ab]-*?[!\\'), text('ab]-*')), { numRuns: 3000, seed: 42 })
    .filter(([glob]) => globProblem(glob) === null);
  const script =
    'while IFS= read -r glob && IFS= read -r text; do case $text in $glob) echo true;; *) echo false;; esac; done';
  const input = pairs.map(([glob, one]) => `${glob}\n${one}\n`).join('');
  const env = { ...process.env, LC_ALL: 'C' };
  const answers = execFileSync('bash', ['-c', script], { input, env, encoding: 'utf8' }).trim().split('\n');
  assert.ok(pairs.length > 500);
  const ours = pairs.map(([glob, one]) => `${glob} ${one} ${String(matchesGlob(glob, one))}`);
  assert.deepEqual(
    ours,
    pairs.map(([glob, one], index) => `${glob} ${one} ${answers[index] ?? ''}`),
  );
});
