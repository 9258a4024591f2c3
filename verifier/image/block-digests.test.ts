import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { blockContent } from '../../test-vectors/generate/verity-sample.ts';
import { CouldNotDecide } from '../bytes/failures.ts';
import { digestBlocks } from './block-digests.ts';
import type { BlockRun, ByteSource } from './byte-source.ts';
import { bytesSource } from './bytes-source.ts';

const bytes = blockContent(3 * 1024 * 1024);
const run: BlockRun = {
  ...{ offset: 1024, blockSize: 512, count: 5000, keepBlocks: true },
  hashing: { algorithm: 'sha256', salt: Buffer.of(1, 2, 3), saltAfter: false },
};

test('blocks are digested with the salt on its side, and given back if asked for', async () => {
  for (const saltAfter of [false, true]) {
    const hashing = { ...run.hashing, saltAfter };
    const { digests, blocks } = await digestBlocks(bytesSource(bytes), 'x', { ...run, hashing });
    assert.deepEqual(Buffer.from(blocks ?? []), bytes.subarray(1024, 1024 + 5000 * 512));
    for (const index of [0, 1, 2047, 2048, 4999]) {
      const block = bytes.subarray(1024 + index * 512, 1024 + (index + 1) * 512);
      const message = saltAfter ? [block, hashing.salt] : [hashing.salt, block];
      const expected = createHash('sha256').update(Buffer.concat(message)).digest();
      assert.deepEqual(Buffer.from(digests.subarray(index * 32, (index + 1) * 32)), expected);
    }
  }
  const { blocks } = await digestBlocks(bytesSource(bytes), 'x', { ...run, keepBlocks: false });
  assert.equal(blocks, null);
});

test('blocks that are not all inside the source are malformed, and nothing is asked of it', async () => {
  const asked = (): never => assert.fail('was asked');
  const source: ByteSource = { size: bytes.length, read: asked, digestBlocks: asked };
  for (const part of [
    { offset: bytes.length - 511, count: 1 },
    { offset: -512, count: 1 },
    { offset: 0, count: 2 ** 52 },
    { offset: 2 ** 53, count: 1 },
    { offset: Number.NaN, count: 1 },
  ]) {
    await assert.rejects(digestBlocks(source, 'x', { ...run, ...part }), { code: 'malformed', field: 'x' });
  }
});

test('a source that gives more or less than all digests and all blocks is not believed', async () => {
  const answers: readonly [digests: number, blocks: number | null][] = [
    [5000 * 32 - 32, 5000 * 512],
    [5000 * 32 + 32, 5000 * 512],
    [0, 5000 * 512],
    [5000 * 32, 5000 * 512 - 512],
    [5000 * 32, null],
  ];
  for (const [digests, blocks] of answers) {
    const answer = {
      digests: new Uint8Array(digests),
      blocks: blocks === null ? null : new Uint8Array(blocks),
    };
    const source = { ...bytesSource(bytes), digestBlocks: () => Promise.resolve(answer) };
    await assert.rejects(digestBlocks(source, 'x', run), CouldNotDecide);
  }
});
