import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { openExt4 } from './ext4.ts';
import { parseExt4Directory, parseInlineDirectory } from './ext4-directory.ts';
import { type Edit, edited, put, refuses, use } from './tests/ext4-edits.ts';
import { Ext4Maker } from './tests/ext4-image.ts';

// One edit of an image each, and what is said of it. The images have no checksums.

const maker = new Ext4Maker({
  file: 'x'.repeat(3000),
  short: { pointsTo: 'file' },
  long: { pointsTo: 'l'.repeat(100) },
  'dir/one': '1',
  'dir/two': '2',
});
after(() => maker.remove());
const options = '-b 1024 -N 64 -O ^metadata_csum,^has_journal,^resize_inode';
const ext4 = maker.make(`-t ext4 ${options}`, '4M');
const inodeOf = (image: Buffer, path: string) => maker.inode(image, path);

test('a directory entry that does not fit, or says what cannot be, is malformed', async () => {
  const block = maker.data(ext4, 'dir');
  const one = block + ext4.subarray(block).indexOf('one') - 8;
  const two = block + ext4.subarray(block).indexOf('two') - 8;
  for (const [edit, message] of [
    [put(2, one + 4, 0), /does not fit in its block/],
    [put(2, one + 4, 8), /does not fit in its block/],
    [put(2, one + 4, 14), /does not fit in its block/],
    [put(2, two + 4, 2048), /does not fit in its block/],
    [put(2, two + 4, 65_535), /does not fit in its block/],
    [put(2, two + 4, block + 1028 - two), /does not fit in its block/],
    [put(2, two + 4, block + 1016 - two), /does not fit in its block/],
    [put(2, two + 4, block + 1020 - two), /does not fit in its block/],
    [put(1, one + 6, 5), /does not fit in its entry/],
    [put(1, one + 6, 0), /a name that is none/],
    [(image: Buffer) => image.write('o/e', one + 8), /a name that is none/],
    [(image: Buffer) => image.write('one', two + 8), /two entries of one name/],
  ] as const)
    await refuses(ext4, edit, Malformed, message);
});

test('the type that an entry says is not believed, and an unused entry is none', async () => {
  const block = maker.data(ext4, 'dir');
  const one = block + ext4.subarray(block).indexOf('one') - 8;
  const image = Buffer.from(ext4);
  image.writeUInt8(2, one + 7);
  const dir = await (await openExt4(bytesSource(image))).root.lookup('dir');
  assert.ok(dir?.kind === 'directory');
  assert.equal((await dir.lookup('one'))?.kind, 'file');
  image.writeUInt32LE(0, one);
  const changed = await (await openExt4(bytesSource(image))).root.lookup('dir');
  assert.ok(changed?.kind === 'directory');
  assert.deepEqual(await changed.names(9), ['two']);
  assert.equal(await changed.lookup('one'), null);
});

/** A directory of which nothing is known. */
const inode = { name: 'inode', isIndexed: false, checksumSeed: null, block: Buffer.alloc(60) };

test('an entry may take a block of 64 KiB, which its length cannot say', () => {
  for (const length of [0, 65_535]) {
    const block = Buffer.alloc(65_536);
    block.writeUInt16LE(length, 4);
    assert.deepEqual(parseExt4Directory(block, 65_536, inode).names(0), []);
    assert.throws(() => parseExt4Directory(block, 32_768, inode), Malformed);
  }
});

test('what an inode holds of a directory may be of any length, and is all entries', () => {
  const { block, entries } = { block: Buffer.alloc(60), entries: Buffer.alloc(16) };
  block.writeUInt16LE(56, 8);
  entries.writeUInt32LE(12, 0);
  entries.writeUInt16LE(16, 4);
  entries.writeUInt8(1, 6);
  entries.write('x', 8);
  const parse = (length: number) =>
    parseInlineDirectory(Buffer.concat([block, entries.subarray(0, length)]), inode);
  assert.deepEqual(parse(0).names(9), []);
  assert.deepEqual(parse(16).names(9), ['x']);
  for (let length = 1; length < 16; length++) assert.throws(() => parse(length), Malformed);
});

