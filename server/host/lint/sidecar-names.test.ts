import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type AttributeHashes, isSidecarName, lintSidecarNames } from './sidecar-names.ts';

function lint(names: readonly string[], hashes: AttributeHashes = new Set()): string[] {
  return lintSidecarNames(names, () => hashes).map(
    ({ code, name, image }) => `${code} ${name} ${image ?? '-'}`,
  );
}

const complete = ['a.raw', 'a.verity', 'a.roothash', 'a.roothash.p7s'];

test('sidecars as systemd looks for them are in order', () => {
  assert.deepEqual(lint(complete), []);
  assert.deepEqual(lint(['a.sysext.raw', 'a.sysext.usrhash', 'a.sysext.usrhash.p7s']), []);
});

test('sidecars with the whole name of the image in theirs are ignored', () => {
  for (const suffix of ['verity', 'roothash', 'usrhash', 'roothash.p7s', 'usrhash.p7s', 'p7s'])
    assert.deepEqual(lint([...complete, `a.raw.${suffix}`]), [`ignored-sidecar a.raw.${suffix} a.raw`]);
});

test('a message says how the file would have to be named', () => {
  const message = (name: string, image: string) => lintSidecarNames([name, image])[0]?.message ?? '';
  assert.match(message('a.raw.roothash', 'a.raw'), /would have to be a\.roothash\.$/);
  assert.match(message('a.p7s', 'a.raw'), /would have to be a\.roothash\.p7s\.$/);
  assert.match(message('a.usrhash', 'a.sysext.raw'), /would have to be a\.sysext\.usrhash\.$/);
  assert.match(message('a.roothash', 'a'), /not of a\.$/);
  assert.match(message('b.roothash', 'a.raw'), /named b\.raw, which is not here\.$/);
});

test('a signature without the hash in its name is ignored', () => {
  assert.deepEqual(lint([...complete, 'a.p7s']), ['ignored-sidecar a.p7s a.raw']);
});

test('sidecars without the suffix of the class that the image has are ignored', () => {
  assert.deepEqual(lint(['a.confext.raw', 'a.verity']), ['ignored-sidecar a.verity a.confext.raw']);
  assert.deepEqual(lint(['a.sysext.raw', ...complete]), []);
});

test('sidecars of directories and of nothing are ignored', () => {
  assert.deepEqual(lint(['a', 'a.roothash']), ['ignored-sidecar a.roothash a']);
  assert.deepEqual(lint(['a.img', 'a.img.verity']), ['ignored-sidecar a.img.verity a.img']);
  assert.deepEqual(lint(['a.roothash']), ['ignored-sidecar a.roothash -']);
});

test('a signature counts only with a root hash', () => {
  assert.deepEqual(lint(['a.raw', 'a.roothash.p7s']), ['ignored-sidecar a.roothash.p7s a.raw']);
  assert.deepEqual(lint(['a.raw', 'a.roothash.p7s'], new Set(['root'])), []);
  assert.deepEqual(lint(['a.raw', 'a.usrhash.p7s'], new Set(['root'])), [
    'ignored-sidecar a.usrhash.p7s a.raw',
  ]);
});

test('a hash tree counts only with a root hash', () => {
  assert.deepEqual(lint(['a.raw', 'a.verity']), ['ignored-sidecar a.verity a.raw']);
  assert.deepEqual(lint(['a.raw', 'a.verity'], new Set(['usr'])), []);
});

test('of two root hashes the one for root counts', () => {
  assert.deepEqual(lint([...complete, 'a.usrhash', 'a.usrhash.p7s']), [
    'ignored-sidecar a.usrhash a.raw',
    'ignored-sidecar a.usrhash.p7s a.raw',
  ]);
});

test('a root hash without a signature is not signed', () => {
  assert.deepEqual(lint(['a.raw', 'a.roothash']), ['unsigned-sidecar a.roothash a.raw']);
  assert.deepEqual(lint(['a.raw', 'a.usrhash', 'a.roothash.p7s']), [
    'unsigned-sidecar a.usrhash a.raw',
    'ignored-sidecar a.roothash.p7s a.raw',
  ]);
});

test('other names are no sidecars', () => {
  for (const name of ['a.raw', 'roothash', '.verity', 'a.roothash.bak', 'a.p7s.old', 'p7s'])
    assert.equal(isSidecarName(name), false, name);
  assert.equal(isSidecarName('a\n.verity'), true);
});
