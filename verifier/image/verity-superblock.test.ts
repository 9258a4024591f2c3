import assert from 'node:assert/strict';
import { test } from 'node:test';

import { writeVerity } from '../../test-vectors/generate/verity-writer.ts';
import { Malformed, Unsupported } from '../bytes/failures.ts';
import { parseVeritySuperblock } from './verity-superblock.ts';

const salt = Buffer.from('00112233445566778899', 'hex');
const written = () =>
  writeVerity(Buffer.alloc(3 * 1024), { salt, dataBlockSize: 1024, hashBlockSize: 2048 }).bytes.subarray(
    0,
    512,
  );

function refuses(
  edit: (bytes: Buffer) => void,
  Failure: typeof Malformed | typeof Unsupported,
  problem: RegExp,
): void {
  const bytes = Buffer.from(written());
  edit(bytes);
  assert.throws(
    () => parseVeritySuperblock(bytes),
    (error) => error instanceof Failure && problem.test(error.message),
    problem.source,
  );
}

test('all parameters are read', () => {
  assert.deepEqual(parseVeritySuperblock(written()), {
    uuid: 'a5'.repeat(16),
    algorithm: 'sha256',
    dataBlockSize: 1024,
    hashBlockSize: 2048,
    dataBlocks: 3,
    salt: new Uint8Array(salt),
  });
});

test('other kinds of hash trees are not handled', () => {
  refuses((bytes) => bytes.writeUInt32LE(2, 8), Unsupported, /version/);
  refuses((bytes) => bytes.writeUInt32LE(0, 12), Unsupported, /Chrome OS/);
  refuses((bytes) => bytes.fill(0, 32, 64).write('sha1', 32), Unsupported, /is sha1 and not/);
  refuses((bytes) => bytes.fill(0, 32, 64).write('sha3-256', 32), Unsupported, /is sha3-256 and not/);
});

test('what cryptsetup never writes is malformed', () => {
  refuses((bytes) => bytes.write('V', 0), Malformed, /signature/);
  refuses((bytes) => bytes.writeUInt32LE(7, 12), Malformed, /hash type/);
  refuses((bytes) => bytes.write('SHA256', 32), Malformed, /algorithm/);
  refuses((bytes) => bytes.write('x', 60), Malformed, /algorithm/);
  refuses((bytes) => bytes.fill(0, 32, 64), Malformed, /algorithm/);
  for (const at of [64, 68]) {
    for (const size of [0, 256, 1000, 131_072, 2 ** 31])
      refuses((bytes) => bytes.writeUInt32LE(size, at), Malformed, /block size/);
  }
  refuses((bytes) => bytes.writeBigUInt64LE(0n, 72), Malformed, /number of data blocks/);
  refuses((bytes) => bytes.writeBigUInt64LE(1n << 50n, 72), Malformed, /number of data blocks/);
  refuses((bytes) => bytes.writeBigUInt64LE(1n << 63n, 72), Malformed, /number of data blocks/);
  refuses((bytes) => bytes.writeUInt16LE(257, 80), Malformed, /salt size/);
  refuses((bytes) => bytes.writeUInt8(1, 87), Malformed, /padding/);
  refuses((bytes) => bytes.writeUInt16LE(9, 80), Malformed, /salt: is not padded/);
  refuses((bytes) => bytes.writeUInt8(1, 343), Malformed, /salt: is not padded/);
  refuses((bytes) => bytes.writeUInt8(1, 511), Malformed, /padding/);
});

test('the size is exact', () => {
  assert.throws(() => parseVeritySuperblock(new Uint8Array(0)), Malformed);
  assert.throws(() => parseVeritySuperblock(written().subarray(0, 511)), Malformed);
  assert.throws(() => parseVeritySuperblock(Buffer.concat([written(), Buffer.alloc(1)])), Malformed);
});
