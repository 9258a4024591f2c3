import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { Malformed } from '../bytes/failures.ts';
import { escapeC, unescapeC } from './c-escape.ts';

test('bytes are escaped as by cescape() of systemd', () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const escaped = escapeC(all);
  assert.equal(
    escaped.slice(0, escaped.indexOf(' ')),
    '\\000\\001\\002\\003\\004\\005\\006\\a\\b\\t\\n\\v\\f\\r\\016\\017' +
      '\\020\\021\\022\\023\\024\\025\\026\\027\\030\\031\\032\\033\\034\\035\\036\\037',
  );
  const printable =
    ' !\\"#$%&\\\'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~';
  assert.ok(escaped.includes(`\\037${printable}\\177\\200\\201`));
  assert.ok(escaped.endsWith('\\376\\377'));
});

test('what is escaped comes back', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(unescapeC(escapeC(bytes)), bytes)));
});

test('other spellings are refused', () => {
  const spellings = [
    '\\x3a',
    '\\u003a',
    '\\s',
    '\\072',
    '\\007',
    '\\12',
    '\\400',
    '\\8',
    '\\',
    'a\\',
    '"',
    "'",
    '\n',
    'é',
    '😀',
  ];
  for (const text of spellings) assert.throws(() => unescapeC(text), Malformed, text);
});
