import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed } from '../../verifier/bytes/failures.ts';
import { advanceHistory, emptyHistory, highestAccepted, historyText, parseHistory } from './history.ts';

const tools = { class: 'sysext', name: 'tools' } as const;
const accepted = (version: string) => [{ ...tools, version }];

test('the highest version that was accepted is remembered, in the order of systemd', () => {
  let history = emptyHistory;
  for (const version of ['2.9', '2.10', '2.10~rc1', '1'])
    history = advanceHistory(history, { minimum: null }, accepted(version));
  assert.equal(highestAccepted(history, tools), '2.10');
  assert.equal(history.accepted.length, 1);
});

test('names are remembered for each class', () => {
  const history = advanceHistory(emptyHistory, { minimum: null }, accepted('2'));
  assert.equal(highestAccepted(history, { ...tools, class: 'confext' }), null);
  assert.equal(highestAccepted(history, { ...tools, name: 'other' }), null);
});

test('what has no version is not remembered, and takes nothing away', () => {
  const before = advanceHistory(emptyHistory, { minimum: null }, accepted('2'));
  assert.deepEqual(advanceHistory(before, { minimum: null }, accepted('')), before);
  assert.deepEqual(advanceHistory(emptyHistory, { minimum: null }, accepted('')), emptyHistory);
});

test('the minimum of policies never becomes lower', () => {
  const before = advanceHistory(emptyHistory, { minimum: 5 }, []);
  assert.equal(advanceHistory(before, { minimum: 3 }, []).minimumPolicy, 5);
  assert.equal(advanceHistory(before, { minimum: null }, []).minimumPolicy, 5);
  assert.equal(advanceHistory(before, { minimum: 7 }, []).minimumPolicy, 7);
});

test('what is written is read again', () => {
  const history = advanceHistory(emptyHistory, { minimum: 2 }, accepted('2.1'));
  assert.deepEqual(parseHistory(Buffer.from(historyText(history))), history);
});

test('what is not a whole history is none', () => {
  const whole = historyText(advanceHistory(emptyHistory, { minimum: 2 }, accepted('2.1')));
  const bad = [
    whole.slice(0, -10),
    '',
    '{}',
    whole.replace('"format": 1', '"format": 2'),
    whole.replace('"minimumPolicy": 2', '"minimumPolicy": -1'),
    whole.replace('"version": "2.1"', '"version": ""'),
    whole.replace('"format"', '"more": 1, "format"'),
  ];
  for (const text of bad) assert.throws(() => parseHistory(Buffer.from(text)), Malformed, text);
  assert.throws(() => parseHistory(Uint8Array.of(0xff)), Malformed);
});
