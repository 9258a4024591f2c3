import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { crc32c } from '../../bytes/crc32c.ts';
import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { edited, put, refuses, use } from './tests/ext4-edits.ts';
import { Ext4Maker } from './tests/ext4-image.ts';

// One edit of an image with checksums each, where nothing else would tell.

const maker = new Ext4Maker({
  sparse: { sparse: 3200 },
  ...Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`dir/${'name'.repeat(10)}${at}`, ''])),
});
after(() => maker.remove());
const make = (options: string) =>
  maker.index(
    maker.change(
      maker.make(`-t ext4 -b 1024 -N 256 -O ^has_journal,^resize_inode${options}`, '4M'),
      `ea_set /sparse user.x ${'value'.repeat(50)}`,
    ),
  );
const image = make('');
const superblock = 1024;
const wrong = (what: RegExp) => new RegExp(`${what.source}.*does not have the checksum|another checksum`);

/** Time stamps, padding and the like. */
const places = () => {
  const inode = maker.inode(image, 'sparse');
  const child = image.readUInt32LE(inode + 0x28 + 16) * 1024;
  return { inode, child, attributes: image.readUInt32LE(inode + 0x68) * 1024 };
};

test('images with checksums are good before they are edited, with a seed of their own too', async () => {
  await use(image);
  const seeded = make(',metadata_csum_seed');
  const renamed = maker.change(seeded, 'ssv uuid 11111111-2222-3333-4444-555555555555');
  assert.notDeepEqual(
    renamed.subarray(superblock, superblock * 2),
    seeded.subarray(superblock, superblock * 2),
  );
  for (const one of [seeded, renamed]) await use(one);
  await use(make(' -I 128'));
});

test('what has another checksum is malformed', async () => {
  const { inode, child, attributes } = places();
  for (const [at, what] of [
    [superblock + 0x78, /superblock/],
    [superblock + 0x3fc, /superblock/],
    [2048 + 0x0c, /ext4 group 0/],
    [2048 + 0x1e, /ext4 group 0/],
    [2048 + 0x3f, /ext4 group 0/],
    [inode + 0x08, /ext4 inode \d+/],
    [inode + 0x7c, /ext4 inode \d+/],
    [inode + 0x82, /ext4 inode \d+/],
    [inode + 0x84, /ext4 inode \d+/],
    [inode + 255, /ext4 inode \d+/],
    [child + 12 * 80, /extents/],
    [child + 1020, /extents/],
    [attributes + 4, /attribute block/],
    [attributes + 16, /attribute block/],
    [attributes + 1023, /attribute block/],
  ] as const)
    await refuses(image, (bytes) => bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at), Malformed, wrong(what));
});

test('inodes of 128 bytes have half a checksum', async () => {
  const small = make(' -I 128');
  const inode = maker.inode(small, 'sparse');
  for (const at of [inode + 0x08, inode + 0x7c])
    await refuses(
      small,
      (bytes) => bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at),
      Malformed,
      wrong(/ext4 inode \d+/),
    );
  await use(edited(small, put(2, inode + 0x82, small.readUInt16LE(inode + 0x82))));
});

test('an inode has the other half of its checksum if it says that it has that field', async () => {
  for (const extra of [0, 4, 8]) {
    const changed = maker.change(image, `sif /sparse extra_isize ${extra}`);
    await use(changed);
    const { inode } = places();
    const edit = (bytes: Buffer) => bytes.writeUInt16LE(bytes.readUInt16LE(inode + 0x82) ^ 1, inode + 0x82);
    await refuses(changed, edit, Malformed, wrong(/inode/));
  }
});

test('a checksum is bound to the number of what it is over', async () => {
  const { inode } = places();
  const other = maker.inode(image, 'dir');
  await refuses(image, (bytes) => bytes.copy(bytes, inode, other, other + 256), Malformed, wrong(/inode/));
  const { attributes } = places();
  const free = image.length - 1024;
  const moved = edited(
    image,
    (bytes) => bytes.copy(bytes, free, attributes, attributes + 1024),
    put(4, inode + 0x68, free / 1024),
    (bytes) => resum(bytes, inode),
  );
  await refuses(moved, () => undefined, Malformed, wrong(/attribute block/));
});

/** Gives an inode of 256 bytes its right checksum. */
function resum(bytes: Buffer, inode: number): void {
  const number = Buffer.alloc(4);
  number.writeUInt32LE(Number(/<(\d+)>|Inode (\d+)/.exec(maker.ask(image, 'imap /sparse').toString())?.[2]));
  bytes.writeUInt16LE(0, inode + 0x7c);
  bytes.writeUInt16LE(0, inode + 0x82);
  const seed = crc32c(
    bytes.subarray(inode + 0x64, inode + 0x68),
    crc32c(number, crc32c(bytes.subarray(superblock + 0x68, superblock + 0x78))),
  );
  const sum = crc32c(bytes.subarray(inode, inode + 256), seed);
  bytes.writeUInt16LE(sum & 0xffff, inode + 0x7c);
  bytes.writeUInt16LE(sum >>> 16, inode + 0x82);
}

test('the blocks of a directory have checksums, but for those of its index', async () => {
  const indexed = maker.data(image, 'dir');
  const leaf = Number(maker.ask(image, 'blocks /dir').toString().trim().split(/\s+/)[2]) * 1024;
  const name = leaf + image.subarray(leaf).indexOf('name');
  await refuses(image, put(1, name, 0x4e), Malformed, wrong(/ext4 inode \d+/));
  await refuses(
    image,
    put(1, leaf + 1023, image.readUInt8(leaf + 1023) ^ 1),
    Malformed,
    wrong(/ext4 inode \d+/),
  );
  for (const at of [1012, 1016, 1018, 1019])
    await refuses(image, put(1, leaf + at, 0x40), Malformed, /a block without a checksum|does not fit/);
  // The index is not used, so it may say what it likes.
  await use(edited(image, put(1, indexed + 40, 7)));
});

test('checksums of no known kind are refused', async () => {
  await refuses(image, put(1, superblock + 0x175, 2), Unsupported, /of type 2/);
});

test('an image without checksums may have anything in their places', async () => {
  const bare = maker.make('-t ext4 -b 1024 -N 256 -O ^metadata_csum,^has_journal,^resize_inode', '4M');
  const inode = maker.inode(bare, 'sparse');
  await use(edited(bare, put(4, superblock + 0x3fc, 5), put(2, inode + 0x7c, 5), put(2, 2048 + 0x1e, 5)));
  assert.notEqual(bare.readUInt32LE(superblock + 0x64) & 0x400, 0x400);
});
