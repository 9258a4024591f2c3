import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { FileSystemNode } from '../file-system.ts';

/** What is at each path. */
export type ErofsTree = Readonly<Record<string, string | { readonly pointsTo: string }>>;

/** Text that compresses well. */
export const words = (count: number): string =>
  Array.from({ length: count }, (_, index) => `word ${index}\n`).join('');

/** Text that does not, the same every time. */
export function noise(length: number): string {
  let state = 1;
  const codes = Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) & 0x7f;
  });
  return String.fromCharCode(...codes);
}

/** What is in the images that are kept in `erofs-images`. */
export const keptTree: ErofsTree = {
  'usr/lib/extension-release.d/extension-release.tools': 'ID=_any\n',
  'usr/lib/extension-release.d/extension-release.link': { pointsTo: 'extension-release.tools' },
  'usr/text': words(6000),
  'usr/again': `before\n${words(6000)}after\n`,
  'usr/part': words(2500),
  'usr/small': words(300),
  'usr/zeros': '\0'.repeat(50_000),
  'usr/mixed': `${words(500)}${noise(5000)}${words(500)}`,
};

/** Sizes around blocks, large files of every kind, a directory of many blocks. */
export const liveTree: ErofsTree = {
  ...keptTree,
  'usr/large': words(400_000),
  'usr/copy': words(400_000),
  'usr/noise': noise(50_000).repeat(40),
  'usr/mixture': `${words(20_001)}${noise(50_000)}${words(30_000)}${noise(9000)}`,
  'usr/sparse': `${'\0'.repeat(1_500_001)}after the hole`.padEnd(3_000_000, '\0'),
  'usr/empty': '',
  ...Object.fromEntries(
    [1, 4095, 4096, 4097, 8191, 8192].map((size) => [`usr/sized/${size}`, 'x'.repeat(size)]),
  ),
  ...Object.fromEntries([4095, 4096, 4097, 9000].map((size) => [`usr/noisy/${size}`, noise(size)])),
  ...Object.fromEntries(
    Array.from({ length: 700 }, (_, index) => [`usr/many/entry number ${index}`, words(index)]),
  ),
  'usr/link': { pointsTo: `${'a'.repeat(200)}/`.repeat(10) },
};

/** Writes a tree under `tree` in a new directory. */
export function writeErofsTree(tree: ErofsTree): { readonly directory: string; readonly remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-erofs-tree-'));
  for (const [path, what] of Object.entries(tree)) {
    const at = join(directory, 'tree', path);
    mkdirSync(dirname(at), { recursive: true });
    if (typeof what === 'string') writeFileSync(at, what);
    else symlinkSync(what.pointsTo, at);
  }
  return { directory, remove: () => rmSync(directory, { recursive: true }) };
}

/** Compares everything below a node with the tree as it was written: every byte, and nothing else. */
export async function compareWithTree(root: FileSystemNode, tree: ErofsTree): Promise<void> {
  const left = new Set(Object.keys(tree));
  const visit = async (node: FileSystemNode, path: string): Promise<void> => {
    left.delete(path);
    const what = tree[path];
    if (node.kind === 'link') assert.deepEqual({ pointsTo: await node.target() }, what, `the link ${path}`);
    if (node.kind === 'file') {
      assert.ok(typeof what === 'string', `${path} is no file`);
      assert.ok(Buffer.from(what).equals(await node.read(10_000_000)), `the bytes of ${path}`);
    }
    if (node.kind !== 'directory') return;
    for (const name of await node.names(10_000)) {
      const child = await node.lookup(name);
      assert.ok(child !== null, name);
      await visit(child, path === '' ? name : `${path}/${name}`);
    }
  };
  await visit(root, '');
  assert.deepEqual([...left], []);
}
