import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import {
  blockContent,
  makeVeritySample,
  partsOf,
  type VeritySample,
  veritysetupAccepts,
} from '../../test-vectors/generate/verity-sample.ts';
import type { VerityOptions } from '../../test-vectors/generate/verity-writer.ts';
import { CouldNotDecide } from '../bytes/failures.ts';
import { type Hex, parseHex } from '../bytes/hex.ts';
import type { ByteSource } from './byte-source.ts';
import { bytesSource } from './bytes-source.ts';
import { treeGeometry } from './verity-geometry.ts';
import { parseVeritySuperblock } from './verity-superblock.ts';
import { type TreeVerdict, type VerityParts, verifyRootBlock, verifyTree } from './verity-tree.ts';

const work = mkdtempSync(join(tmpdir(), 'touchstone-tree-'));
after(() => rmSync(work, { recursive: true }));

/** 600 blocks in three levels of hash blocks. */
const small: VerityOptions = { dataBlockSize: 512, hashBlockSize: 512 };
const sample = makeVeritySample(small, 600);

const verify = (made: VeritySample, bytes: Buffer = made.bytes): Promise<TreeVerdict> =>
  verifyTree(partsOf(made, bytesSource(bytes), bytes), made.rootHash);

function edited(made: VeritySample, edit: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(made.bytes);
  edit(bytes);
  return bytes;
}

const flipped = (made: VeritySample, at: number, bit = 1): Buffer =>
  edited(made, (bytes) => bytes.writeUInt8(bytes.readUInt8(at) ^ bit, at));

function reasonOf(verdict: TreeVerdict): string {
  assert.ok(!verdict.intact);
  assert.equal(verdict.reasons.length, 1);
  assert.equal(verdict.reasons[0]?.code, 'data-corrupt');
  return verdict.reasons[0].message;
}

async function codes(parts: VerityParts, rootHash: Hex): Promise<string[]> {
  const quick = (await verifyRootBlock(parts, rootHash)).map(({ code }) => code);
  const verdict = await verifyTree(parts, rootHash);
  assert.deepEqual(verdict.intact ? [] : verdict.reasons.map(({ code }) => code), quick);
  return quick;
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
  [{ dataBlockSize: 65_536, hashBlockSize: 512 }, 17],
  [{ dataBlockSize: 512, hashBlockSize: 65_536 }, 2049],
  [{ hashType: 0 }, 300],
  [{ hashType: 0, algorithm: 'sha512', dataBlockSize: 512, hashBlockSize: 1024 }, 100],
  [{ hashType: 0, salt: Buffer.alloc(256, 9) }, 1],
];

test('veritysetup and we agree on trees of all shapes, whole and with a changed bit', async () => {
  for (const [options, blocks] of shapes) {
    const made = makeVeritySample(options, blocks);
    assert.ok(veritysetupAccepts(made), JSON.stringify(options));
    const verdict = await verify(made);
    assert.ok(verdict.intact, JSON.stringify(options));
    assert.deepEqual(verdict.image, { rootHash: made.rootHash, dataBytes: made.dataBytes });
    const bytes = flipped(made, made.dataOffset + made.dataBytes - 1);
    assert.equal(veritysetupAccepts(made, bytes), false);
    assert.match(reasonOf(await verify(made, bytes)), new RegExp(`^Data block ${blocks - 1} `));
  }
});

/** What `veritysetup format` makes of some data. */
function formatted(data: Buffer, options: readonly string[]): { parts: VerityParts; rootHash: Hex } {
  const paths = { data: join(work, 'data'), tree: join(work, 'tree') };
  writeFileSync(paths.data, data);
  rmSync(paths.tree, { force: true });
  const said = execFileSync('veritysetup', ['format', ...options, paths.data, paths.tree], {
    encoding: 'utf8',
  });
  const tree = readFileSync(paths.tree);
  const place = (bytes: Buffer, file: string) => ({
    ...{ source: bytesSource(bytes), file, offset: 0, length: bytes.length },
  });
  return {
    parts: {
      superblock: parseVeritySuperblock(tree.subarray(0, 512)),
      data: place(data, 'the file'),
      tree: place(tree, 'the .verity file'),
    },
    rootHash: parseHex(/Root hash:\s*([0-9a-f]+)/.exec(said)?.[1] ?? '', 'root hash'),
  };
}

