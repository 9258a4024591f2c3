import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { readErofsPieces } from './erofs-compressed-map.ts';
import type { ErofsInode } from './erofs-inode.ts';
import { readErofsMapHeader } from './erofs-map-header.ts';
import type { ErofsSuperblock } from './erofs-superblock.ts';
import {
  fullIndex,
  type Head,
  type Inside,
  inode,
  mapHeader,
  refuses,
  superblock,
} from './tests/erofs-parts.ts';

async function pieces(
  image: Buffer,
  file: ErofsInode,
  { from = 0, to = file.size, allowed = superblock } = {},
) {
  const source = bytesSource(image);
  const header = await readErofsMapHeader(source, allowed, file);
  assert.ok('tail' in header);
  return readErofsPieces(source, allowed, file, header, { from, to });
}

const large = 0x6;
const count = 0x800;
const full = (size: number, advise: number, ...entries: readonly (Head | Inside)[]) =>
  pieces(fullIndex(mapHeader(advise, { algorithms: 0x20 }), ...entries), inode(size));

test('pieces are found from where they begin to where the next one does', async () => {
  const found = await full(
    20_000,
    large,
    ['first', 0, 7],
    [count | 2, 1],
    ['second', 100, 9],
    ['first', 50, 12],
    [count | 1, 1],
  );
  const data = (algorithm: string, block: number, blocks: number) => ({
    ...{ kind: 'compressed', extent: { offset: block * 4096, length: blocks * 4096 } },
    ...{ algorithm, isPartial: false },
  });
  assert.deepEqual(found, [
    { start: 0, length: 8292, from: data('lz4', 7, 2) },
    { start: 8292, length: 4046, from: data('deflate', 9, 1) },
    { start: 12_338, length: 7662, from: data('lz4', 12, 1) },
  ]);
});

test('only the pieces that are wanted are read', async () => {
  const entries = Array.from({ length: 10 }, (_, block): Head => ['plain', 0, block]);
  const image = fullIndex(mapHeader(0), ...entries);
  const starts = async (from: number, to: number) =>
    (await pieces(image, inode(40_000), { from, to })).map(({ start }) => start / 4096);
  assert.deepEqual(await starts(0, 1), [0]);
  assert.deepEqual(await starts(4095, 4097), [0, 1]);
  assert.deepEqual(await starts(8192, 12_288), [2]);
  assert.deepEqual(await starts(39_999, 40_000), [9]);
});

test('data that is stored as it is may be turned in its block, if the header says so', async () => {
  const entries: readonly Head[] = [
    ['first', 0, 7],
    ['plain', 100, 8],
    ['first', 50, 9],
  ];
  const [, shifted] = await full(12_288, 0, ...entries);
  assert.deepEqual(shifted?.from, { kind: 'stored', extent: { offset: 32_768, length: 4046 }, turn: 0 });
  const [, turned] = await full(12_288, 0x10, ...entries);
  assert.deepEqual(turned?.from, { kind: 'stored', extent: { offset: 32_768, length: 4096 }, turn: 100 });
});

test('a tail is behind the index or in the packed inode, and what begins at the end is none', async () => {
  const end: readonly Head[] = [
    ['first', 0, 7],
    ['first', 10, 3],
    ['plain', 1808, 0],
  ];
  const image = fullIndex(mapHeader(0x8, { tail: 100 << 16 }), ...end);
  const [, tail] = await pieces(image, inode(10_000));
  assert.deepEqual(tail?.from, {
    ...{ kind: 'compressed', extent: { offset: 40, length: 100 }, algorithm: 'lz4', isPartial: false },
  });
  const fragment = await pieces(fullIndex(mapHeader(0x20, { tail: 5 }), ...end), inode(10_000));
  assert.deepEqual(fragment[1]?.from, { kind: 'fragment', offset: 3 * 2 ** 32 + 5 });
  assert.equal(fragment.length, 2);
});

test('the ways through the index lead to the piece that is read, and nowhere else', async () => {
  const two = (...inside: readonly Inside[]) =>
    full(20_000, 0, ['first', 0, 1], ['first', 0, 2], ...inside, ['first', 0, 4]);
  assert.equal((await two([1, 2], [1, 1])).length, 3);
  assert.equal((await two([1, 0], [2, 0])).length, 3);
  await refuses(() => two([0, 2], [1, 1]), Malformed, /cluster 2 to another piece than that at byte 4096/);
  await refuses(() => two([1, 2], [3, 1]), Malformed, /cluster 3 to another piece/);
  await refuses(() => two([1, 3], [1, 1]), Malformed, /cluster 2 beyond the piece at byte 4096/);
});

test('a count of blocks is where the kernel looks for it', async () => {
  const one = (advise: number, ...inside: readonly Inside[]) =>
    full(12_000, advise, ['first', 0, 1], ...inside);
  await refuses(
    () => one(0, [count | 1, 1], [1, 1]),
    Malformed,
    /counts blocks, which the map header denies/,
  );
  await refuses(
    () => one(large, [count | 1, 1], [count | 1, 1]),
    Malformed,
    /in cluster 2, which is not the second/,
  );
  await refuses(
    () => one(large, [1, 1], [1, 1]),
    Malformed,
    /does not count the blocks of the piece in cluster 0/,
  );
  await refuses(() => one(large, [count, 1], [1, 1]), Malformed, /does not count the blocks/);
  await refuses(() => one(large, [count | 257, 1], [1, 1]), Unsupported, /from 1052672 bytes of data/);
  await refuses(
    () => full(6000, large, ['plain', 0, 1], [count | 2, 1]),
    Unsupported,
    /has 2 blocks that are stored as they are/,
  );
});

