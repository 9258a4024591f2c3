import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { withExclusiveFile, withSharedFile } from './locked-file.ts';

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  path = join(directory, 'log');
});
afterEach(() => rmSync(directory, { recursive: true }));

test('an exclusive file is created private, appended to under its lock, and free afterwards', async () => {
  writeFileSync(path, 'old ', { mode: 0o600 });
  await withExclusiveFile(path, async (file) => {
    assert.equal(spawnSync('flock', ['-s', '-n', path, 'true']).status, 1);
    await file.append(Buffer.from('new'));
    assert.equal(await file.size(), 7);
    assert.equal(Buffer.from(await file.read(7)).toString(), 'old new');
    await assert.rejects(file.read(6), CouldNotDecide);
  });
  assert.equal(readFileSync(path, 'utf8'), 'old new');
  assert.equal(spawnSync('flock', ['-x', '-n', path, 'true']).status, 0);
});

test('a new file has mode 0600, and the mark is its sticky bit', async () => {
  await withExclusiveFile(path, async (file) => {
    assert.equal(statSync(path).mode & 0o7777, 0o600);
    await file.setMarked(true);
    assert.equal(await file.isMarked(), true);
    assert.equal(statSync(path).mode & 0o7777, 0o1600);
    await file.setMarked(false);
    assert.equal(statSync(path).mode & 0o7777, 0o600);
  });
});

test('the lock is given up when the work fails', async () => {
  await assert.rejects(
    withExclusiveFile(path, () => Promise.reject(new CouldNotDecide('no'))),
    /^CouldNotDecide: no$/,
  );
  assert.equal(spawnSync('flock', ['-x', '-n', path, 'true']).status, 0);
});

test('a lock that is not free in time is named by its file', async () => {
  await withExclusiveFile(path, async () => {
    const second = withSharedFile(path, () => Promise.resolve(1), 100);
    await assert.rejects(second, /cannot lock .*log: another process has held its lock for more than 0.1 s/);
  });
});

test('readers do not create the file', async () => {
  await assert.rejects(
    withSharedFile(path, () => Promise.resolve(1)),
    /cannot open .*: it does not exist/,
  );
  assert.equal(existsSync(path), false);
});

test('a link, a FIFO, or a file that others may write is refused', async () => {
  const work = (): Promise<number> => Promise.resolve(1);
  writeFileSync(join(directory, 'target'), '');
  symlinkSync('target', path);
  await assert.rejects(withExclusiveFile(path, work), /cannot open .*symbolic link/);
  rmSync(path);
  spawnSync('mkfifo', [path]);
  await assert.rejects(withSharedFile(path, work), /is not a regular file/);
  rmSync(path);
  writeFileSync(path, '');
  chmodSync(path, 0o666);
  await assert.rejects(withExclusiveFile(path, work), /can be written by others/);
});

test('a file that is replaced while its lock is waited for is not worked on', async () => {
  writeFileSync(path, '', { mode: 0o600 });
  let second: Promise<number> | undefined;
  await withExclusiveFile(path, async () => {
    second = withExclusiveFile(path, () => Promise.resolve(1));
    second.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
    rmSync(path);
    writeFileSync(path, '', { mode: 0o600 });
  });
  await assert.rejects(second ?? Promise.resolve(), /was replaced while it was opened/);
});
