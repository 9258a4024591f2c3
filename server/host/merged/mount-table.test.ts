import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mountsOn, parseMountInfo } from './mount-table.ts';
import { mountInfo } from './tests/real-texts.ts';

test('a real table of mounts is read', () => {
  const [, etc] = parseMountInfo(mountInfo);
  assert.deepEqual(
    { ...etc, options: etc?.options.slice(0, 12) },
    {
      ...{ id: '99', parent: '26', device: '0:46', root: '/', mountPoint: '/etc' },
      ...{ type: 'overlay', source: 'confext', options: 'ro,lowerdir=', isShared: true },
    },
  );
});

test('spaces, line feeds and backslashes in a path are three octal digits', () => {
  const [mount] = parseMountInfo(String.raw`40 26 0:41 / /a\040b\134040\012c ro - overlay a\040b ro`);
  assert.equal(mount?.mountPoint, '/a b\\040\nc');
  assert.equal(mount.source, 'a b');
});

test('a line may have any number of optional fields, and no other form', () => {
  assert.equal(parseMountInfo('40 26 0:41 / /x ro shared:1 master:2 - overlay s ro')[0]?.type, 'overlay');
  for (const line of [
    'x',
    '40 26 0:41 / /x ro',
    '40 26 zero / /x ro - a b c',
    '1 2 0:1 / /x ro - a b c - d e f',
  ])
    assert.throws(() => parseMountInfo(line), { code: 'malformed' }, line);
  assert.throws(() => parseMountInfo('1 2 0:1 / /x ro - a b c\n'.repeat(100_001)), { code: 'malformed' });
});

test('a mount of a peer group, or one that follows a group, has what others mount below it', () => {
  const isShared = (tags: string) => parseMountInfo(`40 26 0:41 / /x ro${tags} - overlay s ro`)[0]?.isShared;
  for (const tags of [' shared:1', ' master:2', ' shared:3 master:2'])
    assert.equal(isShared(tags), true, tags);
  for (const tags of ['', ' unbindable', ' propagate_from:2']) assert.equal(isShared(tags), false, tags);
});

test('the first mount of a namespace is on its place, be it its own parent', () => {
  assert.equal(mountsOn(parseMountInfo('1 1 0:1 / / rw - rootfs none rw'), '/').length, 1);
});

test('of mounts on one place the one that hides the others is the last, in whatever order they are listed', () => {
  const lines = [
    '42 41 0:42 / /usr ro - overlay s ro',
    '41 26 0:41 / /usr ro - overlay s ro',
    '43 42 0:43 / /usr ro - tmpfs t ro',
  ];
  for (const order of [lines, lines.toReversed()])
    assert.deepEqual(
      mountsOn(parseMountInfo(order.join('\n')), '/usr').map(({ id }) => id),
      ['41', '42', '43'],
    );
  assert.deepEqual(mountsOn(parseMountInfo(lines.join('\n')), '/opt'), []);
});
