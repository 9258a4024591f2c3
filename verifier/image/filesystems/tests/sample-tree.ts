import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { FileSystemNode } from '../file-system.ts';

/** A tree of files as the tests put it into images: what is at each path. */
export type SampleTree = Readonly<
  Record<string, string | { readonly pointsTo: string } | { readonly same: string }>
>;

const words = (count: number): string =>
  Array.from({ length: count }, (_, index) => `word ${index}\n`).join('');

/** Everything that readers treat in their own way: sizes around blocks, long links, hard links, large directories. */
export const sampleTree: SampleTree = {
  'usr/lib/extension-release.d/extension-release.tools': 'ID=_any\n',
  'usr/lib/extension-release.d/extension-release.link': { pointsTo: 'extension-release.tools' },
  'usr/short': { pointsTo: 'a'.repeat(59) },
  'usr/long': { pointsTo: 'b'.repeat(60) },
  'usr/longer': { pointsTo: `${'c'.repeat(200)}/`.repeat(4) },
  'usr/empty': '',
  'usr/block': 'x'.repeat(4096),
  'usr/large': words(60_000),
  'usr/again': { same: 'usr/large' },
  'usr/repeated': 'touchstone '.repeat(20_000),
  ...Object.fromEntries(
    Array.from({ length: 700 }, (_, index) => [`usr/many/entry number ${index}`, `${index}`]),
  ),
};

/** A directory for images, with the tree in it under `tree`; removed by the function that comes with it. */
export function writeSampleTree(): { readonly directory: string; readonly remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-tree-'));
  const at = (path: string): string => join(directory, 'tree', path);
  for (const [path, what] of Object.entries(sampleTree)) {
    mkdirSync(dirname(at(path)), { recursive: true });
    if (typeof what === 'string') writeFileSync(at(path), what);
    else if ('pointsTo' in what) symlinkSync(what.pointsTo, at(path));
    else linkSync(at(what.same), at(path));
  }
  execFileSync('mkfifo', [at('usr/fifo')]);
  const file = at('usr/lib/extension-release.d/extension-release.tools');
  execFileSync('setfattr', ['-n', 'user.extension-release.strict', '-v', '0', file]);
  return { directory, remove: () => rmSync(directory, { recursive: true }) };
}

/** Makes an image of a tree by a command that has `IMAGE` and `TREE` in place of the paths. */
export function makeImage(directory: string, command: string): Buffer {
  const image = join(directory, 'image');
  rmSync(image, { force: true });
  const [tool = '', ...args] = command
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => word.replace('IMAGE', image).replace('TREE', join(directory, 'tree')));
  execFileSync(tool, args, { stdio: 'ignore' });
  return readFileSync(image);
}

/** Everything below a node, as `sampleTree` has it. */
export async function readAll(
  node: FileSystemNode,
  path = '',
): Promise<Record<string, string | { pointsTo: string }>> {
  if (node.kind === 'file') return { [path]: Buffer.from(await node.read(2_000_000)).toString() };
  if (node.kind === 'link') return { [path]: { pointsTo: await node.target() } };
  if (node.kind === 'special') return {};
  const found: Record<string, string | { pointsTo: string }> = {};
  for (const name of await node.names(1000)) {
    const child = await node.lookup(name);
    if (child !== null) Object.assign(found, await readAll(child, path === '' ? name : `${path}/${name}`));
  }
  return found;
}

/** The tree as a reader of one image sees it: hard links are files. */
export function expected(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(sampleTree).map(([path, what]) => [
      path,
      typeof what === 'object' && 'same' in what ? sampleTree[what.same] : what,
    ]),
  );
}
