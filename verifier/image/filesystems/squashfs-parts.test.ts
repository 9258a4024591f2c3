import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { readSquashfsAttribute } from './squashfs-attributes.ts';
import { readSquashfsFile, type SquashfsContext } from './squashfs-data.ts';
import { readSquashfsDirectory } from './squashfs-directory.ts';
import { readSquashfsInode } from './squashfs-inode.ts';
import { SquashfsMetadata } from './squashfs-metadata.ts';
import { readSquashfsSuperblock, type SquashfsSuperblock } from './squashfs-superblock.ts';

/** Parts of images that mksquashfs would never make, each in an image of nothing else. */

const superblock: SquashfsSuperblock = {
  ...{ compressor: 'gzip', blockSize: 4096, fragmentCount: 1, rootInode: 0n },
  ...{ inodeTable: 0, directoryTable: 0, fragmentTable: 0, attributeTable: 0 },
};
const start = { block: 0, offset: 0 };

type Integer = readonly [value: number | bigint, bytes: 2 | 4 | 8];

function integers(...values: readonly Integer[]): Buffer {
  return Buffer.concat(
    values.map(([value, bytes]) => {
      const buffer = Buffer.alloc(8);
      buffer.writeBigUInt64LE(BigInt(value));
      return buffer.subarray(0, bytes);
    }),
  );
}

/** A metadata block that is stored as it is. */
const block = (bytes: Uint8Array): Buffer => Buffer.concat([integers([0x8000 | bytes.length, 2]), bytes]);

function contextOf(bytes: Uint8Array, more: Partial<SquashfsSuperblock> = {}): SquashfsContext {
  const source = bytesSource(bytes);
  return { source, metadata: new SquashfsMetadata(source, 'gzip'), superblock: { ...superblock, ...more } };
}

async function refuses(
  read: () => Promise<unknown>,
  problem: RegExp,
  Failure: typeof Malformed | typeof Unsupported = Malformed,
) {
  await assert.rejects(
    read,
    (error) => error instanceof Failure && problem.test(error.message),
    problem.source,
  );
}

test('an image begins with its magic', async () => {
  await refuses(() => readSquashfsSuperblock(bytesSource(Buffer.alloc(96))), /no magic/);
});

test('a metadata block of no bytes, which would be read for ever, is malformed', async () => {
  const { metadata } = contextOf(integers([0x8000, 2], [0, 8]));
  await refuses(() => metadata.read(start, 1, 'x'), /block of 0 bytes/);
  const long = contextOf(Buffer.concat([integers([0xa001, 2]), Buffer.alloc(0x2001)]));
  await refuses(() => long.metadata.read(start, 1, 'x'), /block of 8193 bytes/);
});

const inode = (type: number, ...rest: readonly Integer[]): Promise<unknown> => {
  const { metadata } = contextOf(
    block(Buffer.concat([integers([type, 2], [0, 8], [0, 2], [0, 4]), integers(...rest), Buffer.alloc(60)])),
  );
  return readSquashfsInode(metadata, superblock, 0n);
};

test('inodes are of known types and at sensible places', async () => {
  await refuses(() => inode(15), /is of type 15/);
  await refuses(() => inode(0), /is of type 0/);
  const { metadata } = contextOf(block(Buffer.alloc(100, 1)));
  await refuses(() => readSquashfsInode(metadata, superblock, 1n << 48n), /place that is none/);
});

test('a link has a target of at most 4,095 bytes', async () => {
  await refuses(() => inode(3, [1, 4], [4096, 4]), /link of 4096 bytes/);
});

const directory = (bytes: Uint8Array, length = bytes.length + 3) =>
  readSquashfsDirectory(contextOf(block(bytes)).metadata, {
    ...{ kind: 'directory', name: 'x', attributes: null, listing: start, length },
  });

