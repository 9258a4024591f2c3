import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { type MadeImage, makeDdi } from '../../test-vectors/generate/make-image.ts';
import type { VerityOptions } from '../../test-vectors/generate/verity-writer.ts';
import { CouldNotDecide } from '../bytes/failures.ts';
import { type Hex, parseHex } from '../bytes/hex.ts';
import type { ByteSource } from './byte-source.ts';
import { bytesSource } from './bytes-source.ts';
import { openImage } from './image.ts';
import { treeGeometry } from './verity-geometry.ts';
import { type TreeVerdict, verifyRootBlock, verifyTree } from './verity-tree.ts';

/** Bytes that differ from block to block, the same each time. */
function content(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0, state = 1; at < length; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return bytes;
}

/** 600 blocks in three levels of hash blocks. */
const small: VerityOptions = { dataBlockSize: 512, hashBlockSize: 512 };
const make = (verity: VerityOptions = small, blocks = 600) =>
  makeDdi({ data: content(blocks * (verity.dataBlockSize ?? 4096)), verity });

async function verify(made: MadeImage, bytes: Buffer = made.bytes): Promise<TreeVerdict> {
  const source = bytesSource(bytes);
  return verifyTree(await openImage(source), source, rootHashOf(made));
}

function rootHashOf({ rootHash }: MadeImage): Hex {
  return parseHex(rootHash, 'root hash');
}

function reasonOf(verdict: TreeVerdict): string {
  assert.ok(!verdict.intact);
  assert.equal(verdict.reasons.length, 1);
  assert.equal(verdict.reasons[0]?.code, 'data-corrupt');
  return verdict.reasons[0].message;
}

const shapes: readonly [VerityOptions, blocks: number][] = [
  [{ salt: new Uint8Array() }, 1],
  [{}, 2],
  [{}, 128],
  [{}, 300],
  [{ algorithm: 'sha512', salt: Buffer.alloc(256, 7) }, 65],
  [{ dataBlockSize: 512, hashBlockSize: 512 }, 600],
  [{ dataBlockSize: 1024, hashBlockSize: 4096, salt: Buffer.of(1) }, 129],
  [{ dataBlockSize: 4096, hashBlockSize: 1024, algorithm: 'sha512' }, 17],
];