test('what veritysetup makes is verified: hash types, digests, block sizes, salts, FEC', async () => {
  const fec = join(work, 'fec');
  const ways: readonly (readonly string[])[] = [
    ['--salt=-'],
    ['--format=0'],
    ['--format=0', '--salt=-', '--hash=sha512'],
    ['--hash=sha512', `--salt=${'5a'.repeat(64)}`],
    [`--salt=${'ab'.repeat(256)}`],
    [`--salt=${'cd'.repeat(33)}`, '--format=0'],
    ['--data-block-size=512', '--hash-block-size=512'],
    ['--data-block-size=4096', '--hash-block-size=65536'],
    ['--data-block-size=65536', '--hash-block-size=1024'],
    ['--data-blocks=5'],
    ['--data-blocks=1'],
    ['--data-blocks=1', '--format=0'],
    [`--fec-device=${fec}`, '--fec-roots=2'],
  ];
  for (const options of ways) {
    const { parts, rootHash } = formatted(blockContent(40 * 65_536), options);
    assert.deepEqual(await codes(parts, rootHash), [], options.join(' '));
    const { dataBlocks, dataBlockSize } = parts.superblock;
    const { data } = parts;
    const covered = dataBlocks * dataBlockSize;
    for (const [at, intact] of [
      [covered - 1, false],
      [covered, true],
    ] as const) {
      const bytes = Buffer.from(await data.source.read(0, data.length));
      if (at < bytes.length) bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      const other = { ...parts, data: { ...data, source: bytesSource(bytes) } };
      assert.equal((await verifyTree(other, rootHash)).intact, intact, `${options.join(' ')} ${at}`);
    }
  }
});

test('FEC data behind the tree is nothing to the tree', async () => {
  const fec = join(work, 'fec');
  const { parts, rootHash } = formatted(blockContent(40 * 4096), [`--fec-device=${fec}`]);
  const tree = Buffer.from(await parts.tree.source.read(0, parts.tree.length));
  const both = Buffer.concat([tree, readFileSync(fec)]);
  const place = { ...parts.tree, source: bytesSource(both), length: both.length };
  assert.deepEqual(await codes({ ...parts, tree: place }, rootHash), []);
});

test('a changed bit in any data block is found and named', async () => {
  for (const block of [0, 1, 15, 16, 255, 256, 599]) {
    const offset = sample.dataOffset + block * 512;
    const message = reasonOf(await verify(sample, flipped(sample, offset + 511)));
    assert.equal(message, `Data block ${block} (at byte ${offset} of the file) does not match its digest.`);
  }
});

test('of several faults the first in the order of the data is named', async () => {
  const leaf = (index: number) => sample.treeOffset + (1 + 1 + 3 + index) * 512;
  const block = (index: number) => sample.dataOffset + index * 512;
  const faults: readonly [places: readonly number[], named: RegExp][] = [
    [[block(599), block(31), block(400)], /^Data block 31 /],
    // Leaf 2 has the digests of blocks 32 to 47.
    [[leaf(2), block(31)], /^Data block 31 /],
    [[leaf(2), block(32), block(48)], /^Block 2 of level 2 /],
    [[leaf(2), leaf(1), block(48)], /^Block 1 of level 2 /],
    // Block 1 of level 1 has those of leaves 16 to 31, which have those of blocks 256 to 511.
    [[sample.treeOffset + (1 + 1 + 1) * 512, block(255)], /^Data block 255 /],
    [[sample.treeOffset + (1 + 1 + 1) * 512, block(256), leaf(17)], /^Block 1 of level 1 /],
  ];
  for (const [places, named] of faults) {
    const bytes = edited(sample, (all) => places.forEach((at) => all.writeUInt8(all.readUInt8(at) ^ 4, at)));
    assert.match(reasonOf(await verify(sample, bytes)), named);
  }
});

