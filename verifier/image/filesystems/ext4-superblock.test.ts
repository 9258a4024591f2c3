import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { type Edit, edited, put, refuses, set, use } from './tests/ext4-edits.ts';
import { Ext4Maker } from './tests/ext4-image.ts';

// One edit of an image each, and what is said of it. The images have no checksums.

const maker = new Ext4Maker({ file: 'x'.repeat(3000), 'dir/one': '1' });
after(() => maker.remove());
const options = '-b 1024 -N 64 -O ^metadata_csum,^has_journal,^resize_inode';
const ext4 = maker.make(`-t ext4 ${options}`, '4M');
const superblock = 1024;

test('an image that is cut off anywhere in its blocks is malformed', async () => {
  for (const length of [0, 1024, 2047, 2048, ext4.length >> 1, ext4.length - 1])
    await assert.rejects(use(ext4.subarray(0, length)), Malformed, String(length));
});

test('features that change how an image is read are refused by name', async () => {
  for (const [bit, name] of [
    [0x1, /compression/],
    [0x4, /needs_recovery: its journal is to be replayed/],
    [0x8, /journal_dev/],
    [0x1000, /dirdata/],
    [0x10000, /encrypt/],
    [0x20000, /casefold/],
    [0x800, /include 0x800,/],
    [0x80000000, /include 0x80000000,/],
  ] as const)
    await refuses(ext4, set(superblock + 0x60, bit), Unsupported, name);
  // What is not known of these changes nothing for who reads.
  for (const at of [0x5c, 0x64]) {
    const image = Buffer.from(ext4);
    set(superblock + at, 0x80000000)(image);
    await use(image);
  }
});

test('a superblock that the kernel would not mount is refused', async () => {
  const field = (at: number, value: number, size: 1 | 2 | 4 = 4) => put(size, superblock + at, value);
  for (const [edit, message] of [
    [field(0x38, 0xef52, 2), /no magic/],
    [field(0x4c, 0), /revision 0 and has features/],
    [field(0x18, 7), /block size: is 7/],
    [field(0x1c, 1), /cluster size: is 1/],
    [field(0x58, 0, 2), /inode size: is 0/],
    [field(0x58, 64, 2), /inode size: is 64/],
    [field(0x58, 192, 2), /inode size: is 192/],
    [field(0x58, 2048, 2), /inode size: is 2048/],
    [field(0xfe, 32, 2), /descriptor size: is 32/],
    [field(0xfe, 96, 2), /descriptor size: is 96/],
    [field(0xfe, 2048, 2), /descriptor size: is 2048/],
    [field(0x04, 4097), /blocks: are 4097/],
    [field(0x150, 1), /blocks: are 42949/],
    [field(0x14, 0), /first data block: is 0/],
    [field(0x14, 2), /first data block: is 2/],
    [field(0x04, 1), /first data block: is 1/],
    [field(0x20, 0), /blocks of a group: is 0/],
    [field(0x20, 8193), /blocks of a group: is 8193/],
    [field(0x28, 0), /inodes of a group: is 0/],
    [field(0x28, 8193), /inodes of a group: is 8193/],
    [field(0x00, 63), /inodes: is 63/],
    [field(0x00, 0xffffffff), /inodes: is 4294967295/],
    [field(0x54, 10), /first inode: is 10/],
  ] as const)
    await refuses(ext4, edit, Malformed, message);
  for (const [edit, message] of [
    [field(0x4c, 2), /revision: is 2/],
    [field(0x48, 1), /the Hurd/],
  ] as const)
    await refuses(ext4, edit, Unsupported, message);
  const clusters: Edit = (image) => {
    set(superblock + 0x64, 0x200)(image);
    field(0x14, 0)(image);
  };
  for (const log of [21, 0xffffffff])
    await refuses(ext4, (image) => [clusters(image), field(0x1c, log)(image)], Malformed, /cluster size: is/);
});

test('revision 0 has no fields for what is always the same there', async () => {
  const image = maker.make('-t ext2 -r 0 -b 1024', '4M');
  assert.equal(image.readUInt32LE(superblock + 0x4c), 0);
  await use(edited(image, put(4, superblock + 0x54, 0), put(2, superblock + 0x58, 7)));
  await refuses(image, put(4, superblock + 0x64, 1), Malformed, /revision 0 and has features/);
});

test('clusters are no smaller than blocks', async () => {
  const image = maker.make('-t ext4 -b 4096 -O bigalloc,^metadata_csum,^has_journal', '6M');
  await use(image);
  await refuses(image, put(4, superblock + 0x1c, 1), Malformed, /cluster size: is 1/);
});

test('a group whose inodes are nowhere is malformed', async () => {
  for (const block of [0, 1, 4096, 0xffffffff])
    await refuses(ext4, put(4, 2048 + 8, block), Malformed, /ext4 inode 2: has no place in the image/);
  await refuses(ext4, put(4, 2048 + 0x28, 1), Malformed, /ext4 inode 2: has no place in the image/);
});
