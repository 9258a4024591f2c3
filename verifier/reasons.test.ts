import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { reasonSentences } from './reasons.ts';

test('docs/reason-codes.md lists every code with its sentence, and no other', () => {
  const rows = Object.entries(reasonSentences).map(([code, sentence]) => `| \`${code}\` | ${sentence} |`);
  const documented = readFileSync('docs/reason-codes.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  assert.deepEqual(documented, rows);
});

test('codes are kebab-case words, since users script against them', () => {
  for (const code of Object.keys(reasonSentences)) assert.match(code, /^[a-z]+(?:-[a-z]+)*$/);
});
