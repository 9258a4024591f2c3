import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fields, printable } from './output.ts';

test('names from outside cannot move the cursor, recolour the terminal or turn the line round', () => {
  assert.equal(printable('a\u001b[2Jb'), 'a\\u001b[2Jb');
  assert.equal(printable('vendor\u202eexe.raw'), 'vendor\\u202eexe.raw');
  assert.equal(printable('a\nb\rc\u2028d\u0085e'), 'a\\u000ab\\u000dc\\u2028d\\u0085e');
  assert.equal(printable('\u{e0001}'), '\\u{e0001}');
});

test('ordinary text of any language stays as it is', () => {
  assert.equal(printable('Grüße, 世界 — ok'), 'Grüße, 世界 — ok');
});

test('fields line up', () => {
  assert.equal(
    fields(
      [
        ['a', '1'],
        ['long', '2'],
      ],
      ' ',
    ),
    ' a     1\n long  2\n',
  );
});
