import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { openExt4 } from './ext4.ts';
import { type Edit, edited, put, refuses } from './tests/ext4-edits.ts';
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
    [put(2, two + 4, block + 1016 - two), /does not fit in its block/],
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
  const entries = Array.from({ length: 3 }, (_, at) => [`${at}/x`, ''] as const);
  const tree = new Ext4Maker(Object.fromEntries(entries));
  // Each as large as may be, and of one block again and again.
  const size = 4 * 1024 * 1024;
  const made = tree.make(
    '-t ext4 -b 4096 -N 64 -O ^metadata_csum,^has_journal,^resize_inode,^extents,^64bit',
    '4M',
  );
  const one = tree.inode(made, '0');
  const first = await (
    await openExt4(bytesSource(edited(made, put(4, one + 4, size + 4096))))
  ).root.lookup('0');
  assert.ok(first?.kind === 'directory');
  await assert.rejects(first.names(9), Unsupported);
  const image = edited(
    made,
    ...entries.map((_, at) => grow(tree.inode(made, String(at)), made.length / 4096 - 2 - at, size)),
  );
  const { root } = await openExt4(bytesSource(image));
  const read = async (name: string): Promise<void> => {
    const dir = await root.lookup(name);
    assert.ok(dir?.kind === 'directory');
    await dir.names(9);
  };
  await assert.rejects(read('0'), /two entries|does not fit/);
  await assert.rejects(read('1'), /more than 8388608 bytes/);
  tree.remove();
});

function grow(inode: number, block: number, size: number): Edit {
  return (image) => {
    image.writeUInt32LE(size, inode + 4);
    image.writeUInt32LE(block, inode + 0x28 + 48);
  };
}
