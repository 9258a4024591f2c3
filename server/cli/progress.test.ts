import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeProgress } from './progress.ts';

function watch(terminal: boolean) {
  const seen: string[] = [];
  let time = 0;
  const output = {
    out: () => assert.fail('progress is not an answer'),
    err: (text: string) => seen.push(text),
    terminal,
  };
  const progress = makeProgress('a\u001b.raw', output, () => time);
  return { seen, progress, at: (ms: number) => (time = ms) };
}

test('work that takes less than a second shows nothing', () => {
  const { seen, progress, at } = watch(true);
  at(900);
  progress.show(1, 2);
  progress.clear();
  assert.deepEqual(seen, []);
});

test('then a line says how far it is, ten times a second at most, and is taken away', () => {
  const { seen, progress, at } = watch(true);
  at(2000);
  progress.show(100 * 1024 * 1024, 400 * 1024 * 1024);
  at(2050);
  progress.show(1, 2);
  progress.clear();
  assert.deepEqual(seen, [
    '\r\u001b[Ka\\u001b.raw: [######..................] 25% verified, 50 MiB/s',
    '\r\u001b[K',
  ]);
});

test('where there is no terminal there is no progress', () => {
  const { seen, progress, at } = watch(false);
  at(5000);
  progress.show(1, 2);
  progress.clear();
  assert.deepEqual(seen, []);
});
