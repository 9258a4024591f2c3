import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed } from '../../bytes/failures.ts';
import type { Directory, FileSystem, FileSystemNode } from './file-system.ts';
import { walk } from './walk.ts';

const xattr = () => Promise.resolve(null);
const link = (target: string): FileSystemNode => ({
  kind: 'link',
  target: () => Promise.resolve(target),
  xattr,
});
const file: FileSystemNode = { kind: 'file', size: 0, read: () => Promise.resolve(new Uint8Array()), xattr };
const directory = (entries: Record<string, FileSystemNode>): Directory => ({
  ...{ kind: 'directory', xattr, names: () => Promise.resolve(Object.keys(entries)) },
  lookup: (name) => Promise.resolve(entries[name] ?? null),
});
const tree: FileSystem = {
  type: 'directory',
  root: directory({
    usr: directory({
      lib: directory({ file, up: link('../../../usr/lib/file'), absolute: link('/usr/lib/file') }),
    }),
    lib: link('usr/lib'),
    loop: link('loop'),
    nowhere: link('usr/nothing'),
    long: link('x/'.repeat(2000)),
    ...Object.fromEntries(
      Array.from({ length: 41 }, (_, at) => [`chain${at}`, link(at === 40 ? 'usr' : `chain${at + 1}`)]),
    ),
  }),
};

test('paths are walked with their links, inside the root', async () => {
  for (const path of [
    'usr/lib/file',
    '/usr//lib/./file',
    'lib/file',
    'lib/up',
    'lib/absolute',
    '../usr/lib/file',
    'usr/../lib/file',
  ])
    assert.equal(await walk(tree, path), file, path);
  assert.equal(await walk(tree, ''), tree.root);
});

test('what is not there is null', async () => {
  for (const path of ['usr/nothing', 'nowhere', 'usr/lib/file/x', 'usr/lib/file/..'])
    assert.equal(await walk(tree, path), null, path);
});

test('links without end are malformed', async () => {
  for (const path of ['loop', 'chain0']) await assert.rejects(walk(tree, path), Malformed, path);
  assert.equal((await walk(tree, 'chain1'))?.kind, 'directory');
});
