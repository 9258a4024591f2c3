import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createLog } from './structured-log.ts';

test('a line is one JSON object, whatever is in the message', () => {
  const lines: string[] = [];
  const log = createLog((line) => lines.push(line), { journal: false, verbose: false });
  log('first\nsecond', { level: 'warn', address: '::1\n{"level":"forged"}', count: 2 });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^[^\n]*\n$/);
  const { time, ...entry } = JSON.parse(lines[0]!);
  assert.match(time, /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual(entry, {
    level: 'warn',
    msg: 'first\nsecond',
    address: '::1\n{"level":"forged"}',
    count: 2,
  });
});

test('for the journal a line begins with its priority', () => {
  const lines: string[] = [];
  const log = createLog((line) => lines.push(line), { journal: true, verbose: true });
  for (const level of ['error', 'warn', 'info', 'debug'] as const) log('x', { level });
  assert.deepEqual(
    lines.map((line) => line.slice(0, 3)),
    ['<3>', '<4>', '<6>', '<7>'],
  );
  assert.deepEqual(JSON.parse(lines[0]!.slice(3)), { level: 'error', msg: 'x' });
});

test('what happens every few seconds is left out unless it is asked for', () => {
  const lines: string[] = [];
  createLog((line) => lines.push(line), { journal: false, verbose: false })('x', { level: 'debug' });
  assert.deepEqual(lines, []);
});
