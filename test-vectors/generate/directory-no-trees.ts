import type { DescribedTree } from './directory-cases.ts';
import { device, directory, file, link, top, usr } from './directory-entry.ts';
import type { DirectoryCaseEntry } from './directory-group.ts';

function refused(id: string, comment: string, entries: DirectoryCaseEntry[]): DescribedTree {
  return { id, comment, flags: ['NoTree'], entries };
}

/** Descriptions that are of no tree. */
export const noTrees: readonly DescribedTree[] = [
  refused('nothing', 'no entry at all', []),
  refused('no-top', 'the top is missing', [file('a', '')]),
  refused('top-is-a-file', 'the top is no directory', [file('', '')]),
  refused('two-tops', 'the top is there twice', [top, top]),
  refused('name-twice', 'a name is there twice', [top, file('a', '1'), file('a', '2')]),
  refused('name-twice-apart', 'a directory is there twice, with entries in between', [
    ...[top, directory('a'), file('a/b', ''), directory('a')],
  ]),
  refused('no-parent', 'a directory is missing', [top, file('usr/a', '')]),
  refused('in-a-file', 'a file has an entry in it', [top, file('a', ''), file('a/b', '')]),
  refused('in-a-link', 'a symbolic link has an entry in it', [top, link('a', '/'), file('a/b', '')]),
  refused('parent-directory', 'a name that is ..', [...usr, file('usr/..', '')]),
  refused('out-of-the-tree', 'a path that leaves the tree', [top, directory('..'), file('../a', '')]),
  refused('this-directory', 'a name that is .', [...usr, directory('usr/.')]),
  refused('empty-name', 'two slashes', [...usr, file('usr//a', '')]),
  refused('slash-first', 'an absolute path', [top, file('/a', '')]),
  refused('slash-last', 'a slash at the end', [top, directory('usr/')]),
  refused('nul-in-name', 'a NUL in a name', [top, file('a%00b', '')]),
  refused('name-too-long', 'a name of 256 bytes', [top, file('n'.repeat(256), '')]),
  refused('mode-too-large', 'the file type is in the mode', [top, file('a', '', { mode: '10644' })]),
  refused('owner-too-large', 'an owner of 33 bits', [top, file('a', '', { uid: 4_294_967_296 })]),
  refused('device-too-large', 'a device number of 33 bits', [
    ...[top, device('a', ['block-device', 0, 4_294_967_296])],
  ]),
  refused('attribute-twice', 'an attribute is there twice', [
    ...[
      top,
      file('a', '', {
        attributes: [
          ['user.a', '31'],
          ['user.a', '32'],
        ],
      }),
    ],
  ]),
  refused('attribute-without-name', 'an attribute has no name', [
    top,
    file('a', '', { attributes: [['', '']] }),
  ]),
  refused('nul-in-attribute', 'a NUL in the name of an attribute', [
    ...[top, file('a', '', { attributes: [['user.%00', '']] })],
  ]),
  refused('empty-target', 'a link to nothing', [top, link('a', '')]),
  refused('nul-in-target', 'a NUL in the target of a link', [top, link('a', 'b%00c')]),
  refused('hard-linked-directory', 'a directory with two names', [
    ...[top, directory('a', { inode: 1 }), directory('b', { inode: 1 })],
  ]),
  refused('one-inode-two-contents', 'two names of one inode, and two contents', [
    ...[top, file('a', 'x', { inode: 1 }), file('b', 'y', { inode: 1 })],
  ]),
  refused('one-inode-two-types', 'two names of one inode, and two types', [
    ...[top, file('a', '', { inode: 1 }), link('b', 'x', { inode: 1 })],
  ]),
  refused('one-inode-two-owners', 'two names of one inode, and two owners', [
    ...[top, file('a', 'x', { inode: 1 }), file('b', 'x', { inode: 1, uid: 1 })],
  ]),
];
