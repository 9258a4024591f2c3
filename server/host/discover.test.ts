import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import { type DiscoveredImage, discoverImages } from './discover.ts';

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
    mkdirSync(dirname(place), { recursive: true });
    if (target !== undefined) symlinkSync(target, place);
    else if (name.endsWith('/')) mkdirSync(place, { recursive: true });
    else writeFileSync(place, '');
  }
}

function discover(extensionClass: ExtensionClass = 'sysext') {
  return discoverImages(root, extensionClass, () => 'x86-64');
}

const inRoot = (path: string): string => `/${path.slice(root.length + 1)}`;

/** `NAME=ENTRY` of each image. */
function shown(images: readonly DiscoveredImage[]): string[] {
  return images.map(({ name, entry }) => `${name}=${inRoot(entry)}`);
}

async function effective(extensionClass: ExtensionClass = 'sysext'): Promise<string[]> {
  return shown((await discover(extensionClass)).effective);
}

const x = '/var/lib/extensions';
const e = '/etc/extensions';

// What stands in the search directory, and the names under which systemd merges it; the function of systemd that says so.
const nameTable: [string, readonly string[], readonly string[]][] = [
  ['image_discover: regular files end in .raw', ['a.raw', 'b', 'c.img', 'd.raw.bak'], ['a=a.raw']],
  ['image_discover: directories have any name', ['a/usr/', 'b.raw/usr/'], ['a=a', 'b.raw=b.raw']],
  [
    'extract_image_basename: the suffix of the class',
    ['a.sysext.raw', 'b.sysext/usr/'],
    ['a=a.sysext.raw', 'b=b.sysext'],
  ],
  ['extract_image_basename: not that of the other class', ['a.confext.raw'], ['a.confext=a.confext.raw']],
  ['image_name_is_valid: temporary files', ['.#a.raw', '.#b/usr/'], []],
  ['image_name_is_valid: control characters', ['a\n.raw', 'b\x7f.raw'], []],
  [
    'image_name_is_valid: hidden and odd names are fine',
    ['.a.raw', 'b c.raw', 'é.raw'],
    ['.a=.a.raw', 'b c=b c.raw', 'é=é.raw'],
  ],
  ['image_name_is_valid: an empty name', ['.raw'], []],
  [
    'image_discover of 252: only the class suffix',
    ['.sysext.raw', '..sysext/usr/'],
    ['..sysext=..sysext', '.sysext=.sysext.raw'],
  ],
  ['image_discover: neither file, directory nor block device', ['a.raw -> /dev/null'], []],
  ['image_discover: a link that leads nowhere', ['a.raw -> gone', 'b -> gone'], []],
  ['image_discover: links are followed', ['a.raw -> ../real', '../real'], ['a=a.raw']],
  ['image_discover: the name of the link counts', ['a -> ../real.raw', '../real.raw'], []],
  [
    'image_discover: a link to a versioned directory is none',
    ['a.raw -> b.raw.v', 'b.raw.v/b_1.raw'],
    ['a.raw=a.raw', 'b=b.raw.v/b_1.raw'],
  ],
  ['image_discover: no directory of versions without a name', ['.raw.v/_1.raw', '.#a.raw.v/.#a_1.raw'], []],
  ['image_discover: a file is no directory of versions', ['a.v', 'b.v.raw', 'c.raw.v'], ['b.v=b.v.raw']],
  [
    'strverscmp_improved: layers in the order of versions',
    ['a10.raw', 'a9.raw'],
    ['a9=a9.raw', 'a10=a10.raw'],
  ],
];
for (const [what, paths, expected] of nameTable) {
  test(what, async () => {
    make('/dev/null', ...paths.map((path) => `${x}/${path}`));
    rmSync(join(root, 'dev'), { recursive: true });
    const found = await effective();
    assert.deepEqual(found.map((image) => image.replace(`${x}/`, '')).sort(), [...expected].sort());
  });
}

test('layers are ordered by version, not by letter', async () => {
  make(`${x}/a10.raw`, `${x}/a9.raw`, `${e}/a1.raw`);
  assert.deepEqual(await effective(), [`a1=${e}/a1.raw`, `a9=${x}/a9.raw`, `a10=${x}/a10.raw`]);
});

