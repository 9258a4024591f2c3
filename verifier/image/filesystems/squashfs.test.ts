import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { openSquashfs } from './squashfs.ts';
import { checkHostile } from './tests/hostile.ts';
import { expected, makeImage, readAll, writeSampleTree } from './tests/sample-tree.ts';
import { walk } from './walk.ts';

const { directory, remove } = writeSampleTree();
after(remove);
const make = (options = '') =>
  makeImage(directory, `mksquashfs TREE IMAGE -noappend -no-progress -mkfs-time 0 ${options}`.trim());
const open = (bytes: Uint8Array) => openSquashfs(bytesSource(bytes));
const releasePath = 'usr/lib/extension-release.d/extension-release.tools';

for (const options of [
  ...[
    '-comp gzip',
    '-comp lz4',
    '-comp zstd',
    '-comp lz4 -Xhc',
    '-b 4096',
    '-b 1048576',
    '-noI -noD -noF -noX',
    '-noI',
  ],
  ...[
    '-no-fragments',
    '-always-use-fragments',
    '-no-xattrs',
    '-no-duplicates -no-sparse',
    '-comp zstd -b 4096',
  ],
])
  test(`what mksquashfs ${options} puts in comes out`, async () => {
    assert.deepEqual(await readAll((await open(make(options))).root), expected());
  });

test('the attribute that makes release data fit any name is found', async () => {
  for (const options of ['', '-comp zstd', '-noX']) {
    const file = await walk(await open(make(options)), releasePath);
    assert.equal(
      Buffer.from((await file?.xattr('user.extension-release.strict')) ?? '').toString(),
      '0',
      options,
    );
    assert.equal(await file?.xattr('user.other'), null);
  }
  const without = await walk(await open(make('-no-xattrs')), releasePath);
  assert.equal(await without?.xattr('user.extension-release.strict'), null);
});

test('compressors that are not read are refused by name', async () => {
  for (const compressor of ['xz', 'lzo', 'lzma'])
    await assert.rejects(
      open(make(`-comp ${compressor}`)),
      (error) => error instanceof Unsupported && error.message.includes(`compressor: is ${compressor}`),
    );
});

test('a file that is larger than wanted is not read', async () => {
  const file = await walk(await open(make()), 'usr/large');
  assert.ok(file?.kind === 'file');
  await assert.rejects(
    file.read(1000),
    (error) => error instanceof Unsupported && /more than 1000/.test(error.message),
  );
});

const image = make('-noI -noX -noF');
async function refuses(
  edit: (bytes: Buffer) => unknown,
  Failure: typeof Malformed | typeof Unsupported,
  problem: RegExp,
): Promise<void> {
  const bytes = Buffer.from(image);
  edit(bytes);
  await assert.rejects(
    async () => readAll((await open(bytes)).root),
    (error) => error instanceof Failure && problem.test(error.message),
    problem.source,
  );
}

test('what the superblock says is checked', async () => {
  await refuses((bytes) => bytes.writeUInt16LE(13, 22), Malformed, /block size: is 131072/);
  await refuses((bytes) => bytes.writeUInt16LE(3, 28), Unsupported, /version: is 3\.0/);
  await refuses((bytes) => bytes.writeUInt16LE(9, 20), Unsupported, /compressor: is 9/);
  await refuses((bytes) => bytes.writeBigUInt64LE(BigInt(image.length + 1), 40), Malformed, /bytes used/);
  await refuses((bytes) => bytes.writeBigUInt64LE(0xffff_0000_0000n, 32), Malformed, /inode 0x/);
  await refuses((bytes) => bytes.writeBigUInt64LE(BigInt(image.length), 64), Malformed, /inode/);
  await refuses((bytes) => bytes.writeBigUInt64LE(BigInt(image.length), 80), Malformed, /fragment table/);
});

test('the root is a directory', async () => {
  const root = image.readBigUInt64LE(32);
  const at = Number(image.readBigUInt64LE(64) + (root >> 16n)) + 2 + Number(root & 0xffffn);
  await refuses((bytes) => bytes.writeUInt16LE(6, at), Malformed, /root inode: is not a directory/);
});

test('a directory that names an entry twice, or with a slash, is malformed', async () => {
  const rename = (from: string, to: string) => (bytes: Buffer) =>
    bytes.write(to, bytes.indexOf(from), 'latin1');
  await refuses(rename('entry number 99', 'entry number/99'), Malformed, /name that is none/);
  await refuses(rename('entry number 99', 'entry number 98'), Malformed, /two entries of one name/);
});

test('whatever bytes are changed, there is an answer or a refusal', async () => {
  await checkHostile(image, openSquashfs);
  await checkHostile(make('-comp zstd'), openSquashfs);
  await checkHostile(make('-comp lz4'), openSquashfs);
});
