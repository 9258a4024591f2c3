import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { openExt4 } from './ext4.ts';
import { checkHostile } from './tests/hostile.ts';
import { expected, makeImage, readAll, writeSampleTree } from './tests/sample-tree.ts';
import { walk } from './walk.ts';

const { directory, remove } = writeSampleTree();
after(remove);
const make = (options: string, size = '16M') =>
  makeImage(directory, `mke2fs -q -F -N 2000 -d TREE ${options} IMAGE ${size}`);
const open = (bytes: Uint8Array) => openExt4(bytesSource(bytes));
const releasePath = 'usr/lib/extension-release.d/extension-release.tools';

async function contents(bytes: Uint8Array): Promise<unknown> {
  const found = await readAll((await open(bytes)).root);
  return found;
}

for (const options of [
  ...[
    '-t ext4',
    '-t ext4 -b 1024',
    '-t ext4 -b 2048',
    '-t ext4 -b 4096',
    '-t ext3',
    '-t ext2',
    '-t ext2 -b 1024',
  ],
  ...[
    '-t ext4 -O inline_data',
    '-t ext4 -O ^64bit',
    '-t ext4 -O ^extents,^64bit',
    '-t ext4 -O ^metadata_csum',
  ],
  ...[
    '-t ext4 -O sparse_super2',
    '-t ext4 -I 128',
    '-t ext4 -I 512',
    '-t ext4 -O ^has_journal',
    '-t ext4 -O ^dir_index',
  ],
  ...['-t ext4 -O ^flex_bg', '-t ext4 -O inline_data -I 1024', '-t ext2 -O ^filetype'],
])
  test(`what mke2fs ${options} puts in comes out`, async () => {
    assert.deepEqual(await contents(make(options)), expected());
  });

test('the attribute that makes release data fit any name is found, in the inode or in a block', async () => {
  for (const options of ['-t ext4', '-t ext4 -I 128', '-t ext4 -O inline_data']) {
    const file = await walk(await open(make(options)), releasePath);
    assert.equal(
      Buffer.from((await file?.xattr('user.extension-release.strict')) ?? '').toString(),
      '0',
      options,
    );
    assert.equal(await file?.xattr('user.other'), null);
  }
});

test('a journal that is to be replayed, and other features, are refused by name', async () => {
  const image = make('-t ext4');
  image.writeUInt32LE(image.readUInt32LE(1024 + 0x60) | 4, 1024 + 0x60);
  await assert.rejects(
    open(image),
    (error) => error instanceof Unsupported && /journal replayed/.test(error.message),
  );
  await assert.rejects(open(make('-t ext4 -O meta_bg,^resize_inode')), /meta_bg/);
  await assert.rejects(open(make('-t ext4 -O encrypt')), /encrypt/);
  image.writeUInt32LE(0x80000000, 1024 + 0x60);
  await assert.rejects(open(image), /incompatible features: include 0x80000000/);
});

test('holes are zeros, and what was reserved and never written is, too', async () => {
  const image = join(directory, 'image');
  const holes = join(directory, 'holes');
  writeFileSync(holes, '');
  execFileSync('truncate', ['-s', '300k', holes]);
  execFileSync('sh', ['-c', 'printf end >> "$1"', 'sh', holes]);
  for (const type of ['ext4', 'ext2']) {
    const bytes = make(`-t ${type} -b 1024`);
    writeFileSync(image, bytes);
    execFileSync('debugfs', ['-w', '-R', `write ${holes} holes`, image], { stdio: 'ignore' });
    const fileSystem = await open(execFileSync('cat', [image], { maxBuffer: 2 ** 25 }));
    const file = await walk(fileSystem, 'holes');
    assert.ok(file?.kind === 'file');
    const found = Buffer.from(await file.read(2 ** 20));
    assert.equal(found.length, 300 * 1024 + 3);
    assert.equal(found.toString('latin1').replace(/\0+/, ''), 'end', type);
  }
});

test('a deleted file and an inode beyond the table are malformed', async () => {
  const image = make('-t ext4 -b 1024 -O ^metadata_csum');
  const at = image.lastIndexOf('extension-release.tools') - 8;
  image.writeUInt32LE(0x7fffffff, at);
  await assert.rejects(
    contents(image),
    (error) => error instanceof Malformed && /beyond the table/.test(error.message),
  );
  image.writeUInt32LE(1, at);
  await assert.rejects(
    contents(image),
    (error) => error instanceof Malformed && /was deleted/.test(error.message),
  );
});

test('a directory entry that leaves its block, or names one thing twice, is malformed', async () => {
  const image = make('-t ext4 -b 1024');
  const at = image.indexOf('entry number 99') - 8;
  const edited = (edit: (bytes: Buffer) => unknown) => {
    const bytes = Buffer.from(image);
    edit(bytes);
    return contents(bytes);
  };
  await assert.rejects(
    edited((bytes) => bytes.writeUInt16LE(2048, at + 4)),
    /does not fit in its block/,
  );
  await assert.rejects(
    edited((bytes) => bytes.writeUInt16LE(8, at + 4)),
    /does not fit in its block/,
  );
  await assert.rejects(
    edited((bytes) => bytes.write('entry number 98', at + 8)),
    /two entries of one name/,
  );
  await assert.rejects(
    edited((bytes) => bytes.write('/', at + 8)),
    /name that is none/,
  );
});

test('whatever bytes are changed, there is an answer or a refusal', async () => {
  await checkHostile(make('-t ext4 -b 1024 -O inline_data', '3M'), openExt4);
  await checkHostile(make('-t ext2 -b 1024', '3M'), openExt4);
});
