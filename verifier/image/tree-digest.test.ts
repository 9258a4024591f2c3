import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { Cursor } from '../bytes/cursor.ts';
import { Malformed } from '../bytes/failures.ts';
import { digestTree } from './tree-digest.ts';
import { encodeEntry } from './tree-encoding.ts';
import { byteString, type TreeEntry, type TreeNode } from './tree-entry.ts';
import { inTreeOrder } from './tree-order.ts';

const top: TreeEntry = entry('', { type: 'directory', ...inode() });

function inode() {
  return { mode: 0o755, uid: 0, gid: 0, attributes: [] };
}

function entry(path: string, node: TreeNode, names: string | null = null): TreeEntry {
  return { path: Buffer.from(path, 'latin1'), inode: names, node };
}

function file(path: string, names: string | null = null): TreeEntry {
  return entry(path, { type: 'file', ...inode(), size: 0, sha256: new Uint8Array(32) }, names);
}

async function digestOf(entries: readonly TreeEntry[]): Promise<string> {
  return (await digestTree(inTreeOrder(entries))).sha256;
}

// Few letters, so that trees with the same names and the same bytes cut elsewhere come up often.
const bytes = (maxLength: number, minLength = 1) =>
  fc
    .uint8Array({ minLength, maxLength, max: 3 })
    .map((some) => some.map((one) => [1, 0x2e, 0x61, 0xff][one]!));
const name = bytes(3).filter((some) => !['.', '..'].includes(byteString(some)));
const attributes = fc.uniqueArray(fc.record({ name: bytes(2), value: bytes(2, 0) }), {
  maxLength: 2,
  selector: (one) => byteString(one.name),
});
const common = {
  mode: fc.constantFrom(0o644, 0o4755, 0),
  uid: fc.constantFrom(0, 1, 256),
  gid: fc.constantFrom(0, 1),
  attributes,
};
const leaf: fc.Arbitrary<TreeNode> = fc.oneof(
  fc.record({ type: fc.constantFrom('fifo' as const, 'socket' as const), ...common }),
  fc.record({ type: fc.constant('link' as const), target: bytes(3), ...common }),
  fc.record({
    type: fc.constant('file' as const),
    size: fc.constantFrom(0, 1, 2 ** 40),
    sha256: fc.constantFrom(new Uint8Array(32), new Uint8Array(32).fill(1)),
    ...common,
  }),
  fc.record({
    type: fc.constantFrom('character-device' as const, 'block-device' as const),
    major: fc.constantFrom(0, 1, 256),
    minor: fc.constantFrom(0, 1),
    ...common,
  }),
);
const directory: fc.Arbitrary<TreeNode> = fc.record({ type: fc.constant('directory' as const), ...common });

/** Trees of a few directories with a few entries each. */
const tree: fc.Arbitrary<TreeEntry[]> = fc
  .record({
    top: directory,
    directories: fc.uniqueArray(fc.tuple(name, directory), {
      maxLength: 2,
      selector: ([one]) => byteString(one),
    }),
    leaves: fc.array(fc.record({ within: fc.nat(3), name, node: leaf, names: fc.constantFrom(null, 'i') }), {
      maxLength: 4,
    }),
  })
  .map(({ top: node, directories, leaves }) => {
    const found = new Map<string, TreeEntry>([['', entry('', node)]]);
    for (const [path, one] of directories) found.set(byteString(path), entry(byteString(path), one));
    const first = leaves.find(({ names }) => names !== null);
    for (const { within, name: last, node: one, names } of leaves) {
      const parent = directories[within]?.[0];
      const path = `${parent === undefined ? '' : `${byteString(parent)}/`}${byteString(last)}`;
      // Names of one inode say the same of it.
      if (!found.has(path)) found.set(path, entry(path, names === null ? one : first!.node, names));
    }
    return [...found.values()];
  });

/** A tree said in another way: canonical by comparison of all that it is, not by bytes in a row. */
function model(entries: readonly TreeEntry[]): string {
  const inodes = new Map<string, string[]>();
  for (const { path, inode: one } of inTreeOrder(entries))
    if (one !== null) inodes.set(one, [...(inodes.get(one) ?? []), byteString(path)]);
  const plain = (value: unknown): unknown =>
    value instanceof Uint8Array ? byteString(value) : Array.isArray(value) ? value.map(plain) : value;
  return JSON.stringify(
    inTreeOrder(entries).map(({ path, node, inode: one }) => {
      const sorted = [...node.attributes].sort((a, b) => Buffer.compare(a.name, b.name));
      const said = { ...node, attributes: sorted.map((at) => [plain(at.name), plain(at.value)]) };
      const fields = Object.entries(said).map(([key, value]) => [key, plain(value)]);
      return [byteString(path), fields.sort(), one === null ? [byteString(path)] : inodes.get(one)];
    }),
  );
}

test('two trees have one digest exactly if they are the same tree', async () => {
  await fc.assert(
    fc.asyncProperty(tree, tree, async (a, b) => {
      assert.equal((await digestOf(a)) === (await digestOf(b)), model(a) === model(b));
    }),
    { numRuns: 2000 },
  );
});

