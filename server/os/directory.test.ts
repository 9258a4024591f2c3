import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import {
  entryExists,
  fileSize,
  isDeadEnd,
  kindOf,
  linkTarget,
  listDirectory,
  listNames,
} from './directory.ts';

let directory = '';
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  mkdirSync(join(directory, 'full/x'), { recursive: true });
  mkdirSync(join(directory, 'empty'));
  writeFileSync(join(directory, 'file'), '');
  symlinkSync('nowhere', join(directory, 'link'));
  spawnSync('mkfifo', [join(directory, 'fifo')]);
});
after(() => rmSync(directory, { recursive: true }));

test('the kind of an entry is what stands there, links not followed', async () => {
  const kinds = await Promise.all(
    ['file', 'full', 'empty', 'fifo', 'link'].map((name) => kindOf(join(directory, name))),
  );
  assert.deepEqual(kinds, ['file', 'directory', 'empty-directory', 'other', 'other']);
  await assert.rejects(kindOf(join(directory, 'none')), CouldNotDecide);
});

test('an entry exists even if it is a link to nowhere', async () => {
  assert.equal(await entryExists(join(directory, 'link')), true);
  assert.equal(await entryExists(join(directory, 'none')), false);
  assert.equal(await entryExists(join(directory, 'file/below')), false);
});

test('a link is a dead end where the kernel does not follow it, and not where nothing is', async () => {
  const place = join(directory, 'links');
  mkdirSync(place);
  writeFileSync(join(place, 'file'), '');
  const links = { round: 'round', through: 'file/x', long: 'l'.repeat(256), nowhere: 'gone', good: 'file' };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(place, name));
  const names = [...Object.keys(links), 'file', 'none'];
  const found = await Promise.all(names.map((name) => isDeadEnd(join(place, name))));
  assert.deepEqual(found, [true, true, true, false, false, false, false]);
});

test('a listing has hidden names and leaves out names that are not UTF-8, unless they are asked for as bytes', async () => {
  const place = join(directory, 'names');
  mkdirSync(place);
  writeFileSync(join(place, '.hidden'), '');
  writeFileSync(join(place, 'replaced\ufffd.raw'), '');
  writeFileSync(Buffer.concat([Buffer.from(`${place}/bad`), Buffer.from([0xff]), Buffer.from('.raw')]), '');
  assert.deepEqual((await listDirectory(place)).sort(), ['.hidden', 'replaced\ufffd.raw']);
  assert.deepEqual((await listNames(place)).sort(), ['.hidden', 'bad\xff.raw', 'replaced\xef\xbf\xbd.raw']);
  await assert.rejects(listDirectory(join(directory, 'none')), CouldNotDecide);
  await assert.rejects(listNames(join(directory, 'none')), CouldNotDecide);
});

test('a link is read without being followed, a file measured', async () => {
  assert.equal(await linkTarget(join(directory, 'link')), 'nowhere');
  assert.equal(await linkTarget(join(directory, 'file')), null);
  assert.equal(await linkTarget(join(directory, 'none')), null);
  await assert.rejects(linkTarget(join(directory, 'file/below')), CouldNotDecide);
  writeFileSync(join(directory, 'ten'), '0123456789');
  assert.equal(await fileSize(join(directory, 'ten')), 10);
  await assert.rejects(fileSize(join(directory, 'none')), CouldNotDecide);
});
