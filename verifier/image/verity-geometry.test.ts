import assert from 'node:assert/strict';
import { test } from 'node:test';

import { writeVerity } from '../../test-vectors/generate/verity-writer.ts';
import { Unsupported } from '../bytes/failures.ts';
import { parseHex } from '../bytes/hex.ts';
import { treeGeometry } from './verity-geometry.ts';
import type { VeritySuperblock } from './verity-superblock.ts';

function geometry(part: Partial<VeritySuperblock>) {
  const uuid = parseHex('a5'.repeat(16), 'uuid');
  return treeGeometry({
    uuid,
    hashType: 1,
    algorithm: 'sha256',
    dataBlockSize: 4096,
    hashBlockSize: 4096,
    dataBlocks: 1,
    salt: new Uint8Array(),
    ...part,
  });
}

test('levels lie root first after the superblock', () => {
  assert.deepEqual(geometry({ dataBlocks: 1 }).levels, []);
  assert.deepEqual(geometry({ dataBlocks: 2 }).levels, [{ firstBlock: 1, blocks: 1 }]);
  assert.deepEqual(geometry({ dataBlocks: 128 }).levels, [{ firstBlock: 1, blocks: 1 }]);
  assert.deepEqual(geometry({ dataBlocks: 129 }).levels, [
    { firstBlock: 1, blocks: 1 },
    { firstBlock: 2, blocks: 2 },
  ]);
  assert.deepEqual(geometry({ dataBlocks: 128 * 128 + 1 }).levels, [
    { firstBlock: 1, blocks: 1 },
    { firstBlock: 2, blocks: 2 },
    { firstBlock: 4, blocks: 129 },
  ]);
});

test('sha512 halves the fan-out, and small blocks begin after a superblock of one block', () => {
  assert.equal(geometry({ algorithm: 'sha512' }).fanOut, 64);
  assert.equal(geometry({ algorithm: 'sha512', hashBlockSize: 512 }).fanOut, 8);
  assert.deepEqual(geometry({ hashBlockSize: 512, dataBlocks: 16 }).levels, [{ firstBlock: 1, blocks: 1 }]);
});

test('the most data blocks there can be give exact numbers', () => {
  const { levels, length } = geometry({
    algorithm: 'sha512',
    dataBlockSize: 512,
    hashBlockSize: 512,
    dataBlocks: 2 ** 44 - 1,
  });
  assert.equal(levels.length, 15);
  assert.ok(Number.isSafeInteger(length));
  assert.equal(levels.at(-1)?.blocks, 2 ** 41);
});

test('the length is what a tree takes', () => {
  for (const dataBlocks of [1, 2, 16, 17, 300]) {
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const options = { algorithm, dataBlockSize: 512, hashBlockSize: 512 };
      const { bytes } = writeVerity(Buffer.alloc(dataBlocks * 512), options);
      assert.equal(geometry({ ...options, dataBlocks }).length, bytes.length);
    }
  }
});

test('there is no geometry of digests whose size is not known here', () => {
  for (const algorithm of ['sha1', 'sha384', 'blake2b-512', 'constructor'])
    assert.throws(() => geometry({ algorithm }), Unsupported);
});
