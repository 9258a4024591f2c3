/**
 * Makes the images in `erofs-images` again: of the tree in erofs-tree.ts, by the mkfs.erofs of erofs-utils 1.8.6, which knows
 * more than that of older distributions. Run from the repository root, with the command for mkfs.erofs as its arguments.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { keptImages } from './erofs-images.ts';
import { keptTree, writeErofsTree } from './erofs-tree.ts';

const [command = 'mkfs.erofs', ...before] = process.argv.slice(2);
const reproducible = '-T0 --all-root -x-1 -U00000000-0000-4000-8000-000000000000 --quiet';
const { directory, remove } = writeErofsTree(keptTree);
for (const [name, options] of Object.entries(keptImages)) {
  const image = join(directory, 'image');
  const words = `${reproducible} ${options}`.split(' ');
  execFileSync(command, [...before, ...words, image, join(directory, 'tree')], { stdio: 'ignore' });
  const file = join('verifier/image/filesystems/tests/erofs-images', `${name}.raw.gz`);
  writeFileSync(file, gzipSync(readFileSync(image), { level: 9 }));
}
remove();
