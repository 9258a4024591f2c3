import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { Malformed } from '../bytes/failures.ts';
import { decodeEventField, encodeEventField } from './event-field.ts';

test('every well-formed text comes back from its field', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const encoded = encodeEventField(text);
      assert.match(encoded, /^[ !#$&(-9;-[\]-~%]*$/);
      assert.equal(decodeEventField(encoded), text);
    }),
  );
});

test('lone surrogates have no field', () => {
  for (const text of ['\ud800', 'a\udc00b', '\udc00\ud800'])
    assert.throws(() => encodeEventField(text), Malformed);
});

test('a text has one field: other spellings are refused', () => {
  const spellings = [
    '%3a',
    '%41',
    '%20',
    '%',
    '%3',
    '%ZZ',
    '%C3',
    '%C0%80',
    '%ED%A0%80',
    '%FF',
    ':',
    '"',
    "'",
    '\\',
    'é',
    '\n',
  ];
  for (const encoded of spellings) assert.throws(() => decodeEventField(encoded), Malformed, encoded);
});
