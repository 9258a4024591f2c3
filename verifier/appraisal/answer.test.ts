import assert from 'node:assert/strict';
import { test } from 'node:test';

import { reason, type ReasonCode, reasonSentences } from '../reasons.ts';
import { answerOf } from './answer.ts';

const of = (...codes: ReasonCode[]): string => answerOf(codes.map((code) => reason(code, 'Why.')));

test('nothing against it is a yes, a gap alone is no answer, and everything else is a no', () => {
  assert.equal(of(), 'trustworthy');
  assert.equal(of('log-incomplete', 'revocation-unknown', 'fact-unknown'), 'undecided');
  assert.equal(of('log-incomplete', 'violation'), 'not-trustworthy');
  const gaps = [
    ...['log-incomplete', 'boot-event-unknown', 'firmware-log-unknown', 'log-prefix-unknown'],
    ...['revocation-unknown', 'fact-unknown', 'merge-pending'],
  ];
  const others = Object.keys(reasonSentences).filter((code) => !gaps.includes(code));
  for (const code of others) assert.equal(of(code as ReasonCode), 'not-trustworthy', code);
});
