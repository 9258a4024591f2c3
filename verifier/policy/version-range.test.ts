import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isInRange, parseVersionRange } from './version-range.ts';

function accepts(text: string, version: string): boolean {
  const range = parseVersionRange(text);
  assert.ok(typeof range !== 'string', `${text}: ${JSON.stringify(range)}`);
  return isInRange(range, version);
}

test('each operator compares in the order of systemd', () => {
  const held: Readonly<Record<string, readonly string[]>> = {
    '>= 2.10': ['2.10', '2.11', '3'],
    '> 2.10': ['2.11', '3'],
    '<= 2.10': ['2.10~rc1', '2.9', '2.10'],
    '< 2.10': ['2.10~rc1', '2.9'],
    '= 2.10': ['2.10'],
    '!= 2.10': ['2.10~rc1', '2.9', '2.11', '3'],
  };
  for (const [text, versions] of Object.entries(held))
    for (const version of ['2.10~rc1', '2.9', '2.10', '2.11', '3'])
      assert.equal(accepts(text, version), versions.includes(version), `${version} ${text}`);
});

test('all comparisons must hold, spaces or not', () => {
  assert.equal(accepts('>=2,<3', '2.5'), true);
  assert.equal(accepts(' >= 2 , < 3 ', '3'), false);
  assert.equal(accepts('>= 2, != 2.5', '2.5'), false);
});

test('no version is in no range', () => {
  assert.equal(accepts('!= 1', ''), false);
  assert.equal(accepts('< 1', ''), false);
});

test('what is no range says so', () => {
  for (const text of ['', '2.1', '>=', '>= 2,', '=> 2', '~> 2', '>= 2 3', '>= 2 || < 1', '>= ü'])
    assert.equal(typeof parseVersionRange(text), 'string', text);
  assert.equal(typeof parseVersionRange(Array(9).fill('> 1').join()), 'string');
});
