import { after, test } from 'node:test';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { edited, put, refuses, set, use } from './tests/ext4-edits.ts';
import { Ext4Maker } from './tests/ext4-image.ts';

// One edit of an image each, and what is said of it. The images have no checksums.

const maker = new Ext4Maker({ file: 'x'.repeat(3000), 'dir/one': '1' });
after(() => maker.remove());
const options = '-b 1024 -N 64 -O ^metadata_csum,^has_journal,^resize_inode';
const ext4 = maker.make(`-t ext4 ${options}`, '4M');

const inodeOf = (image: Buffer, path: string) => maker.inode(image, path);

test('an inode that no file can have is malformed', async () => {
  const entry = maker.data(ext4, '') + ext4.subarray(maker.data(ext4, '')).indexOf('file') - 8;
  for (const number of [1, 3, 7, 10, 65, 0xffffffff])
    await refuses(ext4, put(4, entry, number), Malformed, new RegExp(`inode ${number}: is no number`));
  for (const number of [60, 64])
    await refuses(ext4, put(4, entry, number), Malformed, new RegExp(`inode ${number}: was deleted`));
});

test('an inode that the kernel would not take is refused', async () => {
  const file = inodeOf(ext4, 'file');
  const dir = inodeOf(ext4, 'dir');
  for (const [edit, message] of [
    [put(2, file + 0x1a, 0), /was deleted/],
    [put(2, file, 0), /mode: is of no type of file/],
    [put(2, file, 0o170000), /mode: is of no type of file/],
    [put(2, file + 0x80, 30), /has 30 bytes more/],
    [put(2, file + 0x80, 132), /has 132 bytes more/],
    [put(4, file + 0x6c, 0x200000), /inode \d+: has 9007199254743992 bytes/],
    [set(file + 0x20, 0x200000), /is the value of an attribute/],
    [set(file + 0x20, 0x10000000), /cannot have data in itself/],
    [put(2, inodeOf(ext4, ''), 0o100644), /root inode: is not a directory/],
    [put(4, dir + 4, 1000), /ends within a block/],
    [put(4, file + 0x68, 1), /attribute block: has no place/],
    [put(4, file + 0x68, 4096), /attribute block: has no place/],
    [put(2, file + 0x76, 1), /attribute block: has no place/],
    [put(4, file + 0x68, 1000), /is no block of attributes/],
  ] as const)
    await refuses(ext4, edit, Malformed, message);
  for (const bit of [0x800, 0x40000000])
    await refuses(ext4, set(file + 0x20, bit), Unsupported, /is encrypted, or folds/);
});

test('the high half of the number of a block counts where blocks can have such numbers', async () => {
  const narrow = maker.make(`-t ext4 ${options},^64bit`, '4M');
  await use(edited(narrow, put(2, inodeOf(narrow, 'file') + 0x76, 1)));
});

test('a size that is said to be larger than there is data for is a hole, and the high half counts for files alone', async () => {
  const image = Buffer.from(ext4);
  image.writeUInt32LE(1, inodeOf(ext4, 'dir') + 0x6c);
  await use(image);
});
