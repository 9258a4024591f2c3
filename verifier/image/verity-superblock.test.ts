import assert from 'node:assert/strict';
import { test } from 'node:test';

import { writeVerity } from '../../test-vectors/generate/verity-writer.ts';
import { Malformed, Unsupported } from '../bytes/failures.ts';
import { checkSupportedVerity, isSupportedVerity, parseVeritySuperblock } from './verity-superblock.ts';

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
    hashType: 1,
    algorithm: 'sha256',
    dataBlockSize: 1024,
    hashBlockSize: 2048,
    dataBlocks: 3,
    salt: new Uint8Array(salt),
  });
});

test('another version of the superblock is not handled', () => {
  refuses((bytes) => bytes.writeUInt32LE(2, 8), Unsupported, /version/);
});

test('all hash types and digests are read, and some digests are not verified', () => {
  const bytes = Buffer.from(written());
  bytes.writeUInt32LE(0, 12);
  assert.equal(parseVeritySuperblock(bytes).hashType, 0);
  for (const [algorithm, supported] of [
    ['sha256', true],
    ['sha512', true],
    ['sha1', false],
    ['sha3-256', false],
    ['blake2b-512', false],
    ['rmd160', false],
  ] as const) {
    bytes.fill(0, 32, 64).write(algorithm, 32);
    const superblock = parseVeritySuperblock(bytes);
    assert.equal(superblock.algorithm, algorithm);
    assert.equal(isSupportedVerity(superblock), supported);
    assert.deepEqual(
      checkSupportedVerity(superblock).map(({ code }) => code),
      supported ? [] : ['unsupported'],
    );
  }
});

test('what cryptsetup never writes is malformed', () => {
  refuses((bytes) => bytes.write('V', 0), Malformed, /signature/);
  refuses((bytes) => bytes.writeUInt32LE(7, 12), Malformed, /hash type/);
  refuses((bytes) => bytes.write('SHA256', 32), Malformed, /algorithm/);
  refuses((bytes) => bytes.write('x', 60), Malformed, /algorithm/);
  refuses((bytes) => bytes.fill(0, 32, 64), Malformed, /algorithm/);
  refuses((bytes) => bytes.write('-a', 32), Malformed, /algorithm/);
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