test('every single change of a tree changes its digest, and undone gives it back', async () => {
  await fc.assert(
    fc.asyncProperty(tree, fc.nat(), leaf, name, async (entries, at, node, last) => {
      const before = await digestOf(entries);
      const index = at % entries.length;
      const changed = entries.filter((_, one) => one !== index);
      const { path, node: old, inode: names } = entries[index]!;
      // A name more, and where it is no directory another inode in its place, or none.
      const more = entry(byteString(last) + 'b', node);
      assert.notEqual(await digestOf([...entries, more]), before);
      if (old.type === 'directory') return;
      assert.notEqual(await digestOf(changed), before);
      const other = [...changed, { path, inode: null, node }];
      if (model(other) !== model(entries)) assert.notEqual(await digestOf(other), before);
      assert.equal(await digestOf([...changed, { path, inode: names, node: old }]), before);
    }),
    { numRuns: 1000 },
  );
});

test('the order in which entries are listed changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(tree, fc.infiniteStream(fc.nat()), async (entries, random) => {
      const shuffled = entries
        .map((one) => ({ one, at: random.next().value as number }))
        .sort((a, b) => a.at - b.at)
        .map(({ one }) => one);
      assert.equal(await digestOf(shuffled), await digestOf(entries));
    }),
  );
});

test('an encoded entry can be read back, and in one way only', () => {
  fc.assert(
    fc.property(name, fc.oneof(leaf, directory), (path, node) => {
      const encoded = encodeEntry({ path, inode: null, node });
      assert.deepEqual(decodeEntry(encoded), {
        path: Buffer.from(path),
        ...normal(node),
      });
    }),
  );
});

function normal({ attributes: given, ...node }: TreeNode) {
  const sorted = [...given].sort((a, b) => Buffer.compare(a.name, b.name));
  const fields = Object.entries(node).map(([key, value]) => [
    key,
    typeof value === 'object' ? Buffer.from(value) : value,
  ]);
  return {
    ...Object.fromEntries(fields),
    attributes: sorted.map((at) => [Buffer.from(at.name), Buffer.from(at.value)]),
  };
}

function decodeEntry(encoded: Uint8Array) {
  const cursor = new Cursor(encoded, 'big');
  const field = () => Buffer.from(cursor.take(cursor.u32('length'), 'bytes'));
  const types = {
    d: 'directory',
    f: 'file',
    l: 'link',
    c: 'character-device',
    b: 'block-device',
    p: 'fifo',
    s: 'socket',
  };
  const path = field();
  const type = types[String.fromCharCode(cursor.u8('type')) as keyof typeof types];
  const head = { path, type, mode: cursor.u16('mode'), uid: cursor.u32('uid'), gid: cursor.u32('gid') };
  const content =
    type === 'file'
      ? { size: cursor.u64Number('size'), sha256: Buffer.from(cursor.take(32, 'sha256')) }
      : type === 'link'
        ? { target: field() }
        : type.endsWith('device')
          ? { major: cursor.u32('major'), minor: cursor.u32('minor') }
          : {};
  const count = cursor.u32('count');
  const pairs = Array.from({ length: count }, () => [field(), field()]);
  cursor.end('entry');
  return { ...head, ...content, attributes: pairs };
}

test('entries out of the order of the tree are refused, not sorted in silence', async () => {
  for (const [entries, problem] of [
    [[top, file('b'), file('a')], 'a: is there twice or out of order'],
    [[file('a'), top], 'a: is not the root directory, which comes first'],
    [[top, file('a'), file('a')], 'a: is there twice or out of order'],
    [
      [top, entry('a', top.node), file('b'), file('a/c')],
      'a/c: is in no directory of the tree, or out of order',
    ],
    [[], 'tree: has no root directory'],
  ] as const)
    await assert.rejects(
      digestTree(entries),
      (error) => error instanceof Malformed && error.message === problem,
      problem,
    );
});

test('an attribute of more than 64 KiB and a size that no number can tell are refused', async () => {
  const large = { name: Buffer.from('user.a'), value: new Uint8Array(65_537) };
  const node = { type: 'file' as const, ...inode(), size: 0, sha256: new Uint8Array(32) };
  for (const wrong of [
    { ...node, attributes: [large] },
    { ...node, size: 2 ** 53 },
    { ...node, size: -1 },
    { ...node, size: 0.5 },
    { ...node, sha256: new Uint8Array(31) },
    { type: 'link' as const, ...inode(), target: new Uint8Array(4096).fill(0x61) },
  ])
    await assert.rejects(digestTree([top, entry('a', wrong)]), Malformed);
});

test('names are counted, and bytes once an inode', async () => {
  const node = { type: 'file' as const, ...inode(), size: 100, sha256: new Uint8Array(32) };
  const { entries, dataBytes } = await digestTree([
    top,
    entry('a', node, 'i'),
    entry('b', node, 'i'),
    entry('c', node),
  ]);
  assert.deepEqual({ entries, dataBytes }, { entries: 4, dataBytes: 200 });
});
