import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { CouldNotDecide, Malformed, Unsupported } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import type { FileSystem } from './file-system.ts';
import { openFileSystem } from './open-file-system.ts';

const directory = mkdtempSync(join(tmpdir(), 'touchstone-open-'));
after(() => rmSync(directory, { recursive: true }));
const images: Record<string, Buffer> = {};

before(() => {
  mkdirSync(join(directory, 'tree'));
  writeFileSync(join(directory, 'tree', 'file'), 'x');
  for (const [type, command] of Object.entries({
    erofs: 'mkfs.erofs IMAGE TREE',
    squashfs: 'mksquashfs TREE IMAGE -noappend -comp gzip',
    ext4: 'mke2fs -q -F -d TREE -t ext4 IMAGE 1M',
  })) {
    const image = join(directory, type);
    const [tool = '', ...words] = command.split(' ');
    const args = words.map((word) => ({ IMAGE: image, TREE: join(directory, 'tree') })[word] ?? word);
    execFileSync(tool, args, { stdio: 'ignore' });
    images[type] = readFileSync(image);
  }
});

const open = (bytes: Uint8Array): Promise<FileSystem> => openFileSystem(bytesSource(bytes));

/** An image of nothing but magics. */
function having(...magics: readonly (readonly [at: number, magic: string])[]): Buffer {
  const bytes = Buffer.alloc(128 * 1024);
  for (const [at, magic] of magics) bytes.write(magic, at, 'latin1');
  return bytes;
}

const squashfs = [0, 'hsqs'] as const;
const erofs = [1024, '\xe2\xe1\xf5\xe0'] as const;
const ext = [1080, '\x53\xef'] as const;

test('each kind that is read is opened by its magic', async () => {
  for (const type of ['erofs', 'squashfs', 'ext4']) {
    const fileSystem = await open(images[type] ?? Buffer.alloc(0));
    assert.equal(fileSystem.type, type);
    assert.equal((await fileSystem.root.lookup('file'))?.kind, 'file');
  }
});

test('what could be of two kinds is of none, even if only one of them is well formed', async () => {
  for (const [pair, names] of [
    [[squashfs, erofs], 'squashfs, erofs'],
    [[erofs, ext], 'erofs, ext4'],
    [[squashfs, ext], 'squashfs, ext4'],
    [[squashfs, erofs, ext], 'squashfs, erofs, ext4'],
  ] as const)
    await assert.rejects(
      open(having(...pair)),
      (error) => error instanceof Malformed && error.message.includes(`any of ${names}`),
    );
  const both = Buffer.from(images['ext4'] ?? []);
  both.write('hsqs', 0);
  await assert.rejects(open(both), Malformed);
});

test('other kinds are refused by name', async () => {
  for (const [name, at, magic] of [
    ['btrfs', 65_600, '_BHRfS_M'],
    ['xfs', 0, 'XFSB'],
    ['f2fs', 1024, '\x10\x20\xf5\xf2'],
    ['LUKS', 0, 'LUKS\xba\xbe'],
    ['squashfs', 0, 'sqsh'],
    ['vfat', 54, 'FAT16   '],
    ['vfat', 82, 'FAT32   '],
    ['exfat', 3, 'EXFAT   '],
    ['ntfs', 3, 'NTFS    '],
  ] as const)
    await assert.rejects(
      open(having([at, magic])),
      (error) => error instanceof Unsupported && error.message.startsWith(`file system: is ${name}`),
      name,
    );
});

test('what has no magic, or no place for one, is of no kind', async () => {
  for (const bytes of [having(), Buffer.alloc(0), Buffer.from('hsq'), Buffer.alloc(1081)])
    await assert.rejects(
      open(bytes),
      (error) => error instanceof Unsupported && /no kind that is known/.test(error.message),
    );
});

test('a magic may be all that there is', async () => {
  await assert.rejects(open(Buffer.from('hsqs')), Malformed);
});

test('a source that cannot be read gives no answer', async () => {
  const source = { size: 4096, read: () => Promise.reject(new CouldNotDecide('broken')) };
  await assert.rejects(openFileSystem(source), CouldNotDecide);
});
