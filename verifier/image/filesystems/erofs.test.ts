import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { crc32c } from '../../bytes/crc32c.ts';
import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { openErofs } from './erofs.ts';
import { checkHostile } from './tests/hostile.ts';
import { expected, makeImage, readAll, writeSampleTree } from './tests/sample-tree.ts';
import { walk } from './walk.ts';

const { directory, remove } = writeSampleTree();
after(remove);
const make = (options: string) => makeImage(directory, `mkfs.erofs --quiet -T0 ${options} IMAGE TREE`);
const open = (bytes: Uint8Array) => openErofs(bytesSource(bytes));
const releasePath = 'usr/lib/extension-release.d/extension-release.tools';

for (const options of [
  '',
  '-Eforce-inode-compact',
  '-Eforce-inode-extended',
  '-Enoinline_data',
  '--chunksize=4096',
  '--chunksize=65536',
  '-Eforce-chunk-indexes --chunksize=4096',
  '-x-1',
  '-x1',
])
  test(`what mkfs.erofs ${options} puts in comes out`, async () => {
    const fileSystem = await open(make(options));
    assert.deepEqual(await readAll(fileSystem.root), expected());
  });

test('the attribute that makes release data fit any name is found, in the inode and shared', async () => {
  for (const options of ['', '-x1']) {
    const file = await walk(await open(make(options)), releasePath);
    assert.equal(
      Buffer.from((await file?.xattr('user.extension-release.strict')) ?? '').toString(),
      '0',
      options,
    );
    assert.equal(await file?.xattr('user.other'), null);
  }
});

test('a file that is larger than wanted is not read', async () => {
  const file = await walk(await open(make('')), 'usr/large');
  assert.ok(file?.kind === 'file');
  await assert.rejects(
    file.read(1000),
    (error) => error instanceof Unsupported && /more than 1000/.test(error.message),
  );
});

const image = make('');
/** Makes the checksum of the first block right again. */
function repair(bytes: Buffer): void {
  bytes.fill(0, 1028, 1032);
  bytes.writeUInt32LE(crc32c(bytes.subarray(1024, 4096)), 1028);
}

/** An edit of the superblock, whose checksum is made right again. */
async function refuses(
  edit: (superblock: Buffer) => void,
  Failure: typeof Malformed | typeof Unsupported,
  problem: RegExp,
) {
  const bytes = Buffer.from(image);
  edit(bytes.subarray(1024));
  repair(bytes);
  await assert.rejects(
    open(bytes),
    (error) => error instanceof Failure && problem.test(error.message),
    problem.source,
  );
}

test('what the superblock says is checked', async () => {
  await refuses((superblock) => superblock.writeUInt8(8, 12), Unsupported, /block size: is 2\^8/);
  await refuses((superblock) => superblock.writeUInt8(17, 12), Unsupported, /block size: is 2\^17/);
  await refuses((superblock) => superblock.writeUInt8(1, 13), Unsupported, /extension slots/);
  await refuses(
    (superblock) => {
      superblock.writeUInt32LE(0x2, 80);
      superblock.writeUInt16LE(0x10, 84);
    },
    Unsupported,
    /compression: algorithms: are 0x10/,
  );
  await refuses(
    (superblock) => {
      superblock.writeUInt32LE(0x20, 80);
      superblock.writeUInt8(1, 103);
    },
    Malformed,
    /packed inode: .* out of range/,
  );
  await refuses(
    (superblock) => superblock.writeUInt32LE(0x80, 80),
    Unsupported,
    /incompatible features: include 0x80/,
  );
  await refuses((superblock) => superblock.writeUInt16LE(1, 86), Unsupported, /extra devices/);
  await refuses((superblock) => superblock.writeUInt8(1, 90), Unsupported, /directory block size/);
  await refuses((superblock) => superblock.writeUInt16LE(60_000, 14), Malformed, /inode 60000/);
  const bytes = Buffer.from(image);
  bytes.writeUInt8(bytes.readUInt8(1024 + 48) ^ 1, 1024 + 48);
  await assert.rejects(open(bytes), /checksum: does not match/);
});

test('a directory whose names are out of order, doubled or none is malformed', async () => {
  const names = (from: string, to: string) => {
    const bytes = Buffer.from(image);
    for (let at = bytes.indexOf(from); at !== -1; at = bytes.indexOf(from, at + 1))
      bytes.write(to, at, 'latin1');
    return open(bytes).then(({ root }) => readAll(root));
  };
  await assert.rejects(names('entry number 99', 'entry number/99'), (error) => error instanceof Malformed);
  await assert.rejects(names('entry number 99', 'entry number 98'), /two entries of one name/);
});

test('whatever bytes are changed, there is an answer or a refusal', async () => {
  await checkHostile(image, openErofs);
  await checkHostile(make('--chunksize=4096 -x1'), openErofs);
});

test('an image begins with its magic', async () => {
  const bytes = Buffer.from(image);
  bytes.writeUInt32LE(0, 1024);
  await assert.rejects(open(bytes), /has no magic/);
});

test('what an inode says of its data is checked', async () => {
  const at = image.readUInt32LE(1024 + 40) * 4096 + image.readUInt16LE(1024 + 14) * 32;
  const refusesInode = async (
    edit: (inode: Buffer) => unknown,
    Failure: typeof Malformed | typeof Unsupported,
    problem: RegExp,
  ) => {
    const bytes = Buffer.from(image);
    edit(bytes.subarray(at));
    repair(bytes);
    await assert.rejects(
      async () => readAll((await open(bytes)).root),
      (error) => error instanceof Failure && problem.test(error.message),
      problem.source,
    );
  };
  const format = image.readUInt16LE(at) & ~0xe;
  await refusesInode((inode) => inode.writeUInt16LE(format | (1 << 4), 0), Unsupported, /format: is/);
  await refusesInode((inode) => inode.writeUInt16LE(format | (5 << 1), 0), Malformed, /data layout: is 5/);
  await refusesInode((inode) => inode.writeUInt16LE(format | (4 << 1), 0), Unsupported, /chunk format/);
  await refusesInode(
    (inode) => inode.writeUInt16LE(0o100644, 4),
    Malformed,
    /root inode: is not a directory/,
  );
  await refusesInode((inode) => inode.writeUInt16LE(0o030000, 4), Malformed, /no type of file/);
  await refusesInode((inode) => inode.writeUInt32LE(4000, 8), Malformed, /does not end in its block/);
});

test('chunks on another device are refused, and attributes with prefixes of their own', async () => {
  const chunked = make('--chunksize=4096 -Eforce-chunk-indexes');
  const file = await walk(await open(chunked), 'usr/large');
  assert.ok(file?.kind === 'file');
  const content = Buffer.from(await file.read(2_000_000)).subarray(0, 4096);
  const index = Buffer.alloc(8);
  index.writeUInt32LE(chunked.indexOf(content) / 4096, 4);
  const at = chunked.indexOf(index);
  assert.ok(at > 0);
  chunked.writeUInt16LE(1, at + 2);
  repair(chunked);
  await assert.rejects(
    async () => readAll((await open(chunked)).root),
    (error) => error instanceof Unsupported && /another device/.test(error.message),
  );
  const bytes = Buffer.from(image);
  const name = bytes.indexOf('extension-release.strict');
  bytes.writeUInt8(0x81, name - 3);
  repair(bytes);
  const release = await walk(await open(bytes), releasePath);
  await assert.rejects(async () => release?.xattr('user.extension-release.strict'), /prefixes of their own/);
});
