import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { ErofsPackedInode } from './erofs-packed-inode.ts';
import { fullIndex, type Head, type Inside, mapHeader, refuses, superblock } from './tests/erofs-parts.ts';

/** A packed inode at the beginning of an image, with what stands behind it; inodes of 32 bytes, and blocks of 512. */
function packed(layout: number, size: number, after: Uint8Array, { mode = 0o100644, data = 0 } = {}): Buffer {
  const inode = Buffer.alloc(64);
  inode.writeUInt16LE(layout << 1, 32);
  inode.writeUInt16LE(mode, 36);
  inode.writeUInt32LE(size, 40);
  inode.writeUInt32LE(data, 48);
  return Buffer.concat([inode, after]);
}
const read = (image: Buffer, offset: number, length: number, packedInode: number | null = 1) =>
  new ErofsPackedInode(bytesSource(image), { ...superblock, blockSize: 512, packedInode }).read(
    offset,
    length,
    'file',
  );

test('a part of a packed inode is read that is not compressed', async () => {
  const image = Buffer.alloc(2048);
  packed(2, 600, Buffer.alloc(88, 'b'), { data: 1 }).copy(image);
  image.fill('a', 512, 1024);
  assert.equal(Buffer.from(await read(image, 510, 5)).toString(), 'aabbb');
  assert.equal(Buffer.from(await read(image, 599, 1)).toString(), 'b');
  await refuses(() => read(image, 599, 2), Malformed, /needs 2 bytes of the packed inode, which has 600/);
});

test('a packed inode is a file, and is there, and is not packed itself', async () => {
  await refuses(() => read(Buffer.alloc(64), 0, 1, null), Malformed, /the superblock names none/);
  await refuses(
    () => read(packed(0, 10, Buffer.alloc(0), { mode: 0o040755 }), 0, 1),
    Malformed,
    /packed, and no file/,
  );
  await refuses(() => read(packed(4, 10, Buffer.alloc(0)), 0, 1), Unsupported, /packed, and in chunks/);
  await refuses(
    () => read(packed(1, 10, mapHeader(0, { last: 0x80 })), 0, 1),
    Malformed,
    /packed into itself/,
  );
  const tail = fullIndex(mapHeader(0x20), ['first', 0, 0]);
  await refuses(() => read(packed(1, 10, tail), 0, 1), Malformed, /packed into itself/);
});

test('pieces that are decompressed again and again have an end', async () => {
  // Two pieces of 12 MiB each of nothing but one byte, read in turns.
  const half = 3 * 1024 * 1024;
  const run = Buffer.concat([Buffer.of(0x1f, 0x61, 1, 0), Buffer.alloc(half / 255 + 1, 255)]);
  const body = run.subarray(0, 4 + Math.floor((half - 20) / 255));
  const data = Buffer.concat([body, Buffer.of((half - 20) % 255, 0)]);
  const blocks = Math.ceil(data.length / 512);
  const inside = Array.from({ length: half / 512 - 1 }, (_, index): Inside =>
    index === 0 ? [0x800 | blocks, 1] : [1, 1],
  );
  const [first, second]: readonly Head[] = [
    ['first', 0, 300],
    ['first', 0, 300],
  ];
  assert.ok(first !== undefined && second !== undefined);
  const index = fullIndex(mapHeader(2), first, ...inside, second, ...inside);
  const image = Buffer.alloc((300 + blocks) * 512);
  packed(1, 2 * half, index).copy(image);
  data.copy(image, image.length - data.length);
  const inode = new ErofsPackedInode(bytesSource(image), { ...superblock, blockSize: 512, packedInode: 1 });
  for (let turn = 0; turn < 100; turn++) assert.equal((await inode.read(5, 2, 'file'))[0], 0x61);
  await refuses(
    async () => {
      for (let turn = 0; turn < 100; turn++) await inode.read((turn % 2) * half, 1, 'file');
    },
    Unsupported,
    /is packed, and takes/,
  );
});
