import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseHex } from '../../verifier/bytes/hex.ts';
import type { ExtensionEvent } from '../../verifier/measurement/extension-event.ts';
import { eventText, measuredEvents, seenEvents } from './host-events.ts';

const boot = '0'.repeat(32);
const hash = parseHex('aa'.repeat(32), 'hash', 32);

test('a client has had what its last id says; by an id of another boot, or of another log, nothing', () => {
  assert.equal(seenEvents(`${boot}-3`, boot, 5), 3);
  assert.equal(seenEvents(`${boot}-5`, boot, 5), 5);
  assert.equal(seenEvents(`${boot}-6`, boot, 5), 0);
  assert.equal(seenEvents(`${'1'.repeat(32)}-3`, boot, 5), 0);
});

test('each measured fact is one event, its id the number of all that were measured up to it', () => {
  const events: ExtensionEvent[] = [
    { type: 'policy', name: 'p', version: '1', sha256: hash },
    { type: 'set', class: 'sysext', count: 0, sha256: hash },
    { type: 'merged', class: 'sysext', sha256: hash },
    { type: 'unmerged', class: 'sysext' },
  ];
  const state = {
    ...{ events, log: { records: 4, bytes: 1, incomplete: false }, merged: new Map() },
    history: { sets: new Map(), confirmed: new Map(), violations: [] },
  };
  assert.deepEqual(
    measuredEvents(state, 0, boot).map(({ event, id }) => [event, id]),
    [
      ['set', `${boot}-2`],
      ['merged', `${boot}-3`],
      ['unmerged', `${boot}-4`],
    ],
  );
  assert.deepEqual(measuredEvents(state, 3, boot), [
    { event: 'unmerged', id: `${boot}-4`, data: { class: 'sysext' } },
  ]);
});

test('no text in an event can begin another one', () => {
  const text = eventText({ event: 'violation', id: `${boot}-1`, data: { name: 'x\r\n\nevent: forged' } });
  assert.equal(text.split('\n').length, 5);
  assert.match(text, /^event: violation\nid: [0-9a-f-]+\ndata: [^\r\n]*\n\n$/);
});
