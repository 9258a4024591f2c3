import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { repairGpt, writeGpt } from '../../test-vectors/generate/gpt-writer.ts';
import { makeDdi, makeErofs } from '../../test-vectors/generate/make-image.ts';
import { Malformed } from '../bytes/failures.ts';
import { bytesSource } from './bytes-source.ts';
import { checkNoForeignFileSystem, findFileSystems } from './foreign-filesystem.ts';
import { openImage } from './image.ts';
import { partitionTypes } from './partition-type-table.ts';

const directory = mkdtempSync(join(tmpdir(), 'touchstone-polyglot-'));
after(() => rmSync(directory, { recursive: true }));

/** What libblkid takes the file for besides its partition table, as systemd asks it; null for nothing. */
function usage(bytes: Uint8Array): string | null {
  const path = join(directory, 'image');
  writeFileSync(path, bytes);
  const seen = execFileSync('blkid', ['-p', '-o', 'export', path], { encoding: 'utf8' });
  assert.match(seen, /^PTTYPE=gpt$/m, 'the partition table is still seen');
  return /^USAGE=(.*)$/m.exec(seen)?.[1] ?? null;
}

const image = () => makeDdi({ data: Buffer.alloc(2 * 1024 * 1024, 'data'), sign: () => Buffer.of(1) }).bytes;
const erofs = makeErofs({ 'usr/lib/extension-release.d/extension-release.x': 'ID=_any\n' });

test('an image that is nothing else passes, here and with libblkid', async () => {
  for (const bytes of [image(), makeDdi({ data: erofs }).bytes]) {
    assert.equal(usage(bytes), null);
    await checkNoForeignFileSystem(bytesSource(bytes));
  }
});

test('an erofs superblock beside the partition table: libblkid sees a file system, and systemd would mount it', async () => {
  // With sectors of 4096 bytes, everything that erofs needs of its superblock fits before the GPT header.
  const bytes = makeDdi({ data: erofs, sectorSize: 4096 }).bytes;
  erofs.copy(bytes, 1024, 1024, 1024 + 128);
  const path = join(directory, 'image');
  writeFileSync(path, bytes);
  assert.match(
    execFileSync('blkid', ['-p', '-o', 'export', '-S', '4096', path], { encoding: 'utf8' }),
    /^TYPE=erofs$/m,
  );
  await assert.rejects(checkNoForeignFileSystem(bytesSource(bytes)), /is a erofs file system.*at byte 1024/);
  await assert.rejects(openImage(bytesSource(bytes)), Malformed);
});

test('a squashfs superblock in the boot code', async () => {
  const bytes = image();
  bytes.write('hsqs', 0);
  bytes.writeUInt16LE(4, 28);
  assert.equal(usage(bytes), 'filesystem');
  await assert.rejects(checkNoForeignFileSystem(bytesSource(bytes)), /squashfs/);
  await assert.rejects(openImage(bytesSource(bytes)), Malformed);
});

test('the magic of ext4 in the name of the first partition', async () => {
  const bytes = image();
  bytes.writeUInt16LE(0xef53, 1080);
  repairGpt(bytes);
  await assert.rejects(checkNoForeignFileSystem(bytesSource(bytes)), /ext file system/);
  await assert.rejects(openImage(bytesSource(bytes)), /printable ASCII/);
});

test('file systems within the data partition, where libblkid looks for them too', async () => {
  const superblocks: readonly [name: string, write: (bytes: Buffer) => void][] = [
    ['LUKS', (bytes) => void bytes.write('SKUL\xba\xbe\0\x01', 0x8000, 'latin1')],
    ['iso9660', (bytes) => void bytes.write('\x01CD001\x01', 32_768, 'latin1')],
    ['udf', (bytes) => void bytes.write('\0BEA01\x01', 32_768, 'latin1')],
    ['reiserfs', writeReiserfs],
    ['gfs', (bytes) => void bytes.write('\x01\x16\x19\x70', 65_536, 'latin1')],
    ['ufs', (bytes) => void bytes.writeUInt32LE(0x00011954, 64 * 1024 + 1372)],
    ['vmfs', (bytes) => void bytes.write('\x5e\xf1\xab\x2f', 2_097_152, 'latin1')],
    ['btrfs', (bytes) => void bytes.write('_BHRfS_M', 65_600)],
    ['scoutfs', (bytes) => void bytes.write('\x8b\x42\x3c\x10', 65_540, 'latin1')],
  ];
  for (const [name, write] of superblocks) {
    const bytes = image();
    write(bytes);
    const found = await findFileSystems(bytesSource(bytes));
    assert.equal(found[0]?.name, name);
    await assert.rejects(
      openImage(bytesSource(bytes)),
      (error) => error instanceof Malformed && error.message.includes(`is a ${name} file`),
    );
  }
});

test('libblkid believes such superblocks, so the check is needed', () => {
  const reiserfs = image();
  writeReiserfs(reiserfs);
  assert.equal(usage(reiserfs), 'filesystem');
  const ufs = image();
  ufs.writeUInt32LE(0x00011954, 64 * 1024 + 1372);
  assert.equal(usage(ufs), 'filesystem');
});

test('a magic counted from the end of the file', async () => {
  const bytes = writeGpt([
    {
      type: partitionTypes.arm64.usr.data,
      uuid: '12'.repeat(16),
      name: 'data',
      bytes: Buffer.alloc(3 * 1024 * 1024),
    },
  ]).bytes;
  bytes.write('c68573f666ce90a9d96a60cf803df7ef', bytes.length - 1_048_576 + 24, 'hex');
  assert.equal((await findFileSystems(bytesSource(bytes)))[0]?.name, 'bcachefs');
});

test('small files are not read beyond their end', async () => {
  for (const size of [0, 1, 100, 1030, 1081])
    assert.deepEqual(await findFileSystems(bytesSource(new Uint8Array(size))), []);
});

function writeReiserfs(bytes: Buffer): void {
  bytes.fill(0, 65_536, 65_536 + 204);
  bytes.writeUInt32LE(100, 65_536 + 12);
  bytes.writeUInt16LE(4096, 65_536 + 44);
  bytes.write('ReIsEr2Fs', 65_588);
}
