import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { lintSearchDirectories } from './ignored-images.ts';
import { type Entry, makeHost, shown } from './tests/host-tree.ts';

const x = '/var/lib/extensions';

function lint(root: string, extensionClass: 'sysext' | 'confext' = 'sysext') {
  return lintSearchDirectories(root, extensionClass, () => 'x86-64');
}

// What stands in the directory, the file that is warned of, and why.
const cases: [string, Record<string, Entry>, string, RegExp][] = [
  ['a file that does not end in .raw', { 'a.img': '' }, 'a.img', /names end in \.raw/],
  ['a temporary file', { '.#a.raw': '' }, '.#a.raw', /no file of this name/],
  ['a directory with a name that is not valid', { '.#a/usr': null }, '.#a', /no file of this name/],
  ['a link that leads nowhere', { 'a.raw': { link: 'gone' } }, 'a.raw', /leads nowhere/],
  ['a link to itself', { 'a.raw': { link: 'a.raw' } }, 'a.raw', /cannot be followed; systemd stops/],
  [
    'a versioned directory whose newest is a link to itself',
    { 'a.raw.v/a_1.raw': { link: 'a_1.raw' } },
    'a.raw.v',
    /picks a_1\.raw, a link that cannot be followed/,
  ],
  ['a link to a file of another name', { 'a.raw': { link: 'b/c' }, 'b/c': '' }, 'a.raw', /since about 260/],
  ['a link to /dev/null', { 'a.raw': { link: '/dev/null' } }, 'a.raw', /an empty directory/],
  ['a name that is only one of older systemd', { '.sysext.raw': '' }, '.sysext.raw', /no file of this name/],
  [
    'an empty versioned directory',
    { 'a.raw.v': null },
    'a.raw.v',
    /named a_VERSION\.raw here and finds none/,
  ],
  [
    'a versioned directory for other hosts',
    { 'a.raw.v/a_1_arm64.raw': '' },
    'a.raw.v',
    /finds none for this host/,
  ],
  [
    'a versioned directory of files with other names',
    { 'a.sysext.raw.v/a_1.raw': '' },
    'a.sysext.raw.v',
    /named a_VERSION\.sysext\.raw/,
  ],
  [
    'a versioned directory whose newest is a directory',
    { 'a.raw.v/a_1.raw': '', 'a.raw.v/a_2.raw': null },
    'a.raw.v',
    /picks a_2\.raw, .* image files/,
  ],
  [
    'a versioned directory whose newest is a file',
    { 'a.v/a_1': null, 'a.v/a_1.raw': '' },
    'a.v',
    /picks a_1\.raw, .* directories/,
  ],
  [
    'a version that is none',
    { 'a.raw.v/a_1.raw': '', 'a.raw.v/a_2~rc1.raw': '', 'a.raw.v/a_3_arm64.raw': '' },
    'a.raw.v',
    /none of a_2~rc1\.raw for/,
  ],
  ['a versioned directory without a name', { '.raw.v/_1.raw': '' }, '.raw.v', /no directory of this name/],
];
for (const [what, entries, name, message] of cases) {
  test(`systemd passes over ${what}`, async (context) => {
    const below = Object.fromEntries(Object.entries(entries).map(([path, entry]) => [`${x}/${path}`, entry]));
    const warnings = await lint(makeHost(context, below));
    assert.deepEqual(shown(warnings), [`ignored-image ${x}/${name}`]);
    assert.match(warnings[0]?.message ?? '', message);
  });
}

test('a name that is not UTF-8 and a pipe are passed over too', async (context) => {
  const root = makeHost(context, { [x]: null });
  writeFileSync(
    Buffer.concat([Buffer.from(join(root, x, 'a')), Buffer.from([0xff]), Buffer.from('.raw')]),
    '',
  );
  spawnSync('mkfifo', [join(root, x, 'b.raw')]);
  assert.deepEqual(shown(await lint(root)), [`ignored-image ${x}/a\ufffd.raw`, `ignored-image ${x}/b.raw`]);
});

test('what systemd merges or takes for a mask is no reason to warn', async (context) => {
  const root = makeHost(context, {
    [`${x}/a.raw`]: '',
    [`${x}/a.verity`]: '',
    [`${x}/a.roothash`]: '',
    [`${x}/a.roothash.p7s`]: '',
    [`${x}/b/usr`]: null,
    [`${x}/c`]: null,
    [`${x}/d.raw`]: { link: '/srv/x.raw' },
    '/srv/x.raw': '',
    [`${x}/e.sysext.raw.v/e_1.sysext.raw`]: '',
    [`${x}/e.sysext.raw.v/e_2_x86-64+0.sysext.raw`]: '',
    '/var/lib/confexts/f.confext.raw': '',
  });
  assert.deepEqual(await lint(root), []);
  assert.deepEqual(await lint(root, 'confext'), []);
});

test('sidecars are looked at where the images are, in versioned directories too', async (context) => {
  const root = makeHost(context, {
    [`${x}/a.raw`]: '',
    [`${x}/a.raw.roothash`]: '',
    [`${x}/b.raw.v/b_1.raw`]: '',
    [`${x}/b.raw.v/b_1.raw.roothash.p7s`]: '',
    [`${x}/b.roothash`]: '',
  });
  assert.deepEqual(shown(await lint(root)), [
    `ignored-sidecar ${x}/a.raw.roothash`,
    `ignored-sidecar ${x}/b.raw.v/b_1.raw.roothash.p7s`,
    `ignored-sidecar ${x}/b.roothash`,
  ]);
});

test('directories where systemd does not look are named, if there is something in them', async (context) => {
  const root = makeHost(context, {
    '/usr/lib/extensions/a.raw': '',
    '/usr/local/lib/extensions': null,
    '/etc/confexts/a.raw': '',
  });
  assert.deepEqual(shown(await lint(root)), ['ignored-image /usr/lib/extensions']);
  assert.deepEqual(shown(await lint(root, 'confext')), ['ignored-image /etc/confexts']);
});
