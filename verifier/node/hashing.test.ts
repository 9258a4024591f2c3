import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';

import fc from 'fast-check';

import {
  blockContent,
  makeVeritySample,
  partsOf,
  type VeritySample,
} from '../../test-vectors/generate/verity-sample.ts';
import { CouldNotDecide } from '../bytes/failures.ts';
import { digestBlocks } from '../image/block-digests.ts';
import type { BlockRun, ByteSource, DigestedBlocks } from '../image/byte-source.ts';
import { bytesSource } from '../image/bytes-source.ts';
import { type TreeVerdict, verifyTree } from '../image/verity-tree.ts';
import { type AddonRequest, loadAddon } from './addon.ts';
import { type FileSource, openFileSource } from './file-source.ts';
import type { Hashing } from './hashing.ts';

const work = mkdtempSync(join(tmpdir(), 'touchstone-hashing-'));
after(() => rmSync(work, { recursive: true }));
const addon = loadAddon();

/** Every way there is on this machine; without the addon those of JavaScript. */
const ways: readonly Hashing[] = [
  { by: 'main-thread' },
  { by: 'workers', threads: 1 },
  { by: 'workers', threads: 3 },
  ...(addon?.engines ?? []).flatMap((engine): Hashing[] => [
    { by: 'addon', engine, threads: 1 },
    { by: 'addon', engine, threads: 3 },
  ]),
];

let files = 0;
function file(bytes: Uint8Array): string {
  const path = join(work, String(files++));
  writeFileSync(path, bytes);
  return path;
}

async function withFile<T>(path: string, way: Hashing, use: (source: FileSource) => Promise<T>): Promise<T> {
  const source = await openFileSource(path, way);
  try {
    return await use(source);
  } finally {
    await source.close();
  }
}

/** By the plainest code there is: update() twice for each block. */
function expected(bytes: Uint8Array, { offset, blockSize, count, hashing }: BlockRun): Buffer {
  const digests = Array.from({ length: count }, (_, index) => {
    const block = bytes.subarray(offset + index * blockSize, offset + (index + 1) * blockSize);
    const [first, second] = hashing.saltAfter ? [block, hashing.salt] : [hashing.salt, block];
    return createHash(hashing.algorithm).update(first).update(second).digest();
  });
  return Buffer.concat(digests);
}

const content = blockContent(3 * 1024 * 1024 + 12_348);

const runs: fc.Arbitrary<BlockRun> = fc
  .record({
    power: fc.integer({ min: 9, max: 16 }),
    count: fc.integer({ min: 1, max: 70 }),
    offset: fc.nat(12_348),
    algorithm: fc.constantFrom('sha256' as const, 'sha512' as const),
    salt: fc.oneof(
      fc.uint8Array({ maxLength: 256 }),
      fc
        .constantFrom(0, 1, 32, 55, 56, 63, 64, 65, 128, 247, 248, 255, 256)
        .map((size) => new Uint8Array(size).fill(size)),
    ),
    saltAfter: fc.boolean(),
    keepBlocks: fc.boolean(),
  })
  .map(({ power, count, offset, keepBlocks, ...hashing }) => ({
    ...{ offset, blockSize: 2 ** power, keepBlocks, hashing },
    count: Math.min(count, Math.floor((content.length - offset) / 2 ** power)),
  }));

test('all ways give the digests that node:crypto gives, and the blocks if asked', async () => {
  const path = file(content);
  for (const way of ways) {
    await withFile(path, way, async (source) => {
      await fc.assert(
        fc.asyncProperty(runs, async (run) => {
          const { digests, blocks } = await digestBlocks(source, 'blocks', run);
          assert.deepEqual(Buffer.from(digests), expected(content, run));
          const end = run.offset + run.count * run.blockSize;
          assert.deepEqual(
            blocks === null ? null : Buffer.from(blocks),
            run.keepBlocks ? content.subarray(run.offset, end) : null,
          );
        }),
        { numRuns: 150 },
      );
    });
  }
});

test('long runs, which threads share, come in the order of the blocks', async () => {
  const bytes = blockContent(24 * 1024 * 1024);
  const path = file(bytes);
  const hashing = { algorithm: 'sha256', salt: Buffer.alloc(32, 3), saltAfter: false } as const;
  for (const blockSize of [512, 4096, 65_536]) {
    const run = { offset: 0, blockSize, count: bytes.length / blockSize, hashing, keepBlocks: true };
    const right = expected(bytes, run);
    for (const way of ways) {
      const { digests, blocks } = await withFile(path, way, (source) => digestBlocks(source, 'blocks', run));
      assert.ok(right.equals(digests), JSON.stringify(way));
      assert.ok(bytes.equals(blocks ?? new Uint8Array()), JSON.stringify(way));
    }
  }
});

const verify = (made: VeritySample, source: ByteSource, bytes: Buffer): Promise<TreeVerdict> =>
  verifyTree(partsOf(made, source, bytes), made.rootHash);

