import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { parseCandidate, parseVersionedName, rankCandidates } from './version-pick.ts';

const foo = { name: 'foo', suffix: '.raw' };

function picked(...fileNames: readonly string[]): string | undefined {
  return rankCandidates(fileNames, foo, 'x86-64')[0]?.fileName;
}

test('the example of systemd.v(7) is resolved as the page says', () => {
  const names = [
    'mymachine_7.5.13.raw',
    'mymachine_7.5.14_x86-64.raw',
    'mymachine_7.6.0_arm64.raw',
    'mymachine_7.7.0_x86-64+0-5.raw',
  ];
  const ranked = rankCandidates(names, { name: 'mymachine', suffix: '.raw' }, 'x86-64');
  assert.deepEqual(
    ranked.map(({ fileName }) => fileName),
    ['mymachine_7.5.14_x86-64.raw', 'mymachine_7.5.13.raw', 'mymachine_7.7.0_x86-64+0-5.raw'],
  );
});

test('the name of a versioned directory says what is in it and what it is called', () => {
  const table: [string, 'sysext' | 'confext', ReturnType<typeof parseVersionedName>][] = [
    ['foo.raw.v', 'sysext', { name: 'foo', suffix: '.raw', holds: 'image files' }],
    ['foo.sysext.raw.v', 'sysext', { name: 'foo', suffix: '.sysext.raw', holds: 'image files' }],
    ['foo.sysext.raw.v', 'confext', { name: 'foo.sysext', suffix: '.raw', holds: 'image files' }],
    ['foo.confext.v', 'confext', { name: 'foo', suffix: '.confext', holds: 'directories' }],
    ['foo.v', 'sysext', { name: 'foo', suffix: '', holds: 'directories' }],
    ['foo.raw.sysext.v', 'sysext', { name: 'foo.raw', suffix: '.sysext', holds: 'directories' }],
    ['foo.raw.raw.v', 'sysext', { name: 'foo.raw', suffix: '.raw', holds: 'image files' }],
    ['.raw.v', 'sysext', { name: '', suffix: '.raw', holds: 'image files' }],
    ['foo.raw', 'sysext', null],
    ['foo.V', 'sysext', null],
  ];
  for (const [fileName, extensionClass, expected] of table)
    assert.deepEqual(parseVersionedName(fileName, extensionClass), expected, fileName);
});

// Each line is what decides between the two in make_choice() of src/shared/vpick.c; the better one stands first.
const preferences = [
  ['a name without a counter before one with no tries left', 'foo_1.raw', 'foo_2+0.raw'],
  ['a name with tries left before one without', 'foo_1+1.raw', 'foo_2+0-3.raw'],
  ['the newer version, whatever its tries left', 'foo_2+1.raw', 'foo_1.raw'],
  ['versions, not letters', 'foo_1.10.raw', 'foo_1.9.raw'],
  ['the newer of two without tries left', 'foo_2+0.raw', 'foo_1+0.raw'],
  ['the newer version, whatever its architecture', 'foo_2_x86.raw', 'foo_1_x86-64.raw'],
  ['the own architecture before the second', 'foo_1_x86-64.raw', 'foo_1_x86.raw'],
  ['the second architecture before none', 'foo_1_x86.raw', 'foo_1.raw'],
  ['no counter before any number of tries', 'foo_1.raw', 'foo_1+4294967294.raw'],
  ['more tries left', 'foo_1+3.raw', 'foo_1+2.raw'],
  ['fewer tries done', 'foo_1+3-1.raw', 'foo_1+3-2.raw'],
  ['octal counters', 'foo_1+9.raw', 'foo_1+010.raw'],
  ['the file name, if nothing else does', 'foo_1.raw', 'foo_01.raw'],
] as const;
for (const [what, better, worse] of preferences) {
  test(`the pick prefers ${what}`, () => {
    assert.equal(picked(better, worse), better);
    assert.equal(picked(worse, better), better);
  });
}

test('what is not named as a version of the image is no candidate', () => {
  const ignored = [
    'foo.raw', // no version at all
    'foo_.raw',
    'foo_1', // another suffix
    'foo_1.raw.gz',
    'foobar_1.raw',
    'bar_1.raw',
    'foo_1_arm64.raw', // an architecture this host does not run
    'foo_1_arm64+3.raw',
    'foo_1~rc1.raw', // not in version_is_valid()
    'foo_1^2.raw',
    'foo_1 2.raw',
    'foo_1\n.raw',
    'foo_+3.raw',
  ];
  for (const fileName of ignored) assert.equal(parseCandidate(fileName, foo, 'x86-64'), null, fileName);
});

test('a name is taken apart from the right', () => {
  const table: [string, string, number, number, number][] = [
    ['foo_1.2.raw', '1.2', 2, Infinity, Infinity],
    ['foo_1_x86-64+3-2.raw', '1', 0, 3, 2],
    ['foo_1_x86.raw', '1', 1, Infinity, Infinity],
    ['foo_1+3.raw', '1', 2, 3, 0],
    ['foo_x86-64.raw', 'x86-64', 2, Infinity, Infinity], // an architecture stands after a version only
    ['foo_1_2.raw', '1', 2, Infinity, Infinity], // what follows the last underscore is cut off, whatever it is
    ['foo_1_\xff.raw', '1', 2, Infinity, Infinity],
    ['foo_1+2+3.raw', '1+2', 2, 3, 0],
    ['foo_1+3_x86-64.raw', '1+3', 0, Infinity, Infinity], // no counter before the architecture
    ['foo_1+5-.raw', '1+5-', 2, Infinity, Infinity],
    ['foo_1+08.raw', '1+08', 2, Infinity, Infinity], // no octal number
    ['foo_1+4294967296.raw', '1+4294967296', 2, Infinity, Infinity],
    ['foo_1+4294967295.raw', '1', 2, Infinity, 0],
  ];
  for (const [fileName, version, architectureRank, triesLeft, triesDone] of table)
    assert.deepEqual(
      parseCandidate(fileName, foo, 'x86-64'),
      { fileName, version, architectureRank, triesLeft, triesDone },
      fileName,
    );
});

test('which file is picked does not depend on the order in which the directory is listed', () => {
  const part = fc.constantFrom(
    '1',
    '01',
    '2',
    '1.2',
    '-',
    '.',
    '+',
    'a',
    '+0',
    '+2',
    '+2-1',
    '_x86-64',
    '_x86',
    '_z',
  );
  const fileName = fc
    .array(part, { minLength: 1, maxLength: 4 })
    .map((parts) => `foo_${parts.join('')}.raw`)
    .filter((name) => parseCandidate(name, foo, 'x86-64') !== null);
  const better = (a: string, b: string): string => picked(a, b) ?? a;
  fc.assert(
    fc.property(fc.uniqueArray(fileName, { minLength: 2, maxLength: 6 }), (names) => {
      assert.equal(names.reduce(better), picked(...names));
      assert.equal([...names].reverse().reduce(better), picked(...names));
    }),
  );
});
