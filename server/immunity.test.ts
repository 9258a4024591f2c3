import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

/** `file`: name, in the last column of the table. */
interface Shown {
  readonly file: string;
  readonly name: string;
}

function shownBy(row: string): readonly Shown[] {
  const cell = row.split(' | ').at(-1) ?? '';
  return cell
    .replace(/ \|$/, '')
    .split('; `')
    .map((text) => /^`?([^`]+)`: (.+)$/.exec(text))
    .map((found) => ({ file: found?.[1] ?? '', name: found?.[2] ?? '' }));
}

function isThere({ file, name }: Shown): boolean {
  const text = readFileSync(file, 'utf8');
  return file.endsWith('.json') ? text.includes(`"${name}"`) : text.includes(`test('${name}'`);
}

test('each trap that docs/immunity.md names has the tests that it names', () => {
  const rows = readFileSync('docs/immunity.md', 'utf8')
    .split('\n')
    .filter((line) => /^\| (?!trap |-)/.test(line));
  assert.ok(rows.length > 30);
  for (const shown of rows.flatMap(shownBy)) assert.ok(isThere(shown), `${shown.file}: ${shown.name}`);
});