test('a link that would have two targets, or part of one, is malformed', async () => {
  const short = inodeOf(ext4, 'short');
  const long = inodeOf(ext4, 'long');
  await refuses(ext4, put(4, short + 0x1c, 2), Malformed, /in two places/);
  await refuses(ext4, put(4, short + 0x68, 5), Malformed, /is no block of attributes/);
  await refuses(ext4, put(4, long + 0x1c, 0), Malformed, /in two places/);
  await refuses(ext4, put(4, long + 4, 50), Malformed, /in two places/);
  await refuses(ext4, put(4, short + 4, 70), Malformed, /in two places/);
  await refuses(ext4, put(4, long + 4, 1024), Malformed, /is a link of 1024 bytes/);
  await refuses(ext4, put(4, short + 4, 0), Malformed, /link to nothing/);
  await refuses(ext4, put(4, short + 4, 5), Malformed, /link to nothing/);
});

test('a directory is parsed once, whatever way leads through it', async () => {
  const source = bytesSource(ext4);
  const block = maker.data(ext4, 'dir');
  let reads = 0;
  const { root } = await openExt4({
    size: source.size,
    read: (offset, length) => {
      if (offset === block) reads++;
      return source.read(offset, length);
    },
  });
  for (let times = 0; times < 5; times++) {
    const dir = await root.lookup('dir');
    assert.ok(dir?.kind === 'directory');
    assert.equal((await dir.lookup('two'))?.kind, 'file');
  }
  assert.equal(reads, 1);
});

test('directories that are too large are refused, one or all together', async () => {
  const tree = new Ext4Maker({ 'a/x': '', 'b/y': '' });
  const made = tree.make('-t ext2 -b 4096 -N 64', '4M');
  const grown = (sizes: { a?: number; b?: number }) =>
    edited(made, ...Object.entries(sizes).map(([name, size]) => grow(tree.inode(made, name), size)));
  const read = async (image: Buffer): Promise<readonly string[]> => {
    const { root } = await openExt4(bytesSource(image));
    const names: string[] = [];
    for (const name of ['a', 'b']) {
      const found = await root.lookup(name);
      if (found?.kind === 'directory') names.push(...(await found.names(9)));
    }
    return names;
  };
  const most = 4 * 1024 * 1024 - 2 * 4096;
  assert.deepEqual(await read(grown({ a: most })), ['x', 'y']);
  assert.deepEqual(await read(grown({ a: most / 2, b: most / 2 + 4096 })), ['x', 'y']);
  for (const sizes of [{ a: most + 4096 }, { a: most / 2, b: most / 2 + 8192 }])
    await assert.rejects(
      read(grown(sizes)),
      (error) => error instanceof Unsupported && /more than 4194304 bytes/.test(error.message),
    );
  tree.remove();
});

/** Lets all blocks of a directory but its first be one that has no entries. */
function grow(inode: number, size: number): Edit {
  return (image) => {
    const [empty, indirect] = [image.length / 4096 - 1, image.length / 4096 - 2];
    image.writeUInt16LE(4096, empty * 4096 + 4);
    for (let at = 0; at < 4096; at += 4) image.writeUInt32LE(empty, indirect * 4096 + at);
    image.writeUInt32LE(size, inode + 4);
    for (let at = 1; at < 12; at++) image.writeUInt32LE(empty, inode + 0x28 + at * 4);
    image.writeUInt32LE(indirect, inode + 0x28 + 48);
  };
}

test('a link counts its blocks as the kernel does', async () => {
  const made = maker.change(
    maker.make('-t ext4 -b 4096 -I 128 -O ^metadata_csum,^has_journal,huge_file', '4M'),
    'ea_set /short user.x value',
  );
  const short = maker.inode(made, 'short');
  assert.equal(made.readUInt32LE(short + 0x1c), 8, 'the block of attributes');
  const huge = (bytes: Buffer) => bytes.writeUInt32LE(0x40000, short + 0x20);
  await use(edited(made, huge, put(4, short + 0x1c, 1)));
  for (const edit of [
    put(4, short + 0x1c, 0),
    put(4, short + 0x1c, 7),
    put(4, short + 0x1c, 16),
    put(2, short + 0x74, 1),
    huge,
  ])
    await refuses(made, edit, Malformed, /in two places/);
  const feature = (bytes: Buffer) => bytes.writeUInt32LE(bytes.readUInt32LE(1024 + 0x64) & ~8, 1024 + 0x64);
  await use(edited(made, feature, huge, put(2, short + 0x74, 1)));
  // Where values of attributes have inodes, their blocks count too: the size decides.
  const inodes = (bytes: Buffer) => bytes.writeUInt32LE(bytes.readUInt32LE(1024 + 0x60) | 0x400, 1024 + 0x60);
  await use(edited(made, inodes, put(4, short + 0x1c, 24)));
});
