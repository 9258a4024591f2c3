import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Malformed } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { openExt4 } from './ext4.ts';
import { type Edit, edited, put, refuses, use } from './tests/ext4-edits.ts';
import { readExtents } from './ext4-extents.ts';
import { readExt4Superblock } from './ext4-superblock.ts';
import { Ext4Maker } from './tests/ext4-image.ts';

// One edit of an image each, and what is said of it. The images have no checksums.

const maker = new Ext4Maker({ sparse: { sparse: 3200 } });
const single = new Ext4Maker({ file: 'x'.repeat(3000) });
after(() => [maker, single].forEach((one) => one.remove()));
const options = '-b 1024 -N 64 -O ^metadata_csum,^has_journal,^resize_inode';
const ext4 = maker.make(`-t ext4 ${options}`, '4M');
const map = maker.make(`-t ext4 ${options},^extents,^64bit`, '4M');
const inodeOf = (image: Buffer, path: string) => maker.inode(image, path);

test('an extent that is out of place, order or bounds is malformed', async () => {
  const made = single.make(`-t ext4 ${options}`, '4M');
  const root = single.inode(made, 'file') + 0x28;
  const image = edited(made, put(2, root + 2, 1), put(2, root + 16, 3));
  await use(image);
  for (const [edit, message] of [
    [put(2, root, 0xf30b), /no magic/],
    [put(2, root + 2, 5), /are 5 of at most 4/],
    [put(2, root + 4, 5), /are 1 of at most 5/],
    [(bytes: Buffer) => bytes.writeUInt32LE(0, root + 2), /are 0 of at most 0/],
    [put(2, root + 6, 6), /6 levels deep/],
    [put(4, root + 4, 0x00010001), /has no place/],
    [(bytes: Buffer) => [put(2, root + 6, 1)(bytes), put(2, root + 2, 0)(bytes)], /leads nowhere/],
    [put(2, root + 16, 0), /are of 0 blocks/],
    [put(4, root + 12, 0xffffffff), /are of 3 blocks/],
    [put(2, root + 18, 1), /extents: has no place/],
    [put(4, root + 20, 1), /extents: has no place/],
    [put(4, root + 20, 4094), /extents: has no place/],
    [put(4, root + 20, 0), /extents: has no place/],
  ] as const)
    await refuses(image, edit, Malformed, message);
  const twice: Edit = (bytes) => {
    bytes.writeUInt16LE(2, root + 2);
    bytes.copy(bytes, root + 24, root + 12, root + 24);
  };
  await refuses(image, twice, Malformed, /are not in order/);
});

test('a tree of extents that leads elsewhere, in circles or nowhere is malformed', async () => {
  const root = inodeOf(ext4, 'sparse') + 0x28;
  assert.equal(ext4.readUInt16LE(root + 6), 2, 'two levels below the root');
  const child = ext4.readUInt32LE(root + 16) * 1024;
  const leaf = ext4.readUInt32LE(child + 16) * 1024;
  for (const [edit, message] of [
    [put(4, child + 16, child / 1024), /levels deep, not 0/],
    [put(4, root + 16, leaf / 1024), /levels deep, not 1/],
    [put(4, root + 16, 0), /has no place/],
    [put(4, root + 16, 5000), /has no place/],
    [put(2, root + 20, 1), /has no place/],
    [put(4, leaf + 12, 1), /begin elsewhere/],
    [put(4, child + 12, 1), /begin elsewhere/],
    [put(2, leaf + 2, 0), /begin elsewhere/],
    [put(2, leaf, 0), /no magic/],
    [put(4, child + 24, 0), /not in order/],
    [put(4, child + 24, 5), /not in order/],
    [put(2, leaf + 4, 85), /of at most 85/],
  ] as const)
    await refuses(ext4, edit, Malformed, message);
});

test('a block map that leads out of the image is malformed', async () => {
  const block = inodeOf(map, 'sparse') + 0x28;
  const single = map.readUInt32LE(block + 48) * 1024;
  const double = map.readUInt32LE(block + 52) * 1024;
  const below = map.readUInt32LE(double) * 1024;
  for (const at of [block, block + 48, block + 52, single, double, below])
    for (const number of [1, 4096, 0xffffffff])
      await refuses(map, put(4, at, number), Malformed, /block map: has no place/);
});

