import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Unsupported } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { readErofsData } from './erofs-data.ts';
import { ErofsPackedInode } from './erofs-packed-inode.ts';
import {
  fullIndex,
  type Head,
  type Inside,
  inode,
  mapHeader,
  refuses,
  superblock,
} from './tests/erofs-parts.ts';

/** A file of some pieces that are each the first 8 KiB of one and the same MiB of data. */
function manyParts(count: number) {
  const entries = Array.from({ length: count }, (): readonly [Head, Inside] => [
    ['first', 0, 1],
    [0x800 | 256, 1],
  ]);
  const index = fullIndex(mapHeader(2), ...entries.flat());
  for (let at = 16; at < index.length; at += 16) index.writeUInt16LE(0x8001, at);
  const image = Buffer.alloc(4096 + 1024 * 1024, 255);
  index.copy(image);
  // One literal, and then itself over and over.
  image.set([0x1f, 0x61, 1, 0], 4096);
  image.writeUInt8(0, 4096 + 50);
  const source = bytesSource(image);
  const volume = { source, superblock, packed: new ErofsPackedInode(source, superblock) };
  return readErofsData(volume, inode(count * 8192), 10_000_000);
}

test('pieces may be parts of more, as long as that is not out of all proportion', async () => {
  assert.ok(Buffer.alloc(8 * 8192, 'a').equals(await manyParts(8)));
  await refuses(() => manyParts(40), Unsupported, /takes more than \d+ bytes of data for 327680 of its own/);
});

test('a compressed file without bytes has no map', async () => {
  const source = bytesSource(Buffer.alloc(0));
  const volume = { source, superblock, packed: new ErofsPackedInode(source, superblock) };
  assert.equal((await readErofsData(volume, inode(0), 0)).length, 0);
  await refuses(() => readErofsData(volume, inode(11), 10), Unsupported, /has 11 bytes, more than 10/);
});
