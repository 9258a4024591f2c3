import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { readErofsMapHeader } from './erofs-map-header.ts';
import { inode, mapHeader, refuses, superblock } from './tests/erofs-parts.ts';

const read = (header: Buffer, layout: 'full' | 'compact' = 'full', allowed = superblock) =>
  readErofsMapHeader(bytesSource(header), allowed, inode(10_000, layout));

test('a map header says where the index is, and how to read it', async () => {
  assert.deepEqual(await read(mapHeader(0x16, { algorithms: 0x32 })), {
    ...{ indexOffset: 16, hasShortEntries: false, hasLargeClusters: [true, true], isInterlaced: true },
    ...{ algorithms: ['deflate', 'zstd'], tail: null },
  });
  assert.deepEqual(await read(mapHeader(0x9, { tail: 0x1234_0000 }), 'compact'), {
    ...{ indexOffset: 8, hasShortEntries: true, hasLargeClusters: [false, false], isInterlaced: false },
    ...{ algorithms: ['lz4', 'lz4'], tail: { kind: 'inline', length: 0x1234 } },
  });
  const fragment = await read(mapHeader(0x20, { tail: 0x89ab_cdef }));
  assert.deepEqual('tail' in fragment && fragment.tail, { kind: 'fragment', offset: 0x89ab_cdef });
});

test('a file that is wholly in the packed inode has nothing but its place there', async () => {
  assert.deepEqual(await read(mapHeader(1, { tail: 5, last: 0x80 })), { fragmentOffset: 2 ** 32 + 5 });
  await refuses(() => read(mapHeader(0, { last: 0xff })), Malformed, /fragment: .* out of range/);
});

test('what no kernel reads, or one in another way than the next, is refused', async () => {
  await refuses(() => read(Buffer.alloc(7)), Malformed, /map header: needs 8 bytes/);
  await refuses(() => read(mapHeader(0, { last: 1 })), Unsupported, /clusters that are not blocks/);
  await refuses(() => read(mapHeader(0, { last: 0x40 })), Unsupported, /a bit that is reserved/);
  await refuses(() => read(mapHeader(1)), Unsupported, /advises 0x1: extents/);
  await refuses(() => read(mapHeader(0x40)), Unsupported, /advises 0x40/);
  await refuses(() => read(mapHeader(2), 'compact'), Malformed, /for one algorithm only/);
  await refuses(() => read(mapHeader(0x28, { tail: 1 << 16 })), Malformed, /a tail in two places/);
  await refuses(() => read(mapHeader(0x8, { tail: 0xffff })), Malformed, /an empty tail/);
  await refuses(() => read(mapHeader(0, { algorithms: 4 })), Unsupported, /algorithms: are 0x4/);
  await refuses(() => read(mapHeader(0, { algorithms: 0x40 })), Unsupported, /algorithms: are 0x40/);
  const small = { ...superblock, hasLargeClusters: false };
  await refuses(() => read(mapHeader(2), 'full', small), Malformed, /which the superblock denies/);
  await refuses(() => read(mapHeader(4), 'full', small), Malformed, /which the superblock denies/);
});
