import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { chaseInRoot } from './chase.ts';

let top = '';
let root = '';

/** A root with a file of the same name outside of it, which no path may reach. */
before(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'touchstone-test-')));
  root = join(top, 'root');
  mkdirSync(join(root, 'var/lib/extensions'), { recursive: true });
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), 'inside');
  mkdirSync(join(top, 'etc'));
  writeFileSync(join(top, 'etc/passwd'), 'outside');
});
after(() => rmSync(top, { recursive: true }));

function link(target: string, name: string): void {
  symlinkSync(target, join(root, name));
}

test('a plain path is below the root', async () => {
  assert.equal(await chaseInRoot(root, '/etc/passwd'), join(root, 'etc/passwd'));
  assert.equal(await chaseInRoot(root, '//etc/.//passwd'), join(root, 'etc/passwd'));
  assert.equal(await chaseInRoot(root, '/'), root);
});

test('with the root / a path is what the kernel makes of it', async () => {
  assert.equal(await chaseInRoot('/', join(root, 'etc/passwd')), join(root, 'etc/passwd'));
  assert.equal(await chaseInRoot('/', '/proc/self/root/..'), '/');
  assert.equal(await chaseInRoot('/', '/'), '/');
});

test('what is missing is null, and so is what a dangling link or a path through a file leads to', async () => {
  link('/nowhere', 'dangling');
  for (const path of [
    '/etc/shadow',
    '/no/such',
    '/dangling',
    '/etc/passwd/x',
    '/etc/passwd/',
    '/etc/passwd/..',
    '/etc/passwd/.',
  ]) {
    assert.equal(await chaseInRoot(root, path), null, path);
  }
});

test('an absolute link starts again at the root', async () => {
  link('/etc/passwd', 'absolute');
  assert.equal(await chaseInRoot(root, '/absolute'), join(root, 'etc/passwd'));
  link(join(top, 'etc/passwd'), 'absolute-outside');
  assert.equal(await chaseInRoot(root, '/absolute-outside'), null);
});

test('dots do not lead out of the root, in the path or in a link', async () => {
  assert.equal(await chaseInRoot(root, '/../../etc/passwd'), join(root, 'etc/passwd'));
  link('../../../../../../etc/passwd', 'var/lib/extensions/escape.raw');
  assert.equal(await chaseInRoot(root, '/var/lib/extensions/escape.raw'), join(root, 'etc/passwd'));
  link('../../../..', 'var/lib/extensions/up');
  assert.equal(await chaseInRoot(root, '/var/lib/extensions/up/etc/passwd'), join(root, 'etc/passwd'));
});

test('a link to a directory is followed in the middle of a path, and dots count from where it leads', async () => {
  link('var/lib/extensions', 'ext');
  assert.equal(await chaseInRoot(root, '/ext/../extensions'), join(root, 'var/lib/extensions'));
});

test('a loop of links, and more than 40 of them, cannot be decided', async () => {
  link('loop', 'loop');
  await assert.rejects(chaseInRoot(root, '/loop'), CouldNotDecide);
  link('etc', 'l0');
  for (let index = 1; index <= 40; index++) link(`l${index - 1}`, `l${index}`);
  assert.equal(await chaseInRoot(root, '/l39'), join(root, 'etc'));
  await assert.rejects(chaseInRoot(root, '/l40'), CouldNotDecide);
});

test('paths that are not absolute, have a NUL, or a link that is not UTF-8 cannot be decided', async () => {
  await assert.rejects(chaseInRoot(root, 'etc/passwd'), CouldNotDecide);
  await assert.rejects(chaseInRoot(root, '/etc/passwd\0.raw'), CouldNotDecide);
  symlinkSync(Buffer.from([0x65, 0xff]), join(root, 'not-utf8'));
  await assert.rejects(chaseInRoot(root, '/not-utf8'), CouldNotDecide);
});

test('a root that is missing or a file is not an empty one', async () => {
  await assert.rejects(chaseInRoot(join(top, 'no-root'), '/etc'), CouldNotDecide);
  await assert.rejects(chaseInRoot(join(top, 'etc/passwd'), '/etc'), CouldNotDecide);
});

test('a root given through a link is the directory behind it', async () => {
  symlinkSync(root, join(top, 'root-link'));
  assert.equal(await chaseInRoot(join(top, 'root-link'), '/etc'), join(root, 'etc'));
});