test('a directory has a sensible size, and at most 256 entries under one header', async () => {
  await refuses(() => directory(Buffer.alloc(10), 4 * 1024 * 1024 + 1), /directory of 4194305 bytes/);
  await refuses(() => directory(integers([256, 4], [0, 4], [0, 4])), /257 entries under one header/);
  const one = Buffer.concat([
    integers([0, 4], [7, 4], [0, 4], [9, 2], [0, 2], [1, 2], [0, 2]),
    Buffer.from('a'),
  ]);
  assert.equal((await directory(one)).get('a'), (7n << 16n) | 9n);
  await refuses(() => directory(one.subarray(0, -1)), /needs 1 bytes/);
});

/** A file whose list of block sizes comes first, then its data. */
function file(
  size: number,
  words: readonly number[],
  data: Uint8Array,
  fragment: { index: number; offset: number } | null = null,
) {
  const sizes = block(integers(...words.map((word): [number, 4] => [word, 4])));
  const bytes = Buffer.concat([sizes, data]);
  const inodeOfFile = {
    ...({ kind: 'file', name: 'x', attributes: null, size } as const),
    data: { start: sizes.length, fragment, sizes: start, blocks: words.length },
  } as const;
  return (more: Partial<SquashfsSuperblock> = {}, extra: Uint8Array = Buffer.alloc(0)) =>
    readSquashfsFile(contextOf(Buffer.concat([bytes, extra]), more), inodeOfFile, 100_000);
}
const stored = 1 << 24;

test('blocks of data have the size that their place in the file asks for', async () => {
  const data = Buffer.alloc(4096, 'x');
  assert.deepEqual(Buffer.from(await file(4096, [stored | 4096], data)()), data);
  assert.deepEqual(Buffer.from(await file(4096, [0], data)()), Buffer.alloc(4096));
  await refuses(() => file(4096, [stored | 4095], data)(), /4095 bytes instead of 4096/);
  await refuses(() => file(4096, [stored | 4097], Buffer.alloc(5000))(), /no sensible size/);
  await refuses(() => file(4096, [(stored * 2) | stored | 4096], data)(), /no sensible size/);
});

test('the tail of a file is in a fragment that there is', async () => {
  const tail = (
    fragment: { index: number; offset: number } | null,
    more: Partial<SquashfsSuperblock> = {},
  ) => {
    // Behind the list of sizes, which is empty: the table of fragments, its one block, and the fragment.
    const entries = block(integers([2 + 8 + 18, 8], [stored | 10, 4], [0, 4]));
    const rest = Buffer.concat([integers([2 + 8, 8]), entries, Buffer.from('0123456789')]);
    return file(4, [], Buffer.alloc(0), fragment)({ fragmentTable: 2, ...more }, rest);
  };
  assert.equal(Buffer.from(await tail({ index: 0, offset: 3 })).toString(), '3456');
  await refuses(() => tail({ index: 0, offset: 7 }), /not in its fragment/);
  await refuses(() => tail({ index: 1, offset: 0 }), /fragment that there is not/);
  await refuses(() => tail(null), /fragment that there is not/);
});

test('attributes are as many as the table has, and not larger than Linux allows', async () => {
  const attribute = (count: number, valueLength: number, index = 0, reference = 0n) => {
    // The table's head and its one pointer; the list of lists; the list.
    const list = Buffer.concat([
      integers([0, 2], [1, 2]),
      Buffer.from('a'),
      integers([valueLength, 4]),
      Buffer.from('value'),
    ]);
    const lists = block(integers([reference, 8], [count, 4], [0, 4]));
    const head = integers([24 + lists.length, 8], [1, 4], [0, 4], [24, 8]);
    return readSquashfsAttribute(contextOf(Buffer.concat([head, lists, block(list)])), index, 'user.a');
  };
  assert.equal(Buffer.from((await attribute(1, 5)) ?? '').toString(), 'value');
  assert.equal(await attribute(0, 5), null);
  await refuses(() => attribute(1, 5, 1), /fewer than an inode says/);
  await refuses(() => attribute(1001, 5), /are 1001 of one inode/, Unsupported);
  await refuses(() => attribute(1, 65_537), /value of 65537 bytes/);
  await refuses(() => attribute(1, 5, 0, 1n << 48n), /place that is none/);
  const none = contextOf(Buffer.alloc(0), { attributeTable: null });
  await refuses(() => readSquashfsAttribute(none, 0, 'user.a'), /not in the image/);
});
