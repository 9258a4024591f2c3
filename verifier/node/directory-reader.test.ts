import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  fstatSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { CouldNotDecide, Unsupported } from '../bytes/failures.ts';
import type { ExtendedAttribute } from '../image/tree-entry.ts';
import { readContent } from './directory-content.ts';
import type { ReadAttributes } from './directory-entries.ts';
import { readTree, type ReadTreeOptions } from './directory-reader.ts';

const work = mkdtempSync(join(tmpdir(), 'touchstone-directory-'));
after(() => rmSync(work, { recursive: true }));
let trees = 0;

/** A tree with the files given, names to contents. */
function tree(files: Readonly<Record<string, string>> = {}): string {
  const top = join(work, String(trees++));
  mkdirSync(top);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(top, name, '..'), { recursive: true });
    writeFileSync(join(top, name), content);
  }
  return top;
}

const none: ReadAttributes = (descriptors) => Promise.resolve(descriptors.map(() => []));

async function digestOf(top: string, options: Partial<ReadTreeOptions> = {}): Promise<string> {
  return (await readTree(top, { readAttributes: none, ...options })).digest.sha256;
}

/**
 * Reads a tree that something happens to when its first entries were found and before their contents are read, or at
 * a later such moment.
 */
async function digestWhile(top: string, happens: () => void, moment = 1): Promise<string> {
  // Beyond the tick of the clock by which kernels before 6.13 note the time of a change.
  await setTimeout(30);
  let moments = 0;
  return digestOf(top, {
    readAttributes: (descriptors) => {
      if (++moments === moment) happens();
      return none(descriptors);
    },
  });
}

const says =
  (words: string, kind = CouldNotDecide) =>
  (error: unknown) =>
    error instanceof kind && error.message.includes(words);
const changed = says('changed while being read');
const isUnsupported = (words: string) => (error: unknown) =>
  error instanceof Unsupported && error.message.includes(words);

test('equal trees have equal digests, whatever the order of creation, the times and the inodes', async () => {
  const names = ['b', 'a/c', 'a.d', 'a/b/c', 'z'];
  const one = tree(Object.fromEntries(names.map((name) => [name, name])));
  const other = tree(Object.fromEntries([...names].reverse().map((name) => [name, name])));
  utimesSync(join(other, 'b'), 1, 1);
  assert.equal(await digestOf(one), await digestOf(other));
});

test('every single change on disk changes the digest', async () => {
  const top = tree({ 'usr/a': 'a', 'usr/b': 'a', c: '' });
  const at = (name: string) => join(top, name);
  const seen = new Set([await digestOf(top)]);
  for (const [what, change] of [
    ['content', () => writeFileSync(at('usr/a'), 'A')],
    ['mode', () => chmodSync(at('usr/a'), 0o600)],
    ['mode of a directory', () => chmodSync(at('usr'), 0o700)],
    ['mode of the top', () => chmodSync(top, 0o700)],
    ['name', () => renameSync(at('usr/b'), at('usr/B'))],
    ['place', () => renameSync(at('usr/B'), at('B'))],
    ['new file', () => writeFileSync(at('new'), '')],
    ['new directory', () => mkdirSync(at('newer'))],
    [
      'hard link instead of a copy',
      () => {
        rmSync(at('new'));
        linkSync(at('c'), at('new'));
      },
    ],
    ['link', () => symlinkSync('c', at('link'))],
    [
      'target',
      () => {
        rmSync(at('link'));
        symlinkSync('C', at('link'));
      },
    ],
    [
      'type',
      () => {
        rmSync(at('newer'), { recursive: true });
        writeFileSync(at('newer'), '');
      },
    ],
    ['FIFO', () => execFileSync('mkfifo', [at('fifo')])],
    ['missing file', () => rmSync(at('fifo'))],
  ] as const) {
    change();
    const digest = await digestOf(top);
    assert.equal(seen.has(digest), what === 'missing file', what);
    seen.add(digest);
  }
});

test('attributes that are read are digested', async () => {
  const top = tree({ a: '' });
  const one: ExtendedAttribute = { name: Buffer.from('user.a'), value: Buffer.from('1') };
  const withAttribute: ReadAttributes = (descriptors) => Promise.resolve(descriptors.map(() => [one]));
  assert.notEqual(await digestOf(top, { readAttributes: withAttribute }), await digestOf(top));
});

test('attributes of fewer files than asked for give no digest', async () => {
  const readAttributes: ReadAttributes = () => Promise.resolve([]);
  await assert.rejects(digestOf(tree({ a: '' }), { readAttributes }), says('were not read'));
});