test('all ways come to the verdict of the plain one, fault and place included', async () => {
  const shapes = [
    makeVeritySample({}, 1),
    makeVeritySample({ hashType: 0 }, 300),
    makeVeritySample({ dataBlockSize: 512, hashBlockSize: 512, algorithm: 'sha512' }, 600),
    makeVeritySample({ dataBlockSize: 512, hashBlockSize: 512 }, 2000),
    makeVeritySample({ salt: Buffer.alloc(256, 1) }, 2000),
  ];
  for (const made of shapes) {
    const spread = made.bytes.length / 7;
    const places = [
      made.dataOffset,
      made.dataOffset + made.dataBytes - 1,
      made.treeOffset + made.treeBytes - 1,
    ];
    for (let at = spread; at < made.bytes.length; at += spread) places.push(Math.floor(at));
    for (const place of [null, ...places]) {
      const bytes = Buffer.from(made.bytes);
      if (place !== null) bytes.writeUInt8(bytes.readUInt8(place) ^ 16, place);
      const plain = await verify(made, bytesSource(bytes), made.bytes);
      const path = file(bytes);
      for (const way of ways)
        assert.deepEqual(await withFile(path, way, (source) => verify(made, source, made.bytes)), plain);
      rmSync(path);
    }
  }
});

const small: BlockRun = {
  ...{ offset: 0, blockSize: 4096, count: 256, keepBlocks: false },
  hashing: { algorithm: 'sha256', salt: new Uint8Array(), saltAfter: false },
};

const shorter = (error: unknown): boolean =>
  error instanceof CouldNotDecide &&
  error.message.includes('changed while being read: it has become shorter');

test('a file that becomes shorter gives no answer, and the process lives on', async () => {
  for (const way of ways) {
    for (const keepBlocks of [false, true]) {
      const path = file(content);
      await withFile(path, way, async (source) => {
        for (const length of [256 * 4096 - 1, 4096 * 3 + 5, 0]) {
          truncateSync(path, length);
          await assert.rejects(digestBlocks(source, 'blocks', { ...small, keepBlocks }), shorter);
        }
      });
    }
  }
});

test('a file that is closed gives no answer, and closing waits for what is being read', async () => {
  const path = file(content);
  for (const way of ways) {
    const source = await openFileSource(path, way);
    const outstanding = digestBlocks(source, 'blocks', small);
    const closed = source.close();
    // Node.js itself keeps the file of a plain read open; threads know no more than its number.
    const late = digestBlocks(source, 'blocks', small);
    if (way.by === 'main-thread') await late.catch(() => null);
    else await assert.rejects(late, CouldNotDecide);
    assert.ok(expected(content, small).equals((await outstanding).digests), JSON.stringify(way));
    await closed;
    await assert.rejects(digestBlocks(source, 'blocks', small), CouldNotDecide);
  }
});

test('tiny files and blocks beyond the end are refused before anything reads', async () => {
  for (const way of ways) {
    await withFile(file(Buffer.alloc(511)), way, async (source) => {
      for (const run of [small, { ...small, count: 1, blockSize: 512 }, { ...small, offset: 2 ** 53 }])
        await assert.rejects(digestBlocks(source, 'blocks', run), { code: 'malformed' });
    });
  }
});

test('without a wish the fastest way is taken, and the environment can turn the addon off', async () => {
  const path = file(content);
  const source = await openFileSource(path);
  assert.equal('digestBlocks' in source, addon !== null);
  await source.close();
  process.env['TOUCHSTONE_NATIVE'] = '0';
  try {
    assert.equal(loadAddon(), null);
    const plain = await openFileSource(path);
    assert.equal('digestBlocks' in plain, false);
    await plain.close();
    await assert.rejects(openFileSource(path, { by: 'addon' }), CouldNotDecide);
    truncateSync(path, 2 ** 30);
    const large = await openFileSource(path);
    assert.ok('digestBlocks' in large);
    await large.close();
  } finally {
    delete process.env['TOUCHSTONE_NATIVE'];
  }
});

test('closing ends the worker threads', async () => {
  const path = file(content);
  const threadsAfter = async (): Promise<number> => {
    await withFile(path, { by: 'workers', threads: 3 }, (source) => digestBlocks(source, 'blocks', small));
    return readdirSync('/proc/self/task').length;
  };
  const once = await threadsAfter();
  assert.equal(await threadsAfter(), once);
});

test('worker threads do not keep a process that forgot to close', () => {
  const path = file(Buffer.alloc(8 * 1024 * 1024));
  const module = new URL('./file-source.js', import.meta.url).href;
  const script = `
    const { openFileSource } = await import(${JSON.stringify(module)});
    const source = await openFileSource(${JSON.stringify(path)}, { by: 'workers' });
    const hashing = { algorithm: 'sha256', salt: new Uint8Array(), saltAfter: false };
    const run = { offset: 0, blockSize: 4096, count: 2048, hashing, keepBlocks: false };
    console.log((await source.digestBlocks(run)).digests.length);`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    ...{ encoding: 'utf8', timeout: 60_000 },
  });
  assert.equal(said, `${2048 * 32}\n`);
});

