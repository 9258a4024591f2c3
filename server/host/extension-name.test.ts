import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { EntryKind } from '../os/directory.ts';
import { currentName, extensionName, formerName, isImageName } from './extension-name.ts';

// The name since systemd 256 and before, and the one that is told.
const table: [string, EntryKind, string | null, string | null, string | null][] = [
  ['a.raw', 'file', 'a', 'a', 'a'],
  ['a.sysext.raw', 'file', 'a', 'a.sysext', 'a'],
  ['a.sysext', 'directory', 'a', 'a.sysext', 'a'],
  ['a.sysext', 'empty-directory', 'a', 'a.sysext', 'a'],
  ['a.raw', 'directory', 'a.raw', 'a.raw', 'a.raw'],
  // image_discover() passes no class_suffix for block devices
  ['a.sysext', 'block-device', 'a.sysext', 'a.sysext', 'a.sysext'],
  ['a.raw', 'block-device', 'a.raw', 'a.raw', 'a.raw'],
  ['a.sysext.sysext.raw', 'file', 'a.sysext', 'a.sysext.sysext', 'a.sysext'],
  ['.sysext', 'directory', null, '.sysext', '.sysext'],
  ['...sysext.raw', 'file', null, '...sysext', '...sysext'],
  ['.raw', 'file', null, null, null],
  ['a', 'file', null, null, null],
  ['a.raw', 'other', null, null, null],
  ['.#a.raw', 'file', null, null, null],
];
for (const [fileName, kind, current, former, told] of table) {
  test(`the ${kind} ${fileName} has the name systemd gives it`, () => {
    assert.equal(currentName(fileName, 'sysext', kind), current);
    assert.equal(formerName(fileName, kind), former);
    assert.equal(extensionName(fileName, 'sysext', kind), told);
  });
}

test('names of images are those of image_name_is_valid()', () => {
  for (const name of ['a', '.a', '...', '#a', 'a b', '\u0080', '\u2028'])
    assert.equal(isImageName(name), true, name);
  for (const name of ['', '.', '..', '.#', '.#a', 'a\n', '\0', '\x7f'])
    assert.equal(isImageName(name), false, name);
});
