import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CouldNotDecide, Malformed, Unsupported } from '../../bytes/failures.ts';
import type { Directory, FileSystem, FileSystemNode } from './file-system.ts';
import { walk } from './walk.ts';

type Tree = { readonly [name: string]: Tree | string | null };

const xattr = () => Promise.resolve(null);
const file: FileSystemNode = { kind: 'file', size: 0, read: () => Promise.resolve(new Uint8Array()), xattr };

/** Text is the target of a link, null a file. */
function toNode(tree: Tree | string | null): FileSystemNode {
  if (tree === null) return file;
  return typeof tree === 'string'
    ? { kind: 'link', target: () => Promise.resolve(tree), xattr }
    : toDirectory(tree);
}

function toDirectory(tree: Tree): Directory {
  const nodes = new Map(Object.entries(tree).map(([name, child]) => [name, toNode(child)]));
  return {
    ...{ kind: 'directory', xattr, names: () => Promise.resolve([...nodes.keys()]) },
    lookup: (name) => {
      assert.ok(!['', '.', '..'].includes(name), 'is never asked for');
      return Promise.resolve(nodes.get(name) ?? null);
    },
  };
}

const fileSystem = (tree: Tree): FileSystem => ({ type: 'directory', root: toDirectory(tree) });
const find = (tree: Tree, path: string) => walk(fileSystem(tree), path);
const malformed = (message: RegExp) => (error: unknown) =>
  error instanceof Malformed && message.test(error.message);

const tree: Tree = {
  usr: {
    lib: { file: null, up: '../../../usr/lib/file', absolute: '/usr/lib/file', sub: { back: '../file' } },
    self: '.',
    slash: '/usr/lib/',
  },
  lib: 'usr/lib',
  top: '/',
  nowhere: 'usr/nothing',
  loop: 'loop',
  ping: '/pong',
  pong: 'ping',
  through: 'usr/lib/file/x',
  above: 'usr/lib/file/..',
};

test('paths are walked with their links, inside the root', async () => {
  for (const path of [
    ...['usr/lib/file', '/usr//lib/./file', 'lib/file', 'lib/up', 'lib/absolute', 'lib/sub/back'],
    ...['../usr/lib/file', 'usr/../../../lib/file', 'usr/self/lib/file', 'usr/slash/file'],
    ...['top/top/lib/up', 'usr/lib/sub/../file', 'lib/sub/../../lib/file'],
  ])
    assert.equal(await find(tree, path), file, path);
});

test('a link to the root, or nothing of a path, is the root', async () => {
  const given = fileSystem(tree);
  for (const path of ['', '/', '.', '..', 'top', 'usr/..', 'lib/../..', 'top/..'])
    assert.equal(await walk(given, path), given.root, path);
});

test('after a link to elsewhere, .. is above where it leads', async () => {
  const there = { a: { b: { c: {} } }, x: { link: '/a/b/c' }, y: 'x/link/../..' };
  assert.deepEqual(await names(there, 'x/link/..'), ['c']);
  assert.deepEqual(await names(there, 'y'), ['b']);
  assert.deepEqual(await names(there, 'x/link/../../..'), ['a', 'x', 'y']);
});

async function names(there: Tree, path: string): Promise<unknown> {
  const node = await find(there, path);
  return node?.kind === 'directory' ? node.names(100) : node;
}

test('what is not there is null', async () => {
  for (const path of ['nothing', 'usr/nothing', 'nowhere', 'nowhere/x', 'usr/lib/file/x', 'usr/lib/file/..'])
    assert.equal(await find(tree, path), null, path);
});

test('a link to below a file is an error, as it is to systemd: nothing is to be looked for in its place', async () => {
  for (const path of ['through', 'above', 'lib/file/x'])
    await assert.rejects(find(tree, path), malformed(/through what is no directory/), path);
});

test('links without end are malformed', async () => {
  for (const path of ['loop', 'ping', 'usr/../loop/x'])
    await assert.rejects(find(tree, path), malformed(/more than 32 steps/), path);
});

test('a path has 32 steps, those of its links among them, and no more', async () => {
  const chain = (links: number): Tree =>
    Object.fromEntries(
      Array.from({ length: links }, (_, at) => [`${at}`, at === links - 1 ? '/end' : `${at + 1}`]),
    );
  assert.equal(await find({ ...chain(31), end: null }, '0'), file);
  await assert.rejects(find({ ...chain(32), end: null }, '0'), malformed(/more than 32 steps/));
  assert.equal(await find({ end: null }, '../'.repeat(31) + 'end'), file);
  await assert.rejects(find({ end: null }, '../'.repeat(32) + 'end'), malformed(/more than 32 steps/));
});

test('names and paths that no kernel takes are malformed, in links too', async () => {
  const name = 'n'.repeat(255);
  assert.equal(await find({ [name]: null, link: `./././${name}` }, 'link'), file);
  const long = './'.repeat(2046) + 'end';
  assert.equal(await find({ end: null, link: long }, 'link'), file);
  for (const path of [`${name}n`, `x/${name}n/y`, `${long}x`]) {
    await assert.rejects(find({}, path), malformed(/too long/));
    await assert.rejects(find({ link: path }, 'link'), malformed(/too long/));
  }
});

test('a link without a target leads nowhere good', async () => {
  await assert.rejects(find({ link: '' }, 'link'), malformed(/no target/));
});

test('what a reader throws comes through', async () => {
  for (const failure of [new Malformed('x', 'y'), new Unsupported('x', 'y'), new CouldNotDecide('x')]) {
    const lookup = () => Promise.reject(failure);
    const root = { ...toDirectory({}), lookup };
    await assert.rejects(walk({ type: 'ext4', root }, 'a'), failure);
    const target = () => Promise.reject(failure);
    const link: FileSystemNode = { kind: 'link', target, xattr };
    const above = { ...toDirectory({}), lookup: () => Promise.resolve(link) };
    await assert.rejects(walk({ type: 'ext4', root: above }, 'a'), failure);
  }
});
