import assert from 'node:assert/strict';
import { test } from 'node:test';

import { splitCommands, switchValue } from './command-line.ts';

test('commands are split into words as systemd does', () => {
  assert.deepEqual(splitCommands('-/usr/bin/a "b c" d\\ e \'f"g\' h"i j"k ; l m'), [
    ['-/usr/bin/a', 'b c', 'd e', 'f"g', 'hi jk'],
    ['l', 'm'],
  ]);
  assert.deepEqual(splitCommands(''), []);
});

test('the last value of a switch counts', () => {
  assert.equal(switchValue(['--p=1', '--p', '2', '--pp=3'], '--p'), '2');
  assert.equal(switchValue(['--p', '2', '--p='], '--p'), '');
  assert.equal(switchValue(['p=1', '--p'], '--p'), null);
});