test('a map of blocks in circles comes to an end', async () => {
  const image = Buffer.from(map);
  const block = inodeOf(map, 'sparse') + 0x28;
  const single = map.readUInt32LE(block + 48);
  for (let at = 0; at < 256; at++) image.writeUInt32LE(single, single * 1024 + at * 4);
  image.writeUInt32LE(single, block + 52);
  await use(image);
});

test('no file is larger than a map can hold', async () => {
  const image = Buffer.from(map);
  const at = inodeOf(map, 'sparse');
  image.writeUInt32LE(16, at + 0x6c);
  const { root } = await openExt4(bytesSource(image));
  const file = await root.lookup('sparse');
  assert.ok(file?.kind === 'file');
  await assert.rejects(file.read(2 ** 40), /cannot hold as many blocks/);
});

test('what was reserved and never written is zeros, whatever was there before', async () => {
  const made = single.make(`-t ext4 ${options}`, '4M');
  const length = single.inode(made, 'file') + 0x28 + 16;
  const image = edited(made, (bytes) => bytes.writeUInt16LE(32_768 + bytes.readUInt16LE(length), length));
  const file = await (await openExt4(bytesSource(image))).root.lookup('file');
  assert.ok(file?.kind === 'file');
  const block = (await file.read(3000)).subarray(0, 1024);
  assert.ok(block.every((byte) => byte === 0));
});

/** A node of a tree of extents. Entries are the first block, and what else an entry has. */
function node(depth: number, entry: readonly [first: number, low: number, high: number]): Buffer {
  const bytes = Buffer.alloc(60);
  bytes.writeUInt16LE(0xf30a, 0);
  bytes.writeUInt16LE(1, 2);
  bytes.writeUInt16LE(4, 4);
  bytes.writeUInt16LE(depth, 6);
  for (const [at, value] of entry.entries()) bytes.writeUInt32LE(value, 12 + 4 * at);
  return bytes;
}

/** Where the first blocks of a file are in an image that has room for them, by a root and nodes in blocks from 2 on. */
async function runsOf(root: Buffer, below: readonly Buffer[], blocks: number) {
  const bytes = Buffer.alloc(16 * 1024);
  for (const [at, one] of below.entries()) one.copy(bytes, (at + 2) * 1024);
  const superblock = await readExt4Superblock(bytesSource(ext4));
  const volume = { source: bytesSource(bytes), superblock: { ...superblock, blockCount: 100_000 } };
  return readExtents(volume, { name: 'inode', block: root, checksumSeed: null }, blocks);
}

test('an extent has up to 32,768 blocks, and ends at the last that there can be', async () => {
  assert.deepEqual(await runsOf(node(0, [0, 32_768, 5000]), [], 40_000), [
    { block: 5000, count: 32_768 },
    { block: null, count: 7232 },
  ]);
  assert.deepEqual(await runsOf(node(0, [0, 32_769, 5000]), [], 9), [{ block: null, count: 9 }]);
  const last = await runsOf(node(0, [2 ** 32 - 3, 3, 5000]), [], 2 ** 32);
  assert.deepEqual(last.at(-1), { block: 5000, count: 3 });
  await assert.rejects(runsOf(node(0, [2 ** 32 - 3, 4, 5000]), [], 9), Malformed);
});

test('a tree has up to five levels below its root', async () => {
  const below = [4, 3, 2, 1].map((depth, at) => node(depth, [0, at + 3, 0]));
  const leaf = node(0, [0, 2, 5000]);
  assert.deepEqual(await runsOf(node(5, [0, 2, 0]), [...below, leaf], 2), [{ block: 5000, count: 2 }]);
  const deeper = [5, 4, 3, 2, 1].map((depth, at) => node(depth, [0, at + 3, 0]));
  await assert.rejects(runsOf(node(6, [0, 2, 0]), [...deeper, leaf], 2), /6 levels deep/);
});
