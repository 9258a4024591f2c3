import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { parseActiveBanks } from './pcr-banks.ts';

const all = Array.from({ length: 24 }, (_, index) => index).join(', ');

test('banks with PCRs are active, banks without are not', () => {
  const text = `selected-pcrs:\n  - sha1: [ ]\n  - sha256: [ ${all} ]\n  - sha384: [ 0, 1 ]\n`;
  assert.deepEqual(parseActiveBanks(text), ['sha256', 'sha384']);
});

test('an active bank with an algorithm unknown here cannot be decided, an inactive one does no harm', () => {
  assert.throws(
    () => parseActiveBanks(`selected-pcrs:\n  - sha256: [ ${all} ]\n  - sm3_256: [ ${all} ]\n`),
    /sm3_256/,
  );
  assert.deepEqual(parseActiveBanks(`selected-pcrs:\n  - sha256: [ ${all} ]\n  - sm3_256: [ ]\n`), [
    'sha256',
  ]);
});

test('anything else than the form known here cannot be decided', () => {
  const texts = [
    '',
    'selected-pcrs:\n',
    'selected-pcrs:\n  - sha256: [ ]\n',
    `- sha256: [ ${all} ]\n`,
    `selected-pcrs:\n  - sha256: [ ${all} ]\n  - sha256: [ ${all} ]\n`,
    `selected-pcrs:\n  - sha256: [ ${all}\n`,
    `selected-pcrs:\n  - sha256: [ 0; 1 ]\n`,
    `selected-pcrs:\n  - sha256: [ ${all} ]\nWARNING: something\n`,
  ];
  for (const text of texts) assert.throws(() => parseActiveBanks(text), CouldNotDecide, JSON.stringify(text));
});