test('messages name the file in which the fault is', async () => {
  const { parts, rootHash } = formatted(blockContent(300 * 4096), []);
  const tree = Buffer.from(await parts.tree.source.read(0, parts.tree.length));
  tree.writeUInt8(tree.readUInt8(8192) ^ 1, 8192);
  const verdict = await verifyTree(
    { ...parts, tree: { ...parts.tree, source: bytesSource(tree) } },
    rootHash,
  );
  assert.match(reasonOf(verdict), /^Block 0 of level 1 .* \(at byte 8192 of the \.verity file\)/);
});

test('data blocks in another order are found', async () => {
  const { dataOffset } = sample;
  const bytes = edited(sample, (all) => {
    sample.bytes.copy(all, dataOffset, dataOffset + 512, dataOffset + 1024);
    sample.bytes.copy(all, dataOffset + 512, dataOffset, dataOffset + 512);
  });
  assert.match(reasonOf(await verify(sample, bytes)), /^Data block 0 /);
});

test('a changed bit in any hash block is found, in unused bytes too', async () => {
  const { levels } = treeGeometry(partsOf(sample, bytesSource(sample.bytes)).superblock);
  assert.deepEqual(
    levels.map(({ blocks }) => blocks),
    [1, 3, 38],
  );
  for (const [level, { firstBlock, blocks }] of levels.entries()) {
    for (let block = 0; block < blocks; block++) {
      const offset = sample.treeOffset + (firstBlock + block) * 512;
      const expected = `Block ${block} of level ${level} of the hash tree (at byte ${offset} of the file) does not match its digest.`;
      assert.equal(reasonOf(await verify(sample, flipped(sample, offset + 511, 0x80))), expected);
    }
  }
});

test('a tree that was computed afresh over other data has another root hash', async () => {
  const other = makeVeritySample(small, 600, blockContent(601 * 512).subarray(512));
  const parts = partsOf(other, bytesSource(other.bytes));
  assert.match(reasonOf(await verifyTree(parts, sample.rootHash)), /level 0/);
  assert.deepEqual(await codes(parts, sample.rootHash), ['data-corrupt']);
  assert.deepEqual(await verifyRootBlock(parts, other.rootHash), []);
});

test('an edited superblock is found without reading the data', async () => {
  const made = makeVeritySample({ ...small, salt: Buffer.of(1, 2, 3) }, 600);
  const edits: ((bytes: Buffer) => void)[] = [
    (bytes) => bytes.writeUInt8(9, made.treeOffset + 88),
    (bytes) => bytes.writeUInt16LE(4, made.treeOffset + 80),
    (bytes) => bytes.writeUInt32LE(1024, made.treeOffset + 68),
    (bytes) => bytes.writeUInt32LE(0, made.treeOffset + 12),
    (bytes) => bytes.writeBigUInt64LE(1n, made.treeOffset + 72),
  ];
  for (const edit of edits) {
    const bytes = edited(made, edit);
    const reasons = await verifyRootBlock(partsOf(made, bytesSource(bytes), bytes), made.rootHash);
    assert.deepEqual(
      reasons.map(({ code }) => code),
      ['data-corrupt'],
    );
  }
});

test('data cut short by the number in the superblock is found, as veritysetup finds it', async () => {
  const cut = edited(sample, (bytes) => bytes.writeBigUInt64LE(599n, sample.treeOffset + 72));
  assert.equal(veritysetupAccepts(sample), true);
  assert.equal(veritysetupAccepts(sample, cut), false);
  for (let blocks = 1; blocks < 600; blocks += 7) {
    const bytes = edited(sample, (all) => all.writeBigUInt64LE(BigInt(blocks), sample.treeOffset + 72));
    const parts = partsOf(sample, bytesSource(bytes), bytes);
    assert.deepEqual(await codes(parts, sample.rootHash), ['data-corrupt'], `${blocks}`);
  }
});

test('the one block of an image without levels is the root block', async () => {
  const made = makeVeritySample({}, 1);
  const bytes = flipped(made, made.dataOffset);
  const [reason] = await verifyRootBlock(partsOf(made, bytesSource(bytes), bytes), made.rootHash);
  assert.match(reason?.message ?? '', /^Data block 0 /);
});

