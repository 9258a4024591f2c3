import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { lockFile } from './file-lock.ts';

let directory = '';
let path = '';

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  path = join(directory, 'log');
  writeFileSync(path, '');
});
after(() => rmSync(directory, { recursive: true }));

/** Whether another program could take the lock now. */
function isFree(mode: '-s' | '-x'): boolean {
  return spawnSync('flock', [mode, '-n', path, 'true']).status === 0;
}

/** Another program that holds the lock until it is killed. */
async function holder(mode: '-s' | '-x'): Promise<ChildProcess> {
  const child = spawn('flock', [mode, '--no-fork', path, 'sh', '-c', 'echo held; exec sleep 60']);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

test('an exclusive lock keeps a real flock out until the file is closed', async () => {
  const handle = await open(path, 'r+');
  await lockFile(handle, 'exclusive', 1000);
  assert.equal(isFree('-x'), false);
  assert.equal(isFree('-s'), false);
  await handle.close();
  assert.equal(isFree('-x'), true);
});

test('a shared lock lets readers in and keeps writers out', async () => {
  const handle = await open(path, 'r');
  await lockFile(handle, 'shared', 1000);
  assert.equal(isFree('-s'), true);
  assert.equal(isFree('-x'), false);
  await handle.close();
});

test('a lock that a real flock holds is waited for, then refused in time', async () => {
  const child = await holder('-x');
  const handle = await open(path, 'r+');
  try {
    const start = performance.now();
    await assert.rejects(lockFile(handle, 'shared', 300), (error) => {
      assert.ok(error instanceof CouldNotDecide);
      assert.match(error.message, /another process has held its lock/);
      return true;
    });
    const waited = performance.now() - start;
    assert.ok(waited > 250 && waited < 2000, `waited ${waited} ms`);
  } finally {
    await handle.close();
    await end(child);
  }
});

test('a lock that a real flock gives up is taken', async () => {
  const child = await holder('-s');
  const handle = await open(path, 'r+');
  const locked = lockFile(handle, 'exclusive', 5000);
  await sleep(100);
  await end(child);
  await locked;
  assert.equal(isFree('-s'), false);
  await handle.close();
});

test('two handles of one process exclude each other', async () => {
  const [first, second] = await Promise.all([open(path, 'r+'), open(path, 'r+')]);
  await lockFile(first, 'exclusive', 1000);
  await assert.rejects(lockFile(second, 'exclusive', 100), CouldNotDecide);
  await first.close();
  await lockFile(second, 'exclusive', 1000);
  await second.close();
});

test('a wait that is given up takes no lock later', async () => {
  const child = await holder('-x');
  const handle = await open(path, 'r+');
  await assert.rejects(lockFile(handle, 'exclusive', 50), CouldNotDecide);
  await end(child);
  assert.equal(isFree('-x'), true);
  await handle.close();
});
