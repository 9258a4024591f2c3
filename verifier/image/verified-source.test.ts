import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { makeVeritySample, partsOf, type VeritySample } from '../../test-vectors/generate/verity-sample.ts';
import { CouldNotDecide, Malformed } from '../bytes/failures.ts';
import { parseHex } from '../bytes/hex.ts';
import type { ByteSource } from './byte-source.ts';
import { bytesSource } from './bytes-source.ts';
import { CorruptData, verifiedSource } from './verified-source.ts';

const sample = makeVeritySample({ dataBlockSize: 512, hashBlockSize: 512 }, 600);
const data = sample.bytes.subarray(sample.dataOffset, sample.dataOffset + sample.dataBytes);

const open = (bytes: Buffer = sample.bytes): ByteSource =>
  verifiedSource(partsOf(sample, bytesSource(bytes)), sample.rootHash);

const corrupt = (message: RegExp) => (error: unknown) =>
  error instanceof CorruptData && error.reason.code === 'data-corrupt' && message.test(error.reason.message);

function flipped(made: VeritySample, at: number): Buffer {
  const bytes = Buffer.from(made.bytes);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes;
}

test('it is the covered data, whatever part of it is read', async () => {
  const source = open();
  assert.equal(source.size, data.length);
  const places = fc
    .tuple(fc.nat(data.length), fc.nat(data.length))
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  await fc.assert(
    fc.asyncProperty(places, async ([from, to]) => {
      assert.deepEqual(Buffer.from(await source.read(from, to - from)), data.subarray(from, to));
    }),
    { numRuns: 200 },
  );
  assert.deepEqual(Buffer.from(await open().read(0, data.length)), data);
});

test('what lies behind the covered data is not in it', async () => {
  const source = open();
  for (const [offset, length] of [
    [data.length, 1],
    [0, data.length + 1],
    [-1, 1],
    [0.5, 1],
    [2 ** 60, 1],
  ] as const) {
    await assert.rejects(source.read(offset, length), Malformed);
  }
});

test('a changed block is found when it is read, with its place, and others can be read', async () => {
  const at = sample.dataOffset + 300 * 512;
  const source = open(flipped(sample, at + 5));
  const named = corrupt(new RegExp(`^Data block 300 \\(at byte ${at} of the file\\)`));
  await assert.rejects(source.read(300 * 512, 1), named);
  await assert.rejects(source.read(300 * 512, 1), named);
  await assert.rejects(source.read(299 * 512 + 511, 2), named);
  await assert.rejects(source.read(0, data.length), named);
  assert.deepEqual(Buffer.from(await source.read(0, 300 * 512)), data.subarray(0, 300 * 512));
  assert.deepEqual(Buffer.from(await source.read(301 * 512, 512)), data.subarray(301 * 512, 302 * 512));
});

test('a changed hash block is found by each read under it', async () => {
  const leaf = sample.treeOffset + (1 + 1 + 3 + 2) * 512;
  const source = open(flipped(sample, leaf));
  await assert.rejects(source.read(32 * 512, 1), corrupt(/^Block 2 of level 2 /));
  await assert.rejects(source.read(31 * 512, 1024), corrupt(/^Block 2 of level 2 /));
  assert.equal((await source.read(31 * 512, 512)).length, 512);
  assert.equal((await source.read(48 * 512, 512)).length, 512);
});

test('parts of the tree that are kept are not taken for others, forwards or backwards', async () => {
  // Sixteen data blocks a leaf: three leaves at once, then some before, after, and across both ends of them.
  for (const [first, count] of [
    [16, 16],
    [32, 16],
    [0, 48],
    [64, 48],
    [80, 32],
    [96, 16],
    [40, 16],
  ] as const) {
    const source = open();
    await source.read(48 * 512, 48 * 512);
    const read = Buffer.from(await source.read(first * 512, count * 512));
    assert.ok(read.equals(data.subarray(first * 512, (first + count) * 512)), `${first}`);
  }
});

test('a file that is exchanged between two reads is found out, and what was verified stays as it was', async () => {
  const bytes = Buffer.from(sample.bytes);
  const source = open(bytes);
  const before = await source.read(0, 512);
  bytes.fill(0xff);
  assert.deepEqual(Buffer.from(before), data.subarray(0, 512));
  assert.deepEqual(Buffer.from(await source.read(0, 512)), data.subarray(0, 512), 'from the cache');
  await assert.rejects(source.read(512, 512), corrupt(/^Data block 1 /));
});