test('a symbolic link is a link: neither a file nor a directory behind it is digested', async () => {
  const [outside, top] = [tree({ file: 'one' }), tree()];
  symlinkSync(join(outside, 'file'), join(top, 'file'));
  symlinkSync(outside, join(top, 'directory'));
  const before = await digestOf(top);
  writeFileSync(join(outside, 'file'), 'two');
  const { digest } = await readTree(top, { readAttributes: none });
  assert.equal(digest.sha256, before);
  assert.equal(digest.entries, 3);
});

test('neither a symbolic link nor a file is taken for a directory at the top', async () => {
  const top = tree({ a: '' });
  const link = join(work, 'link');
  symlinkSync(top, link);
  for (const path of [link, join(top, 'a')]) await assert.rejects(digestOf(path), says('is not a directory'));
  await assert.rejects(digestOf(join(work, 'none')), says('there is no such file'));
});

test('a change while a tree is read gives no digest', async () => {
  for (const change of [
    (top: string) => appendFileSync(join(top, 'a'), 'x'),
    (top: string) => writeFileSync(join(top, 'a'), 'b'),
    (top: string) => truncateSync(join(top, 'a')),
    (top: string) => chmodSync(join(top, 'a'), 0o600),
    (top: string) => renameSync(join(top, 'a'), join(work, 'moved')),
    (top: string) => writeFileSync(join(top, 'd/new'), ''),
    (top: string) => chmodSync(top, 0o700),
    (top: string) => {
      rmSync(join(top, 'l'));
      symlinkSync('elsewhere', join(top, 'l'));
    },
  ]) {
    const top = tree({ a: 'a', 'd/e': '' });
    symlinkSync('a', join(top, 'l'));
    await assert.rejects(
      digestWhile(top, () => change(top)),
      changed,
      change.toString(),
    );
  }
});

test('a directory that a link takes the place of in the middle of a walk is not followed', async () => {
  const files = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`${i}`, '']));
  const [outside, top] = [tree({ 'z/file': 'secret' }), tree({ ...files, 'z/file': '' })];
  const swap = () => {
    renameSync(join(top, 'z'), join(work, 'swapped'));
    symlinkSync(join(outside, 'z'), join(top, 'z'));
  };
  await assert.rejects(digestWhile(top, swap), changed);
});

test('a change of what was already read gives no digest as long as the walk is there', async () => {
  const files = Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`${i}`, '']));
  const top = tree({ ...files, a: 'first' });
  linkSync(join(top, 'a'), join(top, '0-first'));
  const add = () => writeFileSync(join(top, 'new'), '');
  await assert.rejects(digestWhile(top, add, 2), changed, 'a directory');
  const edit = () => writeFileSync(join(top, 'a'), 'other');
  await assert.rejects(digestWhile(top, edit, 2), changed, 'the other name of a file');
});

test('a file that is longer or shorter than it says gives no digest, and no more of it is read', async () => {
  const path = join(tree({ a: 'x'.repeat(3_000_000) }), 'a');
  const place = openSync(path, 'r');
  const status = fstatSync(place, { bigint: true });
  const told: number[] = [];
  const options = { keep: false, onBytes: (bytes: number) => told.push(bytes) };
  for (const size of [1n, 2_999_999n, 3_000_001n])
    await assert.rejects(readContent(place, Object.assign(status, { size }), path, options), changed);
  assert.equal(told.filter((bytes) => bytes < 1_048_576).length, 1, 'it was read beyond its size');
  closeSync(place);
});

test('a tree of more entries than one batch has them all', async () => {
  const files = Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`d${i % 7}/${i}`, `${i}`]));
  const top = tree(files);
  const { digest } = await readTree(top, { readAttributes: none });
  assert.equal(digest.entries, 708);
  assert.equal(digest.dataBytes, Object.values(files).join('').length);
  writeFileSync(join(top, 'd6/699'), '966');
  assert.notEqual(await digestOf(top), digest.sha256);
});