/** What JavaScript may do, types or not. */
function callWith(request: unknown): Promise<DigestedBlocks> {
  assert.ok(addon);
  return addon.digestBlocks(request as AddonRequest);
}

test('where the addon can be built, it is', () => {
  // A build in another directory does not find it.
  if (!import.meta.url.startsWith(new URL(`file://${process.cwd()}/dist/`).href)) return;
  const runs = (tool: string): boolean => spawnSync(tool, ['--version']).status === 0;
  const header = join(dirname(process.execPath), '..', 'include', 'node', 'node_api.h');
  if (existsSync(header) && ['python3', 'make', 'g++'].every(runs))
    assert.ok(addon, 'run: sh setup/build-addon.sh');
});

test('the addon refuses what is out of range, with an exception', { skip: addon === null }, async () => {
  assert.ok(addon);
  const descriptor = openSync(file(content), 'r');
  const right: AddonRequest = {
    ...{ file: descriptor, offset: 0, blockSize: 4096, count: 4, keepBlocks: true },
    ...{ algorithm: 'sha256', salt: Buffer.of(1), saltAfter: false, engine: 'openssl', threads: 1 },
  };
  assert.equal((await addon.digestBlocks(right)).digests.length, 128);
  const wrong: readonly Readonly<Record<string, unknown>>[] = [
    ...[-1, 2 ** 31, 1.5, Number.NaN, '0', null, undefined, 1n].map((value) => ({ file: value })),
    ...[-1, 0.5, 2 ** 53, Infinity, -Infinity, Number.NaN, '0', {}].map((offset) => ({ offset })),
    ...[0, 1, 256, 511, 513, 4095, 65_537, 131_072, 2 ** 32 + 512, -512].map((blockSize) => ({ blockSize })),
    ...[0, -1, 0.5, 2 ** 32, 2 ** 32 - 1, 2 ** 53, Number.NaN].map((count) => ({ count })),
    { count: 65_537 },
    { offset: 2 ** 53 - 4096 },
    ...['md5', 'SHA256', '', 'sha256'.repeat(99), 256, null].map((algorithm) => ({ algorithm })),
    ...[new Uint8Array(257), new Uint16Array(2), new ArrayBuffer(2), [1], 'salt', null].map((salt) => ({
      salt,
    })),
    ...[0, 1, null, undefined, 'true'].flatMap((flag) => [{ saltAfter: flag }, { keepBlocks: flag }]),
    ...['', 'avx', 'mmx', 'x'.repeat(5000), 1, undefined].map((engine) => ({ engine })),
    ...[0, 65, -1, 1.5, 2 ** 32 + 1, Number.NaN].map((threads) => ({ threads })),
  ];
  for (const part of wrong) {
    const [field] = Object.keys(part);
    assert.throws(
      () => callWith({ ...right, ...part }),
      (error) =>
        error instanceof RangeError &&
        error.message.includes(`digestBlocks: ${field === 'offset' ? '' : field}`),
      JSON.stringify(part, (_, value) => (typeof value === 'bigint' ? 'bigint' : value)),
    );
  }
  for (const request of [undefined, null, 5, 'x', []]) assert.throws(() => callWith(request), RangeError);
  closeSync(descriptor);
});

test(
  'the addon passes on what a getter throws, and reads each property once',
  { skip: addon === null },
  async () => {
    assert.ok(addon);
    const thrown = new CouldNotDecide('from a getter');
    const bad = {
      get file(): number {
        throw thrown;
      },
    };
    assert.throws(
      () => callWith(bad),
      (error) => error === thrown,
    );
    const descriptor = openSync(file(content), 'r');
    let reads = 0;
    const changing = {
      ...{ file: descriptor, offset: 0, blockSize: 4096, keepBlocks: true, algorithm: 'sha256' },
      ...{ salt: Buffer.of(1), saltAfter: false, engine: 'openssl', threads: 1 },
      get count(): number {
        return reads++ === 0 ? 2 : 60_000;
      },
    };
    const { digests } = await callWith(changing);
    assert.equal(digests.length, 64);
    closeSync(descriptor);
  },
);

test('the addon says why it cannot read', { skip: addon === null }, async () => {
  assert.ok(addon);
  const directory = openSync(work, 'r');
  const writable = openSync(join(work, 'write-only'), 'w');
  const request: AddonRequest = {
    ...{ file: directory, offset: 0, blockSize: 4096, count: 40, keepBlocks: false },
    ...{ algorithm: 'sha256', salt: Buffer.of(), saltAfter: false, engine: 'openssl', threads: 2 },
  };
  await assert.rejects(addon.digestBlocks(request), { errno: -21, message: 'Is a directory' });
  await assert.rejects(addon.digestBlocks({ ...request, file: writable }), { errno: -9 });
  await assert.rejects(addon.digestBlocks({ ...request, file: 2 ** 31 - 1, keepBlocks: true }), {
    errno: -9,
  });
  closeSync(directory);
  closeSync(writable);
});
