import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { reason } from '../../verifier/reasons.ts';
import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { discoverImages } from './discover.ts';
import { maskImage } from './mask-image.ts';
import { quarantine, reasonSuffix } from './quarantine.ts';
import { listQuarantine, restoreQuarantined } from './quarantined.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  mkdirSync(join(root, 'var/lib/extensions'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const place = (name: string): string => join(root, 'var/lib/extensions', name);
const now = new Date('2026-11-23T12:00:00.000Z');

/** Moves away the only image there is. */
async function moveAway(message: string): Promise<string> {
  const [image] = (await discoverImages(root, 'sysext')).effective;
  assert.ok(image !== undefined);
  return quarantine(root, image, [reason('unsigned', message)], now);
}

test('what is put back and refused again lies beside the first one, each with its own reason', async () => {
  writeFileSync(place('a.raw'), 'first');
  const first = await moveAway('First.');
  writeFileSync(place('a.raw'), 'second');
  const second = await moveAway('Second.');
  assert.notEqual(first, second);
  for (const [moved, content, message] of [
    [first, 'first', 'First.'],
    [second, 'second', 'Second.'],
  ] as const) {
    assert.equal(readFileSync(moved, 'utf8'), content);
    assert.equal(JSON.parse(readFileSync(`${moved}${reasonSuffix}`, 'utf8')).reasons[0].message, message);
  }
  assert.equal((await listQuarantine(root)).length, 2);
});

test('a name as long as a file system takes does not keep an image where it is', async () => {
  const names = [`${'x'.repeat(251)}.raw`, `${'ä'.repeat(125)}.raw`];
  for (const name of names) {
    writeFileSync(place(name), name);
    const moved = await moveAway('Long.');
    assert.ok(Buffer.byteLength(basename(moved)) < 200);
    const [found] = await listQuarantine(root);
    assert.equal(found?.from, `/var/lib/extensions/${name}`);
    await restoreQuarantined(root, found.path);
    assert.equal(readFileSync(place(name), 'utf8'), name);
    rmSync(place(name));
  }
});

test('what is restored comes with its reason out of the quarantine, and takes nobody else’s place', async () => {
  writeFileSync(place('a.raw'), 'first');
  const moved = await moveAway('First.');
  const [found] = await listQuarantine(root);
  assert.ok(found !== undefined);
  writeFileSync(place('a.raw'), 'other');
  await assert.rejects(restoreQuarantined(root, found.path), /a\.raw exists already/);
  assert.equal(readFileSync(place('a.raw'), 'utf8'), 'other');
  rmSync(place('a.raw'));
  await restoreQuarantined(root, found.path);
  assert.equal(readFileSync(place('a.raw'), 'utf8'), 'first');
  assert.deepEqual(readdirSync(join(moved, '..')), []);
});

test('a record that names another place than where systemd looks restores nothing there', async () => {
  writeFileSync(place('a.raw'), 'first');
  const moved = await moveAway('First.');
  const [found] = await listQuarantine(root);
  assert.ok(found !== undefined);
  for (const from of ['/etc/passwd', '/var/lib/extensions/../a.raw', '/var/lib/extensions']) {
    const record = { ...JSON.parse(readFileSync(`${moved}${reasonSuffix}`, 'utf8')), from };
    writeFileSync(`${moved}${reasonSuffix}`, JSON.stringify(record));
    await assert.rejects(restoreQuarantined(root, found.path), CouldNotDecide, from);
  }
  assert.equal(readFileSync(moved, 'utf8'), 'first');
});

/** A versioned directory whose version has the name of something that the host needs. */
function prepareVersions(): string {
  mkdirSync(place('x86.v/x86_64-linux-gnu/usr'), { recursive: true });
  const needed = join(root, 'usr/lib/x86_64-linux-gnu');
  mkdirSync(join(needed, 'systemd'), { recursive: true });
  return needed;
}

/** What the owner of the directory of images does meanwhile. */
function swapDirectory(): void {
  renameSync(place('x86.v'), place('away'));
  symlinkSync('../../../usr/lib', place('x86.v'));
}

test('a directory that becomes a link has nothing moved away from where the link leads', async () => {
  const needed = prepareVersions();
  const [image] = (await discoverImages(root, 'sysext')).effective;
  assert.equal(image?.movable.path, '/var/lib/extensions/x86.v/x86_64-linux-gnu');
  swapDirectory();
  await assert.rejects(quarantine(root, image, [], now), CouldNotDecide);
  assert.ok(existsSync(join(needed, 'systemd')));
  assert.deepEqual(await listQuarantine(root), []);
});

test('nothing is put back through a link', async () => {
  const needed = prepareVersions();
  await moveAway('Versions.');
  const [found] = await listQuarantine(root);
  swapDirectory();
  rmSync(needed, { recursive: true });
  await assert.rejects(
    restoreQuarantined(root, found?.path ?? ''),
    /x86\.v is a symbolic link to .*nothing is put there/,
  );
  assert.ok(!existsSync(needed));
  rmSync(place('x86.v'));
  renameSync(place('away'), place('x86.v'));
  await restoreQuarantined(root, found?.path ?? '');
  assert.ok(existsSync(place('x86.v/x86_64-linux-gnu')));
});

test('a link in the place of what hides an image has nothing removed where it leads', async () => {
  writeFileSync(place('a.raw'), 'image');
  const [image] = (await discoverImages(root, 'sysext')).effective;
  assert.ok(image !== undefined);
  const mask = await maskImage(root, image, [reason('unsigned', 'Hidden.')], now);
  const elsewhere = join(root, 'srv/empty');
  mkdirSync(elsewhere, { recursive: true });
  rmSync(mask, { recursive: true });
  symlinkSync('/srv/empty', mask);
  const [found] = await listQuarantine(root);
  await restoreQuarantined(root, found?.path ?? '');
  assert.ok(existsSync(elsewhere));
  assert.deepEqual(await listQuarantine(root), []);
});

test('what is in use hides nothing, and is left as it is', async () => {
  writeFileSync(place('a.raw'), 'image');
  const [image] = (await discoverImages(root, 'sysext')).effective;
  assert.ok(image !== undefined);
  for (const directory of ['etc/extensions', 'run/extensions'])
    mkdirSync(join(root, directory, 'a/usr'), { recursive: true });
  await assert.rejects(maskImage(root, image, [], now), /run\/extensions\/a is in use/);
  assert.deepEqual(await listQuarantine(root), []);
});

test('what an administrator hid already is his: there is nothing to list, and nothing to restore', async () => {
  writeFileSync(place('a.raw'), 'image');
  const [image] = (await discoverImages(root, 'sysext')).effective;
  assert.ok(image !== undefined);
  mkdirSync(join(root, 'etc/extensions/a'), { recursive: true });
  assert.equal(await maskImage(root, image, [], now), join(root, 'etc/extensions/a'));
  assert.deepEqual(await listQuarantine(root), []);
});

test('an image is hidden by every name that a version of systemd has for it', async () => {
  writeFileSync(place('a.sysext.raw'), 'image');
  const [image] = (await discoverImages(root, 'sysext')).effective;
  assert.ok(image !== undefined);
  await maskImage(root, image, [], now);
  assert.deepEqual(readdirSync(join(root, 'etc/extensions')).sort(), ['a', 'a.sysext']);
  const [found] = await listQuarantine(root);
  await restoreQuarantined(root, found?.path ?? '');
  assert.deepEqual(readdirSync(join(root, 'etc/extensions')), []);
});
