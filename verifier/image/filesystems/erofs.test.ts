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

test('in a compressed image, small files and directories are read, compressed files refused by name', async () => {
  const fileSystem = await open(make('-zlz4'));
  const release = await walk(fileSystem, releasePath);
  assert.ok(release?.kind === 'file');
  assert.equal(Buffer.from(await release.read(100)).toString(), 'ID=_any\n');
  await assert.rejects(
    walk(fileSystem, 'usr/repeated'),
    (error) => error instanceof Unsupported && /inode \d+: is compressed/.test(error.message),
  );
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
/** An edit of the superblock, whose checksum is made right again. */
async function refuses(
  edit: (superblock: Buffer) => void,
  Failure: typeof Malformed | typeof Unsupported,
  problem: RegExp,
) {
  const bytes = Buffer.from(image);
  edit(bytes.subarray(1024));
  bytes.fill(0, 1028, 1032);
  bytes.writeUInt32LE(crc32c(bytes.subarray(1024, 4096)), 1028);
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
