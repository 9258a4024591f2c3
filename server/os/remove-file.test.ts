import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { removeFile, removeIfEmpty } from './remove-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
after(() => rmSync(directory, { recursive: true }));

test('a link is removed, and what it leads to is not', async () => {
  const target = join(directory, 'target');
  writeFileSync(target, '');
  symlinkSync(target, join(directory, 'link'));
  await removeFile(join(directory, 'link'));
  assert.deepEqual([existsSync(join(directory, 'link')), existsSync(target)], [false, true]);
  await removeFile(target);
  await assert.rejects(removeFile(target), CouldNotDecide);
});

test('a directory is removed only if it is empty', async () => {
  const full = join(directory, 'full');
  mkdirSync(join(full, 'empty'), { recursive: true });
  await removeIfEmpty(full);
  assert.equal(existsSync(full), true);
  await removeIfEmpty(join(full, 'empty'));
  await removeIfEmpty(full);
  assert.equal(existsSync(full), false);
  await removeIfEmpty(full);
});
