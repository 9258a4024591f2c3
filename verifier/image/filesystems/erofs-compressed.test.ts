import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { bytesSource } from '../bytes-source.ts';
import { openErofs } from './erofs.ts';
import { keptImages, readKeptImage } from './tests/erofs-images.ts';
import { compareWithTree, keptTree, liveTree, writeErofsTree } from './tests/erofs-tree.ts';
import { checkHostile } from './tests/hostile.ts';
import { makeImage } from './tests/sample-tree.ts';
import { walk } from './walk.ts';

const { directory, remove } = writeErofsTree(liveTree);
after(remove);
const make = (options: string) => makeImage(directory, `mkfs.erofs --quiet -T0 ${options} IMAGE TREE`);
const open = (bytes: Uint8Array) => openErofs(bytesSource(bytes));

for (const options of [
  '-zlz4',
  '-zlz4hc -C65536',
  '-zlz4hc -C1048576',
  '-zlz4 -Eztailpacking',
  '-zlz4 -Elegacy-compress',
  '-zlz4 -Elegacy-compress,ztailpacking -C32768',
  '-zlz4 --max-extent-bytes=20000 -C16384',
  '-zlz4 -Efragments,ztailpacking -C65536',
  '-zlz4 --chunksize=65536',
])
  test(`what mkfs.erofs ${options} puts in comes out`, async () => {
    await compareWithTree((await open(make(options))).root, liveTree);
  });

for (const name of Object.keys(keptImages))
  test(`the kept image ${name} is read`, async () => {
    const { root } = await open(readKeptImage(name));
    await compareWithTree(root, keptTree);
  });

test('release data is found in every compressed image', async () => {
  for (const name of ['zstd-fragments', 'lz4-small-blocks', 'lzma-tails'] as const) {
    const path = 'usr/lib/extension-release.d/extension-release.link';
    const file = await walk(await open(readKeptImage(name)), path);
    assert.ok(file?.kind === 'file', name);
    assert.equal(Buffer.from(await file.read(100)).toString(), 'ID=_any\n');
  }
});

test('whatever bytes of a compressed image are changed, there is an answer or a refusal', async () => {
  for (const name of ['lz4-dedupe-fragments', 'deflate-dedupe', 'zstd-fragments', 'lzma-tails'] as const)
    await checkHostile(readKeptImage(name), openErofs);
});
