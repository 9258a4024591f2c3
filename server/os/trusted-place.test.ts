import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { isExecutable, whoCanReplace } from './trusted-place.ts';

const root = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
after(() => rmSync(root, { recursive: true }));

beforeEach(() => {
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  writeFileSync(join(root, 'usr/bin/node'), '');
  for (const path of ['usr', 'usr/bin', 'usr/bin/node']) chmodSync(join(root, path), 0o755);
});

test('nobody else can replace what is ours, in directories of ours', async () => {
  assert.equal(await whoCanReplace(root, '/usr/bin/node'), null);
});

test('others can who may write the file or a directory on the way, also a sticky one', async () => {
  const changes = [
    ['usr/bin/node', 0o775],
    ['usr/bin', 0o757],
    ['usr', 0o1777],
  ] as const;
  for (const [path, mode] of changes) {
    chmodSync(join(root, path), mode);
    assert.match((await whoCanReplace(root, '/usr/bin/node')) ?? '', new RegExp(`^/${path} can be changed`));
    chmodSync(join(root, path), 0o755);
  }
  chmodSync(root, 0o777);
  assert.match((await whoCanReplace(root, '/usr/bin/node')) ?? '', /^\/ can be changed/);
  chmodSync(root, 0o700);
});

test('others can who own something on the way', { skip: process.geteuid?.() !== 0 }, async () => {
  chownSync(join(root, 'usr/bin'), 65534, 65534);
  assert.match((await whoCanReplace(root, '/usr/bin/node')) ?? '', /^\/usr\/bin belongs to another user/);
  chownSync(join(root, 'usr/bin'), 0, 0);
});

test('what is not there is not judged', async () => {
  await assert.rejects(whoCanReplace(root, '/usr/bin/none'), CouldNotDecide);
});

test('a file is executable by its mode, and a link to one is not', async () => {
  assert.equal(await isExecutable(join(root, 'usr/bin/node')), true);
  chmodSync(join(root, 'usr/bin/node'), 0o644);
  assert.equal(await isExecutable(join(root, 'usr/bin/node')), false);
  symlinkSync('/bin/sh', join(root, 'sh'));
  assert.equal(await isExecutable(join(root, 'sh')), false);
  assert.equal(await isExecutable(join(root, 'usr/bin')), false);
});