test('bytes are given out as they were hashed: no place is read twice for one answer', async () => {
  const inner = bytesSource(sample.bytes);
  let evil = false;
  const source = verifiedSource(
    partsOf(sample, {
      size: inner.size,
      // Right the first time that a place is read, wrong ever after.
      read: async (offset, length) => {
        const bytes = Buffer.from(await inner.read(offset, length));
        if (evil && offset < sample.treeOffset) bytes.fill(0);
        evil = offset < sample.treeOffset;
        return bytes;
      },
    }),
    sample.rootHash,
  );
  assert.deepEqual(Buffer.from(await source.read(0, 512)), data.subarray(0, 512));
  assert.deepEqual(Buffer.from(await source.read(0, 512)), data.subarray(0, 512));
});

test('what a reader writes into its bytes does not come back', async () => {
  const source = open();
  (await source.read(0, 512)).fill(0);
  (await source.read(0, 512)).fill(0);
  assert.deepEqual(Buffer.from(await source.read(0, 512)), data.subarray(0, 512));
});

test('no more than a megabyte of blocks is kept, those used last', async () => {
  const made = makeVeritySample({}, 600);
  const inner = bytesSource(made.bytes);
  let reads = 0;
  const source = verifiedSource(
    partsOf(made, {
      size: inner.size,
      read: (offset, length) => {
        if (offset < made.treeOffset) reads++;
        return inner.read(offset, length);
      },
    }),
    made.rootHash,
  );
  const readsOf = async (block: number): Promise<number> => {
    const before = reads;
    await source.read(block * 4096, 1);
    return reads - before;
  };
  for (let block = 0; block < 256; block++) assert.equal(await readsOf(block), 1);
  for (let block = 0; block < 256; block++) assert.equal(await readsOf(block), 0);
  assert.equal(await readsOf(0), 0);
  assert.equal(await readsOf(256), 1);
  assert.equal(await readsOf(0), 0, 'used last');
  assert.equal(await readsOf(1), 1, 'not used for longest');
});

test('parts that do not fit together have no verified data', () => {
  const parts = partsOf(sample, bytesSource(sample.bytes));
  const refused = (code: string) => (error: unknown) =>
    error instanceof CorruptData && error.reason.code === code;
  const { superblock, data: place } = parts;
  assert.throws(() => verifiedSource(parts, parseHex('00'.repeat(64), 'x')), refused('root-hash-mismatch'));
  assert.throws(
    () => verifiedSource({ ...parts, superblock: { ...superblock, algorithm: 'md5' } }, sample.rootHash),
    refused('unsupported'),
  );
  assert.throws(
    () => verifiedSource({ ...parts, data: { ...place, length: 5 } }, sample.rootHash),
    refused('malformed'),
  );
});

test('data of one block, and of hash type 0', async () => {
  for (const [options, blocks] of [
    [{ salt: new Uint8Array() }, 1],
    [{ hashType: 0 }, 3],
  ] as const) {
    const made = makeVeritySample(options, blocks);
    const source = verifiedSource(partsOf(made, bytesSource(made.bytes)), made.rootHash);
    const all = made.bytes.subarray(made.dataOffset, made.dataOffset + made.dataBytes);
    assert.deepEqual(Buffer.from(await source.read(0, made.dataBytes)), all);
    const bad = partsOf(made, bytesSource(flipped(made, made.dataOffset + made.dataBytes - 1)));
    await assert.rejects(
      verifiedSource(bad, made.rootHash).read(made.dataBytes - 1, 1),
      corrupt(/^Data block/),
    );
  }
});

test('reads at the same time do not disturb each other', async () => {
  const source = open();
  const offsets = Array.from({ length: 200 }, (_, index) => (index * 7919) % (data.length - 1000));
  const read = await Promise.all(offsets.map((offset) => source.read(offset, 1000)));
  for (const [index, offset] of offsets.entries())
    assert.deepEqual(Buffer.from(read[index]!), data.subarray(offset, offset + 1000));
});

test('a source that cannot be read gives no answer', async () => {
  const broken: ByteSource = {
    size: sample.bytes.length,
    read: () => Promise.reject(new CouldNotDecide('broken')),
  };
  await assert.rejects(verifiedSource(partsOf(sample, broken), sample.rootHash).read(0, 1), CouldNotDecide);
});
