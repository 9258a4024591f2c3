import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import type { Directory, FileSystem } from '../filesystems/file-system.ts';
import { findRelease, type ReleaseSearch } from './find-release.ts';
import { type MemoryEntry, memoryTree } from './tests/memory-tree.ts';

// Which file is found is in test-vectors/release; here is what is said of it, and trees that no file system should give.

const place = 'usr/lib/extension-release.d';
const app = { class: 'sysext', name: 'app' } as const;

function release(name: string, text = 'ID=_any\n'): MemoryEntry {
  return { path: `${place}/extension-release.${name}`, type: 'file', bytes: Buffer.from(text) };
}

function find(entries: readonly MemoryEntry[]): Promise<ReleaseSearch> {
  return findRelease(memoryTree(entries), app, 'root');
}

async function messageOf(search: Promise<ReleaseSearch>): Promise<string> {
  const found = await search;
  return found.found ? 'found' : found.reasons[0].message;
}

/** A tree whose directory of release files is this one. */
function treeWith(releases: Directory): FileSystem {
  const { root } = memoryTree([{ path: `${place}/x`, type: 'fifo' }]);
  const above = (directory: Directory, parts: readonly string[]): Directory => ({
    ...directory,
    lookup: async (name) => {
      const node = await directory.lookup(name);
      if (name !== parts[0] || node?.kind !== 'directory') return node;
      return parts.length === 1 ? releases : above(node, parts.slice(1));
    },
  });
  return { type: 'erofs', root: above(root, place.split('/')) };
}

test('a release keeps every pair of its file, and where it was found', async () => {
  const search = await find([release('app', 'ID=_any\nEXTENSION_RELOAD_MANAGER=1\n')]);
  assert.ok(search.found);
  assert.equal(search.path, `${place}/extension-release.app`);
  assert.deepEqual(
    [...search.release.fields],
    [
      ['ID', '_any'],
      ['EXTENSION_RELOAD_MANAGER', '1'],
    ],
  );
});

test('a root file system under the type of a usr partition is refused, though its links lead to the release file', async () => {
  const links = [{ path: 'lib', type: 'link', target: 'usr/lib' } as const, release('app')];
  const search = await findRelease(memoryTree(links), app, 'usr');
  assert.ok(!search.found);
  assert.equal(search.reasons[0].code, 'incompatible');
  assert.match(search.reasons[0].message, /whole root of something/);
});

test('up to five other names are told, in order and printable', async () => {
  const entries = ['g', 'f', 'e', 'd', 'c', 'b\u202e', 'a'].map((name) => release(name));
  assert.equal(
    await messageOf(find(entries)),
    `No release file in ${place} is for an image named "app"; ` +
      'there is one for "a", "b\\u202e", "c", "d", "e" and 2 more.',
  );
});

test('a name in a message is cut short', async () => {
  assert.ok((await messageOf(find([release('x'.repeat(230))]))).length < 250);
});

test('an image of the other class is told so', async () => {
  const path = 'etc/extension-release.d/extension-release.app';
  assert.match(
    await messageOf(find([{ path, type: 'file', bytes: Buffer.from('ID=_any\n') }])),
    /no sysext: .* but is one as a confext/,
  );
});

test('names that systemd takes for no image find nothing', async () => {
  for (const name of ['', '.', '..', 'a/b', '.#app', 'a\nb', 'a\u007fb', '\ufffe', 'x'.repeat(256)]) {
    const tree = memoryTree([{ ...release('other'), strict: '0' } as MemoryEntry]);
    const search = await findRelease(tree, { class: 'sysext', name }, 'root');
    assert.equal(search.found ? 'found' : search.reasons[0].code, 'name-mismatch', JSON.stringify(name));
  }
});

test('a path with dots in it is no name', async () => {
  const search = await findRelease(
    memoryTree([{ path: 'usr/lib/os', type: 'file', bytes: Buffer.from('ID=_any\n') }]),
    { class: 'sysext', name: '/../../os' },
    'root',
  );
  assert.ok(!search.found);
});

test('at most 64 entries are looked at', async () => {
  const entries = Array.from({ length: 64 }, (_, index) => release(`x${index}`));
  await assert.doesNotReject(find(entries));
  await assert.rejects(find([...entries, release('y')]), Unsupported);
});

test('a file of more than 64 KiB is not read', async () => {
  await assert.rejects(find([release('app', '#'.repeat(65_537))]), Unsupported);
});

test('a directory that lists what it does not have, or one name twice, is malformed', async () => {
  const { root } = memoryTree([]);
  const strict = await memoryTree([
    { path: 'f', type: 'file', bytes: Buffer.from('ID=_any'), strict: '0' },
  ]).root.lookup('f');
  const listing = (names: readonly string[], lookup: Directory['lookup']): FileSystem =>
    treeWith({ ...root, names: () => Promise.resolve(names), lookup });
  const missing = listing(['extension-release.a'], () => Promise.resolve(null));
  await assert.rejects(findRelease(missing, app, 'root'), Malformed);
  const twice = listing(['extension-release.a', 'extension-release.a'], (name) =>
    Promise.resolve(name === 'extension-release.a' ? strict : null),
  );
  await assert.rejects(findRelease(twice, app, 'root'), Malformed);
});

test('a file system that cannot be read is no file system without release data', async () => {
  const { root } = memoryTree([]);
  const failing = treeWith({
    ...root,
    lookup: () => Promise.reject(new Malformed('directory', 'is broken')),
  });
  await assert.rejects(findRelease(failing, app, 'root'), Malformed);
});
