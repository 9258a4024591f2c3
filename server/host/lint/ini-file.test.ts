import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseIni } from './ini-file.ts';

function assignments(text: string): string[] {
  return parseIni(text).map(({ section, key, value }) => `${section}|${key}|${value}`);
}

test('assignments have the section they stand in, and no white space around them', () => {
  assert.deepEqual(assignments('a=1\n[X]\n  b = 2 =3 \n[Y]\r\nc=\r\n'), ['|a|1', 'X|b|2 =3', 'Y|c|']);
});

test('comments and lines that are no assignment are passed over', () => {
  assert.deepEqual(assignments('[X]\n#a=1\n ;b=2\nnothing\n=3\nc=4 # five'), ['X|c|4 # five']);
});

test('a backslash joins lines, past comments', () => {
  assert.deepEqual(assignments('[X]\na=1\\\n# comment \\\n2\\\n3\nb=4\\\\\nc=5\\'), [
    'X|a|1 2 3',
    'X|b|4\\\\',
    'X|c|5',
  ]);
});