test('directories are searched in the order of image_search_path', async () => {
  const sysext = [e, '/run/extensions', x, '/usr/local/lib/extensions', '/usr/lib/extensions'];
  const confext = ['/run/confexts', '/var/lib/confexts', '/usr/local/lib/confexts', '/usr/lib/confexts'];
  for (const [extensionClass, directories] of [
    ['sysext', sysext],
    ['confext', confext],
  ] as const) {
    make(...directories.map((directory) => `${directory}/a.raw`));
    for (const directory of directories) {
      const { effective, shadowed } = await discover(extensionClass);
      assert.deepEqual(shown(effective), [`a=${directory}/a.raw`]);
      assert.ok(
        shadowed.every(
          ({ hiddenBy, conflict }) =>
            hiddenBy !== null && inRoot(hiddenBy) === `${directory}/a.raw` && conflict === null,
        ),
      );
      rmSync(join(root, directory, 'a.raw'));
    }
  }
});

test('a confext is not looked for in /etc, which it is merged into', async () => {
  make('/etc/confexts/a.raw');
  assert.deepEqual(await effective('confext'), []);
});

test('an empty directory masks its name in directories of lower priority', async () => {
  make(`${e}/a/`, `${x}/a.raw`, `${x}/b.raw`);
  const { effective, shadowed } = await discover();
  assert.deepEqual(shown(effective), [`b=${x}/b.raw`]);
  assert.deepEqual(shown(shadowed), [`a=${x}/a.raw`]);
  assert.equal(shadowed[0]?.conflict, null);
});

test('a link to /dev/null and an empty file mask nothing', async () => {
  make(`${e}/a.raw -> /dev/null`, `${x}/a.raw`, `${e}/b`, `${x}/b.raw`);
  assert.deepEqual(await effective(), [`a=${x}/a.raw`, `b=${x}/b.raw`]);
});

test('of two images of one name in one directory none is sure to be hidden', async () => {
  make(`${x}/a/`, `${x}/a.raw`);
  const { effective, shadowed } = await discover();
  assert.deepEqual(shown(effective), []);
  assert.match(
    shadowed[0]?.conflict ?? '',
    /^\/var\/lib\/extensions\/a and .*a\.raw are both named a, .*; keep one of them/,
  );
});

