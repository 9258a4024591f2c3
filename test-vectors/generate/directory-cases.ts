import { directory, fifo, file, type Given, link, socket, top, usr } from './directory-entry.ts';
import type { DirectoryCase, DirectoryCaseEntry } from './directory-group.ts';

/** A tree, and what it shows. */
export type DescribedTree = Pick<DirectoryCase, 'id' | 'comment' | 'flags'> & {
  readonly entries: DirectoryCaseEntry[];
};

const plain: DescribedTree[] = [
  { id: 'example', comment: 'the example of docs/tree-digest.md', flags: ['Plain'], entries: example() },
  { id: 'empty', comment: 'nothing but the top', flags: ['Plain'], entries: [top] },
  {
    id: 'top-mode',
    comment: 'the top has another mode',
    flags: ['Inode'],
    entries: [directory('', { mode: '0700' })],
  },
  {
    id: 'top-owner',
    comment: 'the top has another owner',
    flags: ['Inode'],
    entries: [directory('', { uid: 1000, gid: 100 })],
  },
  { id: 'empty-file', comment: 'a file without content', flags: ['Plain'], entries: [top, file('a', '')] },
  {
    id: 'empty-directory',
    comment: 'a directory of that name',
    flags: ['Plain'],
    entries: [top, directory('a')],
  },
  {
    id: 'set-user-id',
    comment: 'mode bits above 0777',
    flags: ['Inode'],
    entries: [top, file('a', '', { mode: '4755' }), directory('t', { mode: '1777' })],
  },
  {
    id: 'large-owner',
    comment: 'owner numbers need 32 bits',
    flags: ['Inode'],
    entries: [top, file('a', '', { uid: 4_294_967_294, gid: 2_147_483_648 })],
  },
  {
    id: 'fifo-and-socket',
    comment: 'entries without content',
    flags: ['Plain'],
    entries: [top, fifo('f'), socket('s')],
  },
];

const names: DescribedTree[] = [
  {
    id: 'order-of-parts',
    comment: 'a/b comes before a.b although the bytes of the paths say otherwise',
    flags: ['Order'],
    entries: [top, file('a.b', '1'), directory('a'), file('a/b', '2'), file('a-', '3'), file('ab', '4')],
  },
  {
    id: 'order-of-bytes',
    comment: 'capitals first, bytes above 127 last, by value and in no language',
    flags: ['Order'],
    entries: [
      top,
      file('z', ''),
      file('%c3%a9', ''),
      file('B', ''),
      file('a', ''),
      file('%ff', ''),
      file('_', ''),
    ],
  },
  {
    id: 'not-utf-8',
    comment: 'a name that is no UTF-8, beside the name that a careless decoder would make of it',
    flags: ['Names'],
    entries: [top, file('%ff', 'x'), file('%ef%bf%bd', 'y')],
  },
  {
    id: 'normal-forms',
    comment: 'two Unicode normal forms are two names',
    flags: ['Names'],
    entries: [top, file('%c3%a9', 'x'), file('e%cc%81', 'y')],
  },
  {
    id: 'newline-in-name',
    comment: 'a name that looks like lines of a listing',
    flags: ['Names', 'Injective'],
    entries: [top, file('a%0ab 0644', 'x'), file(' ', 'y'), file('%5c012', 'z'), file('%25', '')],
  },
  {
    id: 'longest-name',
    comment: 'a name of 255 bytes',
    flags: ['Names'],
    entries: [top, file('n'.repeat(255), '')],
  },
  {
    id: 'target-and-name',
    comment: 'a link ab to c',
    flags: ['Injective'],
    entries: [top, link('ab', 'c')],
  },
  {
    id: 'name-and-target',
    comment: 'a link a to bc: the same bytes, cut elsewhere',
    flags: ['Injective'],
    entries: [top, link('a', 'bc')],
  },
  {
    id: 'file-like-a-link',
    comment: 'a file whose content is what a link of that name would point to',
    flags: ['Injective'],
    entries: [top, file('a', 'bc', { mode: '0777' })],
  },
  {
    id: 'links',
    comment: 'links to nowhere, out of the tree and to bytes that are no name',
    flags: ['Plain'],
    entries: [
      ...usr,
      link('usr/a', '../../etc/shadow'),
      link('usr/b', '/'),
      link('usr/c', '%ff%0a'),
      link('usr/d', 'd'),
    ],
  },
];

function example(): DirectoryCaseEntry[] {
  const program = { mode: '0755', inode: 1, attributes: [['user.note', '78']] } satisfies Given;
  return [
    ...[...usr, directory('usr/bin')],
    ...[file('usr/bin/hello', 'hello%0a', program), file('usr/bin/hi', 'hello%0a', program)],
  ];
}

/** Trees told apart by names, contents, mode and owner. */
export const trees: readonly DescribedTree[] = [...plain, ...names];