test('pieces begin in their block, in their order, and the first with the file', async () => {
  await refuses(() => full(5000, 0, ['first', 4096, 1], ['first', 0, 2]), Malformed, /outside of its block/);
  await refuses(
    () => full(5000, 0, ['first', 1, 1], ['first', 0, 2]),
    Malformed,
    /no piece that begins near byte 0/,
  );
  await refuses(() => full(5000, 0, [1, 1], ['first', 0, 2]), Malformed, /no piece that begins near byte 0/);
  await refuses(
    () => full(5000, 0, ['first', 0, 1], ['plain', 905, 2]),
    Malformed,
    /behind the end of the file/,
  );
  await refuses(
    () => full(5000, 0, ['plain', 0, 1], ['first', 1, 2]),
    Malformed,
    /a block with 4097 bytes in it/,
  );
  const image = fullIndex(mapHeader(0), ['first', 0, 1]);
  image.writeUInt16LE(0x4001, 16);
  await refuses(() => pieces(image, inode(100)), Unsupported, /index: advises 0x4001/);
  await refuses(() => pieces(image.subarray(0, 20), inode(100)), Malformed, /index: needs 8 bytes/);
});

test('a piece is no larger than the kernel takes', async () => {
  const inside = Array.from({ length: 3200 }, (): Inside => [1, 1]);
  await refuses(
    () => full(3200 * 4096, 0, ['first', 0, 1], ...inside),
    Unsupported,
    /piece of 13107200 bytes/,
  );
  const image = fullIndex(
    mapHeader(0),
    ['first', 0, 1],
    ...Array.from({ length: 6500 }, (): Inside => [1, 1]),
  );
  const file = inode(6501 * 4096);
  await refuses(() => pieces(image, file, { from: 0, to: 10 }), Unsupported, /of more than 12582912 bytes/);
  await refuses(
    () => pieces(image, file, { from: 5000 * 4096, to: 5000 * 4096 + 1 }),
    Malformed,
    /begins near byte/,
  );
});

test('a tail behind the index lies in its block, and has what it stands for', async () => {
  const tail = (length: number, head: Head, size = 100) =>
    pieces(fullIndex(mapHeader(0x8, { tail: length * 2 ** 16 }), head), inode(size));
  await refuses(() => tail(4090, ['first', 0, 0]), Malformed, /does not end in its block/);
  await refuses(() => tail(99, ['plain', 0, 0]), Malformed, /a tail of 99 bytes instead of 100/);
  const [piece] = await tail(101, ['plain', 0, 0]);
  assert.deepEqual(piece?.from, { kind: 'stored', extent: { offset: 24, length: 100 }, turn: 0 });
});

test('an algorithm that the superblock does not name is not taken', async () => {
  const allowed: ErofsSuperblock = { ...superblock, algorithms: new Set(['zstd']) };
  const image = fullIndex(mapHeader(0, { algorithms: 3 }), ['second', 0, 1]);
  await refuses(
    () => pieces(image, inode(100), { allowed }),
    Malformed,
    /has lz4 data, which the superblock does not name/,
  );
});

/** A compact index of one pack of two entries: their values with two bits of type above, and their address. */
function compact(advise: number, first: number, second: number, address: number): Buffer {
  const pack = Buffer.alloc(8);
  pack.writeUInt16LE(first, 0);
  pack.writeUInt16LE(second, 2);
  pack.writeUInt32LE(address, 4);
  return Buffer.concat([mapHeader(advise), pack]);
}

test('packed entries share an address, from which blocks are counted', async () => {
  const file = inode(8000, 'compact');
  const blocks = async (image: Buffer) =>
    (await pieces(image, file)).map(({ from }) => ('extent' in from ? from.extent.offset / 4096 : null));
  assert.deepEqual(await blocks(compact(0, 0x1000, 0x1001, 10)), [11, 12]);
  assert.deepEqual(await blocks(compact(large, 0x1000, 0x1001, 10)), [10, 11]);
  assert.deepEqual(await blocks(compact(large, 0x1000, 0x2803, 10)), [10]);
});

test('packed entries are refused where no kernel could read them', async () => {
  const file = inode(8000, 'compact');
  const refused = (image: Buffer, problem: RegExp) => refuses(() => pieces(image, file), Malformed, problem);
  await refused(compact(0, 0x1000, 0x2801, 1), /counts blocks, which the map header denies/);
  const three = (ahead: number) =>
    pieces(
      Buffer.concat([compact(0, 0x1000, 0x2000 + ahead, 1), compact(0, 0x1000, 0, 5).subarray(8)]),
      inode(10_000, 'compact'),
    );
  assert.equal((await three(1)).length, 2);
  await refuses(() => three(2), Malformed, /beyond the piece at byte 0/);
  await refused(compact(large, 0x2001, 0x1000, 1), /a piece of many blocks that does not count them/);
  const small = { ...superblock, blockSize: 1024 };
  const outside = compact(0, 0x1000, 0x1400, 1);
  await refuses(
    () => pieces(outside, inode(2000, 'compact'), { allowed: small }),
    Malformed,
    /outside of its block/,
  );
  const huge = { ...superblock, blockSize: 32_768 };
  await refuses(() => pieces(outside, file, { allowed: huge }), Unsupported, /blocks of more than 16 KiB/);
  const more = { ...superblock, blockSize: 8192 };
  await refuses(
    () => pieces(compact(1, 0, 0, 0), file, { allowed: more }),
    Unsupported,
    /blocks of more than 4 KiB/,
  );
});

test('what a pack has behind the last cluster says nothing', async () => {
  assert.equal((await pieces(compact(0, 0x1000, 0x2fff, 1), inode(4000, 'compact'))).length, 1);
});