test('a root hash of another length is a mismatch', async () => {
  const parts = partsOf(sample, bytesSource(sample.bytes));
  for (const rootHash of ['00'.repeat(64), sample.rootHash.slice(2)]) {
    assert.deepEqual(await codes(parts, parseHex(rootHash, 'x')), ['root-hash-mismatch']);
  }
});

test('parts that do not hold what the superblock says are malformed, and nothing is read', async () => {
  const unread: ByteSource = { size: 2 ** 50, read: () => Promise.reject(new CouldNotDecide('was read')) };
  const parts = partsOf(sample, unread);
  const { superblock, data, tree } = parts;
  const wrong: readonly VerityParts[] = [
    { ...parts, data: { ...data, length: sample.dataBytes - 1 } },
    { ...parts, tree: { ...tree, length: sample.treeBytes - 1 } },
    { ...parts, superblock: { ...superblock, dataBlocks: 2 ** 44 - 1 } },
  ];
  for (const one of wrong) assert.deepEqual(await codes(one, sample.rootHash), ['malformed']);
});

test('parts outside of their file are malformed before anything is read', async () => {
  const parts = partsOf(sample, bytesSource(sample.bytes));
  const away = { ...parts, data: { ...parts.data, offset: sample.bytes.length } };
  await assert.rejects(verifyTree(away, sample.rootHash), { code: 'malformed' });
});

test('hash trees of other digests are not handled', async () => {
  const parts = partsOf(sample, bytesSource(sample.bytes));
  const superblock = { ...parts.superblock, algorithm: 'sha1' };
  assert.deepEqual(await codes({ ...parts, superblock }, sample.rootHash), ['unsupported']);
});

test('progress counts data bytes, and no more than a megabyte of data is read at once', async () => {
  const blocks = 128 * 256 + 1;
  const made = makeVeritySample({}, blocks);
  const inner = bytesSource(made.bytes);
  const reads: { offset: number; length: number }[] = [];
  const source: ByteSource = {
    size: inner.size,
    read: (offset, length) => {
      reads.push({ offset, length });
      return inner.read(offset, length);
    },
  };
  const progress: number[] = [];
  const verdict = await verifyTree(partsOf(made, source), made.rootHash, (bytes) => progress.push(bytes));
  assert.ok(verdict.intact);
  assert.deepEqual(
    progress,
    [32_768, blocks].map((count) => count * 4096),
  );
  assert.ok(reads.every(({ length }) => length <= 1_048_576));
  const data = reads.filter(({ offset }) => offset < made.treeOffset);
  assert.equal(
    data.reduce((sum, { length }) => sum + length, 0),
    made.dataBytes,
  );
  // Each leaf once; the blocks above are asked for by the two runs that are under way at the start.
  const tree = reads.filter(({ offset }) => offset >= made.treeOffset);
  const { levels } = treeGeometry(partsOf(made, source).superblock);
  const read = tree.reduce((sum, { length }) => sum + length / 4096, 0);
  assert.ok(read <= (levels[2]?.blocks ?? 0) + 2 * 3, `${read}`);
});

test('a source that cannot be read gives no verdict', async () => {
  const size = sample.bytes.length;
  const broken: ByteSource = { size, read: () => Promise.reject(new CouldNotDecide('broken disk')) };
  await assert.rejects(verifyTree(partsOf(sample, broken), sample.rootHash), CouldNotDecide);
});

test('a fault is named before a later place that cannot be read, which fails first', async () => {
  const made = makeVeritySample({}, 32_768 + 1);
  const end = made.dataOffset + 32_768 * 4096;
  const parts = (bytes: Buffer): VerityParts =>
    partsOf(made, {
      size: bytes.length,
      read: async (offset, length) => {
        if (offset === end) throw new CouldNotDecide('bad sector');
        await setImmediate();
        return bytes.subarray(offset, offset + length);
      },
    });
  const changed = parts(flipped(made, made.dataOffset));
  assert.match(reasonOf(await verifyTree(changed, made.rootHash)), /^Data block 0 /);
  await assert.rejects(verifyTree(parts(made.bytes), made.rootHash), CouldNotDecide);
});