test('limits are held', async () => {
  const top = tree({ 'a/b/c': '' });
  truncateSync(join(top, 'a/b/c'), 2 ** 42);
  const limited = (limits: ReadTreeOptions['limits']) => digestOf(top, { limits: { ...limits } });
  const start = performance.now();
  await assert.rejects(limited({}), isUnsupported('makes the directory larger than it may be'));
  assert.ok(performance.now() - start < 5000, 'it was read before it was refused');
  truncateSync(join(top, 'a/b/c'), 100);
  await assert.rejects(limited({ dataBytes: 99 }), isUnsupported('larger than it may be'));
  await assert.rejects(limited({ entries: 3 }), isUnsupported('has more than 3 entries'));
  await assert.rejects(limited({ depth: 1 }), isUnsupported('is more than 1 directories deep'));
  await assert.rejects(limited({ pathBytes: 4 }), isUnsupported('has a path of more than 4 bytes'));
  await limited({ entries: 4, depth: 2, pathBytes: 5, dataBytes: 100 });
});

test('a directory 300 deep is refused and leaves nothing open', async () => {
  const top = tree({ [`${'d/'.repeat(300)}x`]: '' });
  const before = readdirSync('/proc/self/fd').length;
  await assert.rejects(digestOf(top), isUnsupported('256 directories deep'));
  await assert.rejects(digestWhile(tree({ a: '' }), () => assert.fail('x')));
  await digestOf(tree({ a: '', 'b/c': '' }));
  assert.equal(readdirSync('/proc/self/fd').length, before);
});

test('names are bytes, and hard links need not be of files', async () => {
  const top = tree();
  const path = (name: string) => Buffer.from(`${top}/${name}`, 'latin1');
  writeFileSync(path('\xff\n'), '');
  symlinkSync('x', path('l'));
  linkSync(path('l'), path('m'));
  const first = await digestOf(top);
  rmSync(path('m'));
  symlinkSync('x', path('m'));
  assert.notEqual(await digestOf(top), first, 'two links are not one');
  renameSync(path('\xff\n'), path('\xfe\n'));
  assert.notEqual(await digestOf(top), first);
});

test('what is kept is what was digested, also under the second name of an inode', async () => {
  const release = 'usr/lib/extension-release.d/extension-release.a';
  const top = tree({ a: 'ID=_any\n', [release]: '' });
  rmSync(join(top, release));
  linkSync(join(top, 'a'), join(top, release));
  const { fileSystem } = await readTree(top, { readAttributes: none });
  writeFileSync(join(top, release), 'ID=evil\n');
  let node = await fileSystem.root.lookup('usr');
  for (const name of release.split('/').slice(1))
    node = node?.kind === 'directory' ? await node.lookup(name) : null;
  assert.ok(node?.kind === 'file');
  assert.equal(Buffer.from(await node.read(100)).toString(), 'ID=_any\n');
});

test('a file with a name outside the tree is told of, and is the same tree', async () => {
  const top = tree({ a: 'x' });
  const before = await digestOf(top);
  linkSync(join(top, 'a'), join(work, 'outside'));
  const { digest, remarks, remarkCount } = await readTree(top, { readAttributes: none });
  assert.deepEqual(remarks, [{ kind: 'linked-outside', path: 'a', attribute: null }]);
  assert.equal(remarkCount, 1);
  assert.equal(digest.sha256, before);
});

test('progress is told in bytes', async () => {
  const told: number[] = [];
  const top = tree({ a: 'x'.repeat(3_000_000), b: 'y' });
  await digestOf(top, { onProgress: (bytes) => told.push(bytes) });
  assert.deepEqual(told, [1_048_576, 2_097_152, 3_000_000, 3_000_001]);
});

const asRoot = { skip: process.getuid?.() === 0 ? false : 'needs root' };

test('devices are digested by their numbers and not opened, whiteouts told of', asRoot, async () => {
  const top = tree();
  execFileSync('mknod', [join(top, 'w'), 'c', '0', '0']);
  execFileSync('mknod', [join(top, 'b'), 'b', '259', '1048575']);
  const { digest, remarks } = await readTree(top, { readAttributes: none });
  assert.deepEqual(
    remarks.map(({ kind, path }) => `${kind} ${path}`),
    ['device b', 'whiteout w'],
  );
  rmSync(join(top, 'b'));
  execFileSync('mknod', [join(top, 'b'), 'b', '259', '1048574']);
  assert.notEqual(await digestOf(top), digest.sha256);
});

test('what may not be read gives no digest', asRoot, async () => {
  const top = tree({ a: '', 'd/e': '' });
  chmodSync(work, 0o755);
  for (const name of ['a', 'd']) {
    const { mode } = statSync(join(top, name));
    chmodSync(join(top, name), 0);
    process.seteuid?.(65_534);
    try {
      await assert.rejects(digestOf(top), says('permission denied'));
    } finally {
      process.seteuid?.(0);
    }
    chmodSync(join(top, name), mode);
  }
});
