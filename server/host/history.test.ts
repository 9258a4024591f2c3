import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed } from '../../verifier/bytes/failures.ts';
import { advanceHistory, emptyHistory, highestAccepted, historyText, parseHistory } from './history.ts';

const tools = { class: 'sysext', name: 'tools' } as const;
const accepted = (version: string) => [{ ...tools, version }];

test('the highest version that was accepted is remembered, in the order of systemd', () => {
  let history = emptyHistory;
  for (const version of ['2.9', '2.10', '2.10~rc1', '1'])
    history = advanceHistory(history, { name: 'edge', minimum: null }, accepted(version));
  assert.equal(highestAccepted(history, tools), '2.10');
  assert.equal(history.accepted.length, 1);
});

test('names are remembered for each class', () => {
  const history = advanceHistory(emptyHistory, { name: 'edge', minimum: null }, accepted('2'));
  assert.equal(highestAccepted(history, { ...tools, class: 'confext' }), null);
  assert.equal(highestAccepted(history, { ...tools, name: 'other' }), null);
});

test('what has no version is not remembered, and takes nothing away', () => {
  const before = advanceHistory(emptyHistory, { name: 'edge', minimum: null }, accepted('2'));
  assert.deepEqual(advanceHistory(before, { name: 'edge', minimum: null }, accepted('')), before);
  const none = advanceHistory(emptyHistory, { name: 'edge', minimum: null }, accepted(''));
  assert.deepEqual(none.accepted, []);
});

test('the minimum of policies never becomes lower', () => {
  const before = advanceHistory(emptyHistory, { name: 'edge', minimum: 5 }, []);
  assert.equal(advanceHistory(before, { name: 'edge', minimum: 3 }, []).policy?.minimum, 5);
  assert.equal(advanceHistory(before, { name: 'edge', minimum: null }, []).policy?.minimum, 5);
  assert.equal(advanceHistory(before, { name: 'edge', minimum: 7 }, []).policy?.minimum, 7);
});

test('a policy that takes the place of another begins with its own minimum', () => {
  const before = advanceHistory(emptyHistory, { name: 'edge', minimum: 5 }, []);
  const after = advanceHistory(before, { name: 'laptops', minimum: null }, []);
  assert.deepEqual(after.policy, { name: 'laptops', minimum: 0 });
});

test('what is written is read again', () => {
  const history = advanceHistory(emptyHistory, { name: 'edge', minimum: 2 }, accepted('2.1'));
  assert.deepEqual(parseHistory(Buffer.from(historyText(history))), history);
});

test('what is not a whole history is none', () => {
  const whole = historyText(advanceHistory(emptyHistory, { name: 'edge', minimum: 2 }, accepted('2.1')));
  const bad = [
    whole.slice(0, -10),
    '',
    '{}',
    whole.replace('"format": 1', '"format": 2'),
    whole.replace('"minimum": 2', '"minimum": -1'),
    whole.replace('"version": "2.1"', '"version": ""'),
    whole.replace('"format"', '"more": 1, "format"'),
  ];
  for (const text of bad) assert.throws(() => parseHistory(Buffer.from(text)), Malformed, text);
  assert.throws(() => parseHistory(Uint8Array.of(0xff)), Malformed);
});
