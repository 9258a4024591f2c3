import assert from 'node:assert/strict';
import { test } from 'node:test';

import { explainValidity, isInForce, parseMoment } from './validity.ts';

test('a day is from its first to its last moment, in UTC', () => {
  assert.equal(parseMoment('2027-01-31', 'first')?.toISOString(), '2027-01-31T00:00:00.000Z');
  assert.equal(parseMoment('2027-01-31', 'last')?.toISOString(), '2027-01-31T23:59:59.999Z');
  for (const end of ['first', 'last'] as const)
    assert.equal(parseMoment('2028-02-29T12:00:00Z', end)?.toISOString(), '2028-02-29T12:00:00.000Z');
});

test('days that do not exist, and times that mean another one elsewhere, are none', () => {
  const bad = [
    '2027-02-29',
    '2027-13-01',
    '2027-1-1',
    '2027-01-01T24:00:00Z',
    '2027-01-01T12:00:00',
    '2027-01-01T12:00:00+01:00',
    '2027-01-01 12:00:00Z',
    ' 2027-01-01',
    '27-01-01',
    '',
  ];
  for (const text of bad) assert.equal(parseMoment(text, 'last'), null, text);
});

test('both ends belong to it, and either may be open', () => {
  const [start, end] = [new Date('2027-01-01T00:00:00Z'), new Date('2027-12-31T00:00:00Z')];
  const whole = { notBefore: start, notAfter: end };
  for (const now of [start, end]) assert.ok(isInForce(whole, now));
  assert.ok(!isInForce(whole, new Date(start.getTime() - 1)));
  assert.ok(!isInForce(whole, new Date(end.getTime() + 1)));
  assert.ok(isInForce({ notBefore: null, notAfter: end }, new Date(0)));
  assert.ok(isInForce({ notBefore: null, notAfter: null }, new Date(0)));
});

test('an invalid date is never in force, and can be told all the same', () => {
  const never = new Date(NaN);
  for (const validity of [
    { notBefore: never, notAfter: null },
    { notBefore: null, notAfter: never },
  ]) {
    assert.ok(!isInForce(validity, new Date()));
    assert.match(explainValidity(validity), /^(?:from|until) no time at all$/);
  }
  assert.ok(!isInForce({ notBefore: new Date(0), notAfter: null }, never));
});