test('what hides an image in newer versions of systemd alone is a conflict', async () => {
  make(
    `${e}/a.sysext.raw`,
    `${x}/a.raw`,
    `${e}/b.sysext/`,
    `${x}/b.raw`,
    `${e}/c.raw.v/c_1.raw`,
    `${x}/c.raw`,
  );
  const { shadowed } = await discover();
  assert.deepEqual(shown(shadowed), [`a=${x}/a.raw`, `b=${x}/b.raw`, `c=${x}/c.raw`]);
  for (const { conflict } of shadowed) assert.match(conflict ?? '', /depends on systemd's version or/);
});

test('a name that only older versions of systemd take hides nothing for sure', async () => {
  make(`${e}/.sysext/usr/`, `${x}/.sysext.sysext.raw`);
  const { effective, shadowed } = await discover();
  assert.deepEqual(shown(effective), [`.sysext=${e}/.sysext`]);
  assert.match(shadowed[0]?.conflict ?? '', /depends on systemd's version or/);
});

test('the newest file of a versioned directory is the image', async () => {
  make(
    `${x}/a.raw.v/a_1.raw`,
    `${x}/a.raw.v/a_2.raw`,
    `${x}/a.raw.v/a_3_arm64.raw`,
    `${x}/b.sysext.v/b_1.sysext/usr/`,
  );
  const [a, b] = (await discover()).effective;
  assert.equal(a?.name, 'a');
  assert.equal(inRoot(a.entry), `${x}/a.raw.v/a_2.raw`);
  assert.deepEqual(a.movable, { entry: a.entry, path: `${x}/a.raw.v/a_2.raw` });
  assert.equal(inRoot(a.pickedFrom ?? ''), `${x}/a.raw.v`);
  assert.deepEqual(a.candidates, ['a_1.raw']);
  assert.deepEqual([b?.name, b?.kind, b?.conflict], ['b', 'directory', null]);
  assert.equal(inRoot(b?.entry ?? ''), `${x}/b.sysext.v/b_1.sysext`);
});

test('when the picked file goes the next version comes to light', async () => {
  make(`${x}/a.raw.v/a_1.raw`, `${x}/a.raw.v/a_2.raw`, `${x}/a.raw.v/a_3.raw`);
  for (const version of ['3', '2', '1']) {
    const [image] = (await discover()).effective;
    assert.equal(inRoot(image?.entry ?? ''), `${x}/a.raw.v/a_${version}.raw`);
    rmSync(image?.movable.entry ?? '');
  }
  assert.deepEqual(await effective(), []);
});

// In each case the best candidate decides, and the others are not asked.
for (const [what, ...paths] of [
  ['of the wrong type', `a.raw.v/a_1.raw`, `a.raw.v/a_2.raw/usr/`],
  ['that is a file among directories', `a.v/a_1/usr/`, `a.v/a_2.raw`],
  ['that is a link to nowhere', `a.raw.v/a_1.raw`, `a.raw.v/a_2.raw -> gone`],
] as const) {
  test(`a best candidate ${what} makes systemd pass over the versioned directory`, async () => {
    make(...paths.map((path) => `${x}/${path}`));
    assert.deepEqual(await effective(), []);
  });
}

test('a versioned directory is hidden for sure by a plain image in a directory of higher priority only', async () => {
  make(`${e}/a.raw`, `${x}/a.raw.v/a_1.raw`, `${x}/b.raw`, `${x}/b.raw.v/b_1.raw`);
  const { shadowed } = await discover();
  assert.deepEqual(
    shadowed.map(({ name, conflict }) => [name, conflict !== null]),
    [
      ['a', false],
      ['b', true],
    ],
  );
});

test('a conflict does not depend on what hides both for the moment', async () => {
  make(`${e}/a.raw`, `${x}/a.raw`, `${x}/a.sysext.raw`, `/run/extensions/a.sysext.raw`);
  const before = await discover();
  rmSync(before.effective[0]?.movable.entry ?? '');
  const after = await discover();
  const conflicts = (images: readonly DiscoveredImage[]) =>
    images.filter(({ conflict }) => conflict !== null).map(({ entry }) => inRoot(entry));
  assert.deepEqual(conflicts(before.shadowed), [
    '/run/extensions/a.sysext.raw',
    `${x}/a.raw`,
    `${x}/a.sysext.raw`,
  ]);
  assert.deepEqual(conflicts(after.shadowed), [`${x}/a.raw`, `${x}/a.sysext.raw`]);
});

test('a tree in a versioned directory is a conflict even where it is hidden', async () => {
  make(`${e}/a.raw.v/usr/`, `${x}/a.raw.v/usr/`);
  const { shadowed } = await discover();
  assert.deepEqual(
    shadowed.map(({ entry, conflict }) => [inRoot(entry), conflict !== null]),
    [[`${x}/a.raw.v`, true]],
  );
});

test('a link to a file that does not end in .raw hides nothing for sure', async () => {
  make(
    '/srv/a',
    '/srv/b.raw',
    `${e}/a.raw -> /srv/a`,
    `${x}/a.raw`,
    `${e}/b.raw -> /srv/b.raw`,
    `${x}/b.raw`,
  );
  make(`${e}/c.raw.v/c_1.raw -> /srv/a`, `/run/extensions/c.raw.v/c_1.raw`);
  const { effective, shadowed } = await discover();
  assert.deepEqual(shown(effective), [`a=${e}/a.raw`, `b=${e}/b.raw`, `c=${e}/c.raw.v/c_1.raw`]);
  assert.deepEqual(
    shadowed.map(({ name, conflict }) => [name, conflict !== null]),
    [
      ['c', true],
      ['a', true],
      ['b', false],
    ],
  );
});

test('stacks of images are conflicts, whatever they are called', async () => {
  make(
    `${x}/a.mstack/usr/`,
    '/srv/b.mstack/usr/',
    `${x}/b -> /srv/b.mstack`,
    `${x}/c.mstack.v/c_1.mstack/usr/`,
  );
  make(`${x}/d.v/d_1 -> /srv/b.mstack`, `${x}/e.mstack.v/`, `${x}/f.mstack.raw`);
  const { effective } = await discover();
  assert.deepEqual(
    effective.map(({ name, conflict }) => [name, conflict !== null]),
    [
      ['a.mstack', true],
      ['b', true],
      ['c.mstack.v', true],
      ['d', true],
      ['f.mstack', false],
    ],
  );
});

test('a versioned directory without a candidate hides nothing', async () => {
  make(`${e}/a.raw.v/`, `${e}/b.raw.v/b.raw`, `${x}/a.raw`, `${x}/b.raw`);
  const { effective, shadowed } = await discover();
  assert.deepEqual(shown(effective), [`a=${x}/a.raw`, `b=${x}/b.raw`]);
  assert.deepEqual(shadowed, []);
});

test('a picked empty directory masks its name', async () => {
  make(`${e}/a.v/a_1/`, `${x}/a.v/a_1/usr/`);
  const { effective, shadowed } = await discover();
  assert.deepEqual(shown(effective), []);
  assert.deepEqual(shown(shadowed), [`a=${x}/a.v/a_1`]);
});

test('an extension tree in a versioned directory is what older systemd merges, and a conflict', async () => {
  make(`${x}/a.raw.v/a_1.raw`, `${x}/a.raw.v/usr/`, `${x}/b.v/etc/`, `${x}/.v/opt/`);
  const { effective } = await discover();
  assert.deepEqual(shown(effective), [
    `.v=${x}/.v`,
    `a=${x}/a.raw.v/a_1.raw`,
    `a.raw.v=${x}/a.raw.v`,
    `b.v=${x}/b.v`,
  ]);
  assert.deepEqual(
    effective.map(({ kind, conflict }) => [kind, conflict !== null]),
    [
      ['directory', true],
      ['file', false],
      ['directory', true],
      ['directory', true],
    ],
  );
});

test('what is in a versioned directory behind a link is opened through it, and the link is what can be moved', async () => {
  make('/srv/a/a_1.raw', `${e}/a.raw.v -> /srv/a`, `${x}/a_0.raw.v -> /srv/a`);
  make('/srv/a/a_0_9.raw');
  const { effective } = await discover();
  const [a, a0] = effective;
  assert.deepEqual([a?.name, a0?.name], ['a', 'a_0']);
  assert.equal(inRoot(a?.entry ?? ''), `${e}/a.raw.v/a_1.raw`);
  assert.equal(inRoot(a?.target ?? ''), '/srv/a/a_1.raw');
  assert.equal(inRoot(a?.movable.entry ?? ''), `${e}/a.raw.v`);
  assert.equal(a?.movable.path, `${e}/a.raw.v`);
});

test('one file behind two links is two images with entries of their own', async () => {
  make('/srv/x.raw', `${x}/a.raw -> /srv/x.raw`, `${x}/b.raw -> /srv/x.raw`);
  const { effective } = await discover();
  assert.equal(new Set(effective.map(({ entry }) => entry)).size, 2);
  assert.equal(new Set(effective.map(({ target }) => target)).size, 1);
});

test('a name in a versioned directory is compared with that of the directory byte by byte', async () => {
  make(`${x}/é.raw.v/é_1.raw`, `${x}/é.raw.v/é_2.raw`);
  assert.deepEqual(await effective(), [`é=${x}/é.raw.v/é_2.raw`]);
});

test('links in the root do not lead out of it', async () => {
  make(`${x}/a.raw.v -> /../../../../../../srv`, '/srv/a_1.raw');
  assert.deepEqual(await effective(), [`a=${x}/a.raw.v/a_1.raw`]);
});

test('the architecture is asked for only where it counts', async () => {
  make(`${x}/a.raw`, `${x}/b.raw.v/`);
  const ask = (): string => {
    throw new CouldNotDecide('not known');
  };
  assert.equal((await discoverImages(root, 'sysext', ask)).effective.length, 1);
  make(`${x}/b.raw.v/b_1.raw`);
  await assert.rejects(discoverImages(root, 'sysext', ask), CouldNotDecide);
});