/** Whether `veritysetup verify` finds that data and tree have the root hash. */
function veritysetupAccepts({ rootHash, ...made }: MadeImage, dataBytes: number, bytes: Buffer): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-verity-'));
  const [data, tree] = [join(directory, 'data'), join(directory, 'tree')];
  try {
    writeFileSync(data, bytes.subarray(made.dataOffset, made.dataOffset + dataBytes));
    writeFileSync(tree, bytes.subarray(made.verityOffset, made.verityOffset + made.verityLength));
    return spawnSync('veritysetup', ['verify', data, tree, rootHash]).status === 0;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('veritysetup and we agree on trees of all shapes', async () => {
  for (const [options, blocks] of shapes) {
    const made = make(options, blocks);
    const dataBytes = blocks * (options.dataBlockSize ?? 4096);
    assert.ok(veritysetupAccepts(made, dataBytes, made.bytes), JSON.stringify(options));
    const verdict = await verify(made);
    assert.ok(verdict.intact, JSON.stringify(options));
    assert.deepEqual(verdict.image, { rootHash: made.rootHash, dataBytes });
  }
});

test('a changed bit in any data block is found and named', async () => {
  const made = make();
  for (const block of [0, 1, 15, 16, 255, 256, 599]) {
    const bytes = Buffer.from(made.bytes);
    const offset = made.dataOffset + block * 512;
    bytes[offset + 511] = (bytes[offset + 511] ?? 0) ^ 1;
    const message = reasonOf(await verify(made, bytes));
    assert.equal(message, `Data block ${block} (at byte ${offset} of the file) does not match its digest.`);
  }
});

test('data blocks in another order are found', async () => {
  const made = make();
  const bytes = Buffer.from(made.bytes);
  made.bytes.copy(bytes, made.dataOffset, made.dataOffset + 512, made.dataOffset + 1024);
  made.bytes.copy(bytes, made.dataOffset + 512, made.dataOffset, made.dataOffset + 512);
  assert.match(reasonOf(await verify(made, bytes)), /^Data block 0 /);
});

test('a changed bit in any hash block is found, in unused bytes too', async () => {
  const made = make();
  const image = await openImage(bytesSource(made.bytes));
  assert.ok(image.verity);
  const { levels } = treeGeometry(image.verity);
  assert.deepEqual(
    levels.map(({ blocks }) => blocks),
    [1, 3, 38],
  );
  for (const [level, { firstBlock, blocks }] of levels.entries()) {
    for (let block = 0; block < blocks; block++) {
      const bytes = Buffer.from(made.bytes);
      const offset = made.verityOffset + (firstBlock + block) * 512;
      bytes[offset + 511] = (bytes[offset + 511] ?? 0) ^ 0x80;
      const expected = `Block ${block} of level ${level} of the hash tree (at byte ${offset} of the file) does not match its digest.`;
      assert.equal(reasonOf(await verify(made, bytes)), expected);
    }
  }
});

test('a tree that was computed afresh over other data has another root hash', async () => {
  const made = make();
  const other = makeDdi({ data: content(601 * 512).subarray(512), verity: small });
  const source = bytesSource(other.bytes);
  const image = await openImage(source);
  assert.match(reasonOf(await verifyTree(image, source, rootHashOf(made))), /level 0/);
  assert.deepEqual(
    (await verifyRootBlock(image, source, rootHashOf(made))).map(({ code }) => code),
    ['data-corrupt'],
  );
  assert.deepEqual(await verifyRootBlock(image, source, rootHashOf(other)), []);
});

test('an edited superblock is found without reading the data', async () => {
  const made = make({ ...small, salt: Buffer.of(1, 2, 3) });
  const edits: ((bytes: Buffer) => void)[] = [
    (bytes) => bytes.writeUInt8(9, made.verityOffset + 88),
    (bytes) => bytes.writeUInt16LE(4, made.verityOffset + 80),
    (bytes) => bytes.writeUInt32LE(1024, made.verityOffset + 68),
    (bytes) => bytes.writeBigUInt64LE(1n, made.verityOffset + 72),
  ];
  for (const edit of edits) {
    const bytes = Buffer.from(made.bytes);
    edit(bytes);
    const source = bytesSource(bytes);
    const reasons = await verifyRootBlock(await openImage(source), source, rootHashOf(made));
    assert.deepEqual(
      reasons.map(({ code }) => code),
      ['data-corrupt'],
    );
  }
});

test('data cut short by the number in the superblock is found, as veritysetup finds it', async () => {
  const made = make();
  const cut = Buffer.from(made.bytes);
  cut.writeBigUInt64LE(599n, made.verityOffset + 72);
  assert.equal(veritysetupAccepts(made, 600 * 512, made.bytes), true);
  assert.equal(veritysetupAccepts(made, 600 * 512, cut), false);
  for (let blocks = 1; blocks < 600; blocks += 7) {
    const bytes = Buffer.from(made.bytes);
    bytes.writeBigUInt64LE(BigInt(blocks), made.verityOffset + 72);
    const source = bytesSource(bytes);
    const image = await openImage(source);
    const reasons = await verifyRootBlock(image, source, rootHashOf(made));
    assert.deepEqual(
      reasons.map(({ code }) => code),
      ['data-corrupt'],
      `${blocks}`,
    );
    assert.equal((await verifyTree(image, source, rootHashOf(made))).intact, false);
  }
});

test('the one block of an image without levels is the root block', async () => {
  const made = make({}, 1);
  const bytes = Buffer.from(made.bytes);
  bytes.writeUInt8((bytes[made.dataOffset] ?? 0) ^ 1, made.dataOffset);
  const source = bytesSource(bytes);
  const [reason] = await verifyRootBlock(await openImage(source), source, rootHashOf(made));
  assert.match(reason?.message ?? '', /^Data block 0 /);
});

test('a root hash of another length is a mismatch', async () => {
  const made = make();
  const source = bytesSource(made.bytes);
  const image = await openImage(source);
  for (const rootHash of ['00'.repeat(64), made.rootHash.slice(2)]) {
    const reasons = await verifyRootBlock(image, source, parseHex(rootHash, 'x'));
    assert.deepEqual(
      reasons.map(({ code }) => code),
      ['root-hash-mismatch'],
    );
    assert.equal((await verifyTree(image, source, parseHex(rootHash, 'x'))).intact, false);
  }
});

test('an image without a hash tree cannot be verified', async () => {
  const made = make();
  const source = bytesSource(made.bytes);
  const image = { ...(await openImage(source)), verity: null, hashTree: null };
  const verdict = await verifyTree(image, source, rootHashOf(made));
  assert.ok(!verdict.intact);
  assert.deepEqual(
    verdict.reasons.map(({ code }) => code),
    ['unsupported'],
  );
});

test('progress counts data bytes, and reads are of about a megabyte', async () => {
  const made = make({}, 700);
  const inner = bytesSource(made.bytes);
  const lengths: number[] = [];
  const source: ByteSource = {
    size: inner.size,
    read: (offset, length) => {
      lengths.push(length);
      return inner.read(offset, length);
    },
  };
  const image = await openImage(inner);
  const progress: number[] = [];
  const verdict = await verifyTree(image, source, rootHashOf(made), (bytes) => progress.push(bytes));
  assert.ok(verdict.intact);
  assert.deepEqual(
    progress,
    [256, 512, 700].map((blocks) => blocks * 4096),
  );
  // Three runs of data; one root and six leaves, each read once.
  assert.deepEqual(
    lengths.filter((length) => length > 4096),
    [1_048_576, 1_048_576, 188 * 4096],
  );
  assert.equal(lengths.filter((length) => length === 4096).length, 7);
});

test('a source that cannot be read gives no verdict', async () => {
  const made = make();
  const image = await openImage(bytesSource(made.bytes));
  const source: ByteSource = {
    size: made.bytes.length,
    read: () => Promise.reject(new CouldNotDecide('broken disk')),
  };
  await assert.rejects(verifyTree(image, source, rootHashOf(made)), CouldNotDecide);
});
