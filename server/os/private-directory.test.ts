import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { withPrivateDirectory } from './private-directory.ts';

test('a private directory is there for the work alone, and gone after it', async () => {
  const directory = await withPrivateDirectory((path) => {
    assert.equal(statSync(path).mode & 0o7777, 0o700);
    assert.equal(dirname(path), tmpdir());
    writeFileSync(join(path, 'file'), 'x');
    return Promise.resolve(path);
  });
  assert.equal(existsSync(directory), false);
});

test('a private directory is removed when the work fails', async () => {
  let seen = '';
  await assert.rejects(
    withPrivateDirectory((path) => {
      seen = path;
      return Promise.reject(new CouldNotDecide('no'));
    }),
    CouldNotDecide,
  );
  assert.notEqual(seen, '');
  assert.equal(existsSync(seen), false);
});

test('a place that others can rename in is refused', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  chmodSync(parent, 0o777);
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = parent;
  try {
    await assert.rejects(
      withPrivateDirectory(() => Promise.resolve()),
      /can be changed by others/,
    );
    chmodSync(parent, 0o1777);
    await withPrivateDirectory(() => Promise.resolve());
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(parent, { recursive: true });
  }
});
