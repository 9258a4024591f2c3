import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hostArchitecture } from './architecture.ts';
import { nativeArchitecture } from './native-architecture.ts';

test("programs are built for what Node was built for, in systemd's words", () => {
  assert.equal(nativeArchitecture('x64'), 'x86-64');
  assert.equal(nativeArchitecture('arm'), 'arm');
  assert.equal(nativeArchitecture('unheard of'), hostArchitecture());
});
