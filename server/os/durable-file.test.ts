import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
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
import { makePrivateDirectory, moveEntry, readBounded, readIfPresent, writeDurable } from './durable-file.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const bytes = Buffer.from('content');

test('a file is written whole with its mode, and nothing else is left behind', async () => {
  const path = join(directory, 'file');
  await writeDurable(path, bytes, 0o644);
  await writeDurable(path, Buffer.from('newer'), 0o600);
  assert.equal(readFileSync(path, 'utf8'), 'newer');
  assert.equal(statSync(path).mode & 0o7777, 0o600);
  assert.deepEqual(readdirSync(directory), ['file']);
});

test('the mode does not depend on the umask', async () => {
  const umask = process.umask(0o077);
  try {
    await writeDurable(join(directory, 'file'), bytes, 0o644);
  } finally {
    process.umask(umask);
  }
  assert.equal(statSync(join(directory, 'file')).mode & 0o7777, 0o644);
});

test('writing over a symbolic link replaces the link and leaves what it pointed to alone', async () => {
  writeFileSync(join(directory, 'target'), 'untouched');
  symlinkSync('target', join(directory, 'link'));
  await writeDurable(join(directory, 'link'), bytes, 0o600);
  assert.ok(lstatSync(join(directory, 'link')).isFile());
  assert.equal(readFileSync(join(directory, 'target'), 'utf8'), 'untouched');
});

test('a write that fails leaves no temporary file', async () => {
  mkdirSync(join(directory, 'taken/full'), { recursive: true });
  await assert.rejects(writeDurable(join(directory, 'taken'), bytes, 0o600), CouldNotDecide);
  assert.deepEqual(readdirSync(directory), ['taken']);
  await assert.rejects(
    writeDurable(join(directory, 'no/such'), bytes, 0o600),
    /cannot write .*: it does not exist/,
  );
});

test('a file is read up to its limit and not beyond', async () => {
  const path = join(directory, 'file');
  writeFileSync(path, Buffer.alloc(40_000, 7));
  assert.equal((await readBounded(path, 40_000)).length, 40_000);
  await assert.rejects(readBounded(path, 39_999), /has more than 39999 bytes/);
});

test('a file of the kernel that says it has 0 bytes is read to its end', async () => {
  assert.equal(statSync('/proc/self/status').size, 0);
  assert.match(Buffer.from(await readBounded('/proc/self/status', 65_536)).toString(), /^Name:.*\n/);
  await assert.rejects(readBounded('/proc/self/status', 10), CouldNotDecide);
});

test('directories, devices and FIFOs are not read, and do not make us wait', async () => {
  assert.equal(spawnSync('mkfifo', [join(directory, 'fifo')]).status, 0);
  for (const path of [directory, '/dev/zero', '/dev/null', join(directory, 'fifo')]) {
    await assert.rejects(readBounded(path, 10), CouldNotDecide, path);
  }
});

test('a symbolic link is followed unless the caller says no', async () => {
  writeFileSync(join(directory, 'target'), bytes);
  symlinkSync('target', join(directory, 'link'));
  assert.deepEqual(Buffer.from(await readBounded(join(directory, 'link'), 100)), bytes);
  await assert.rejects(readBounded(join(directory, 'link'), 100, { noFollow: true }), CouldNotDecide);
});

test('a file below a root is read inside it, and its absence is null', async () => {
  mkdirSync(join(directory, 'root/etc'), { recursive: true });
  writeFileSync(join(directory, 'outside'), 'outside');
  symlinkSync('../../outside', join(directory, 'root/etc/escape'));
  writeFileSync(join(directory, 'root/etc/file'), bytes);
  const root = join(directory, 'root');
  assert.deepEqual(Buffer.from((await readIfPresent(root, '/etc/file', 100)) ?? []), bytes);
  assert.equal(await readIfPresent(root, '/etc/none', 100), null);
  assert.equal(await readIfPresent(root, '/etc/escape', 100), null);
});

test('a private directory is made below the root with nothing for others in its mode', async () => {
  const made = await makePrivateDirectory(directory, '/var/lib/touchstone');
  assert.equal(made, join(directory, 'var/lib/touchstone'));
  assert.equal(statSync(made).mode & 0o7777, 0o700);
  assert.equal(statSync(join(directory, 'var/lib')).mode & 0o022, 0);
  spawnSync('chmod', ['0777', made]);
  await makePrivateDirectory(directory, '/var/lib/touchstone');
  assert.equal(statSync(made).mode & 0o7777, 0o700);
});

test('a private directory is not made outside of the root, nor in place of a file', async () => {
  const root = join(directory, 'root');
  mkdirSync(join(directory, 'outside'));
  mkdirSync(root);
  symlinkSync('../outside', join(root, 'var'));
  await assert.rejects(makePrivateDirectory(root, '/var/touchstone'), CouldNotDecide);
  assert.deepEqual(readdirSync(join(directory, 'outside')), []);
  writeFileSync(join(root, 'file'), '');
  await assert.rejects(makePrivateDirectory(root, '/file'), CouldNotDecide);
  await assert.rejects(makePrivateDirectory(root, '/file/below'), CouldNotDecide);
});

test('an entry is moved as it is, and never over another', async () => {
  writeFileSync(join(directory, 'target'), bytes);
  symlinkSync('target', join(directory, 'link'));
  await moveEntry(join(directory, 'link'), join(directory, 'moved'));
  assert.ok(lstatSync(join(directory, 'moved')).isSymbolicLink());
  await assert.rejects(moveEntry(join(directory, 'moved'), join(directory, 'target')), /exists already/);
  assert.deepEqual(readFileSync(join(directory, 'target')), bytes);
  await assert.rejects(moveEntry(join(directory, 'none'), join(directory, 'x')), CouldNotDecide);
});
