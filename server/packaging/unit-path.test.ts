import assert from 'node:assert/strict';
import { test } from 'node:test';

import { whyNoUnitPath } from './unit-path.ts';

test('a path of plain words can be in a unit', () => {
  for (const path of ['/usr/bin/node', '/usr/local/lib/node_modules/@team/touchstone-1.0+2/main.js', '/a'])
    assert.equal(whyNoUnitPath(path), null, path);
});

test('what has a meaning in a unit file is refused, and so is what is no plain path', () => {
  for (const path of [
    '/a b',
    '/a%n',
    '/a$HOME',
    '/a;b',
    '/a"b',
    '/a\\b',
    '/a\nExecStart=/b',
    'a/b',
    '/',
    '/a/',
    '//a',
    '/a/../b',
    '/./a',
    '',
  ])
    assert.match(whyNoUnitPath(path) ?? '', /absolute path of letters/, path);
});

test('places that units do not see, or not yet, are refused', () => {
  for (const path of ['/home/me/node', '/root/touchstone/main.js', '/tmp/node', '/var/tmp/node', '/run/node'])
    assert.match(whyNoUnitPath(path) ?? '', /^it is in \//, path);
  assert.equal(whyNoUnitPath('/rooted/node'), null);
});
