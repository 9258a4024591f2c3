import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed, Unsupported } from '../bytes/failures.ts';
import type { Directory, FileSystemNode } from './filesystems/file-system.ts';
import type { TreeEntry, TreeNode } from './tree-entry.ts';
import { isReleasePath, TreeView } from './tree-view.ts';

const inode = { mode: 0o644, uid: 0, gid: 0, attributes: [] };
const directory: TreeNode = { type: 'directory', ...inode };
const strict = { name: Buffer.from('user.extension-release.strict'), value: Buffer.from('0') };

function entry(path: string, node: TreeNode): TreeEntry {
  return { path: Buffer.from(path, 'latin1'), inode: null, node };
}

function file(size: number): TreeNode {
  return { type: 'file', ...inode, attributes: [strict], size, sha256: new Uint8Array(32) };
}

const release = 'usr/lib/extension-release.d/extension-release.a';

function view(...more: (readonly [string, TreeNode, string?])[]): Directory {
  const built = new TreeView();
  const directories = ['', 'usr', 'usr/lib', 'usr/lib/extension-release.d'];
  for (const path of directories) built.add(entry(path, directory), null);
  for (const [path, node, content] of more)
    built.add(entry(path, node), content === undefined ? null : Buffer.from(content));
  const { type, root } = built.fileSystem();
  assert.equal(type, 'directory');
  return root;
}

async function find(root: Directory, path: string): Promise<FileSystemNode> {
  let node: FileSystemNode = root;
  for (const part of path.split('/')) {
    assert.ok(node.kind === 'directory');
    node = (await node.lookup(part)) ?? assert.fail(`there is no ${path}`);
  }
  return node;
}

const unsupported = (error: unknown) => error instanceof Unsupported;

test('a release file can be read with its attributes, as it was when it was digested', async () => {
  const found = await find(view([release, file(7), 'ID=_any']), release);
  assert.ok(found.kind === 'file');
  assert.equal(found.size, 7);
  assert.equal(Buffer.from(await found.read(7)).toString(), 'ID=_any');
  assert.equal(Buffer.from((await found.xattr('user.extension-release.strict'))!).toString(), '0');
  assert.equal(await found.xattr('user.other'), null);
  await assert.rejects(found.read(6), unsupported);
});

test('of other files there is the size, and no content or attributes rather than none', async () => {
  const found = await find(view(['usr/lib/a', file(7), 'content']), 'usr/lib/a');
  assert.ok(found.kind === 'file');
  assert.equal(found.size, 7);
  await assert.rejects(found.read(100), unsupported);
  await assert.rejects(found.xattr('user.extension-release.strict'), unsupported);
});

test('names, links and special files are there', async () => {
  const root = view(
    ['usr/lib/os-release', { type: 'link', ...inode, target: Buffer.from('../../etc/os-release') }],
    ['usr/pipe', { type: 'fifo', ...inode }],
  );
  assert.deepEqual(await root.names(1), ['usr']);
  assert.equal(await root.lookup('etc'), null);
  const link = await find(root, 'usr/lib/os-release');
  assert.ok(link.kind === 'link');
  assert.equal(await link.target(), '../../etc/os-release');
  assert.equal((await find(root, 'usr/pipe')).kind, 'special');
});

test('a list of names is whole or not there', async () => {
  const root = view(['usr/lib/extension-release.d/extension-release.\xff', file(0), '']);
  const found = await find(root, 'usr/lib/extension-release.d');
  assert.ok(found.kind === 'directory');
  await assert.rejects(found.names(10), unsupported);
  await assert.rejects(root.names(0), unsupported);
});

test('a name that is not UTF-8 is not found by what a decoder makes of it', async () => {
  const found = await find(view(['usr/lib/\xff', file(0)], ['usr/lib/\xc3\xa9', file(1)]), 'usr/lib');
  assert.ok(found.kind === 'directory');
  assert.equal(await found.lookup('\ufffd'), null);
  assert.equal(await found.lookup('\xff'), null);
  const accented = await found.lookup('\u00e9');
  assert.ok(accented?.kind === 'file' && accented.size === 1);
});

test('what is kept is bounded, however many release files there are', async () => {
  const content = 'x'.repeat(64 * 1024);
  const files = Array.from(
    { length: 65 },
    (_, i) => [`${release}${i}`, file(content.length), content] as const,
  );
  const root = view(...files);
  const kept = await Promise.all(
    files.map(async ([path]) => {
      const found = await find(root, path);
      assert.ok(found.kind === 'file');
      return found.read(content.length).then(
        () => true,
        (error: unknown) => (unsupported(error) ? false : assert.fail()),
      );
    }),
  );
  assert.equal(kept.filter((one) => one).length, 63);
});

test('release files are those that systemd reads', () => {
  const is = (path: string) => isReleasePath(Buffer.from(path));
  assert.ok(['usr/lib/os-release', 'etc/os-release', release, 'etc/extension-release.d/x'].every(is));
  assert.ok(
    ![
      'os-release',
      'usr/etc/os-release',
      'usr/lib/extension-release.d',
      `${release}/x`,
      'x/etc/os-release',
    ].some(is),
  );
});

test('an entry without its directory is refused', () => {
  assert.throws(() => new TreeView().add(entry('usr/lib', directory), null), Malformed);
});
