import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { discoverImages } from './discover.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Makes what the paths name below the root: `x/` a directory, `x -> y` a symbolic link, anything else an empty file. */
function make(...paths: readonly string[]): void {
  for (const path of paths) {
    const [name = '', target] = path.split(' -> ');
    const place = join(root, name);
    mkdirSync(name.endsWith('/') ? place : dirname(place), { recursive: true });
    if (target !== undefined) symlinkSync(target, place);
    else if (!name.endsWith('/')) writeFileSync(place, '');
  }
}

const discover = () => discoverImages(root, 'sysext', () => 'x86-64');
const inRoot = (path: string): string => `/${path.slice(root.length + 1)}`;
const x = '/var/lib/extensions';
const e = '/etc/extensions';

test('a link that cannot be followed is refused by itself, whatever its name is', async () => {
  make(
    `${x}/good.raw`,
    `${x}/loop.raw -> loop.raw`,
    `${x}/round -> round`,
    `${x}/long -> ${'l'.repeat(256)}`,
  );
  symlinkSync(Buffer.from([0x6c, 0xff]), join(root, x, 'odd.raw'));
  const { effective } = await discover();
  assert.deepEqual(
    effective.map(({ name, kind, obstacle }) => [name, kind, obstacle !== null]),
    [...[['good', 'file', false]], ...['long', 'loop', 'odd', 'round'].map((name) => [name, 'other', true])],
  );
  assert.deepEqual(
    effective.map(({ movable }) => movable.path),
    [...['good.raw', 'long', 'loop.raw', 'odd.raw', 'round'].map((name) => `${x}/${name}`)],
  );
});

test('a link that cannot be followed hides what has its name, until it is gone', async () => {
  make(`${e}/a.raw -> a.raw`, `${x}/a.raw`);
  const { effective, shadowed } = await discover();
  assert.match(effective[0]?.obstacle ?? '', /goes through too many symbolic links\.$/);
  assert.deepEqual(
    shadowed.map(({ hiddenBy, conflict, obstacle }) => [inRoot(hiddenBy ?? ''), conflict, obstacle]),
    [[`${e}/a.raw`, null, null]],
  );
});

test('a pick that cannot be followed is refused with its directory, and what is elsewhere is left there', async () => {
  make(`${x}/a.raw.v/a_1.raw`, `${x}/a.raw.v/a_2.raw -> a_2.raw`);
  make('/srv/b/b_1.raw -> b_1.raw', `${x}/b.raw.v -> /srv/b`);
  const { effective } = await discover();
  assert.deepEqual(
    effective.map(({ name, entry, movable, obstacle }) => [
      name,
      inRoot(entry),
      movable.path,
      obstacle !== null,
    ]),
    [
      ['a', `${x}/a.raw.v`, `${x}/a.raw.v`, true],
      ['b', `${x}/b.raw.v`, `${x}/b.raw.v`, true],
    ],
  );
});

test('a pick whose name is not UTF-8 is refused, rather than another file be taken', async () => {
  make(`${x}/a.raw.v/a_1.raw`, `${x}/a.raw.v/usr/`);
  const name = Buffer.concat([
    Buffer.from(join(root, x, 'a.raw.v/a_2_')),
    Buffer.from([0xff]),
    Buffer.from('.raw'),
  ]);
  writeFileSync(name, '');
  const { effective } = await discover();
  assert.deepEqual(
    effective.map(({ name, entry }) => [name, inRoot(entry)]),
    [['a', `${x}/a.raw.v`]],
  );
  assert.match(effective[0]?.obstacle ?? '', /whose name is not UTF-8\.$/);
});
