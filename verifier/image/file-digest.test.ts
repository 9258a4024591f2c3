import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { CouldNotDecide } from '../bytes/failures.ts';
import type { ByteSource } from './byte-source.ts';
import { bytesSource } from './bytes-source.ts';
import { digestFile } from './file-digest.ts';
import { CorruptData } from './verified-source.ts';

const mebibyte = 1024 * 1024;

test('the digest is SHA-256 over every byte, whatever the size', async () => {
  for (const size of [0, 1, mebibyte - 1, mebibyte, mebibyte + 1, 3 * mebibyte]) {
    const bytes = Buffer.alloc(size, 'touchstone');
    const { digest } = await digestFile(bytesSource(bytes));
    assert.equal(digest.sha256, createHash('sha256').update(bytes).digest('hex'));
    assert.equal(digest.bytes, size);
  }
});

test('a large source is read in pieces, in order, and told of', async () => {
  const reads: number[] = [];
  const told: number[] = [];
  const source: ByteSource = {
    size: 2 * mebibyte + 5,
    read: (offset, length) => {
      reads.push(offset);
      assert.ok(length <= mebibyte);
      return Promise.resolve(new Uint8Array(length));
    },
  };
  await digestFile(source, (bytes) => told.push(bytes));
  assert.deepEqual(reads.slice(0, 3), [0, mebibyte, 2 * mebibyte]);
  assert.deepEqual(told, [mebibyte, 2 * mebibyte, 2 * mebibyte + 5]);
});

test('a source that gives less than it has gives no digest', async () => {
  const short: ByteSource = { size: 10, read: () => Promise.resolve(new Uint8Array(3)) };
  await assert.rejects(digestFile(short), CouldNotDecide);
});

test('what is beyond the first piece changes the digest', async () => {
  const bytes = Buffer.alloc(mebibyte + 10);
  const { digest } = await digestFile(bytesSource(bytes));
  bytes[mebibyte + 9] = 1;
  assert.notEqual((await digestFile(bytesSource(bytes))).digest.sha256, digest.sha256);
});

test('what was digested can be read again, across pieces and at the end', async () => {
  const bytes = Buffer.alloc(2 * mebibyte + 5, 'touchstone');
  const { data } = await digestFile(bytesSource(bytes));
  for (const [offset, length] of [
    [0, 0],
    [mebibyte - 3, 7],
    [5, 2 * mebibyte],
    [2 * mebibyte + 1, 4],
    [bytes.length, 0],
  ] as const)
    assert.deepEqual(Buffer.from(await data.read(offset, length)), bytes.subarray(offset, offset + length));
});

test('a piece that changed since is not read again, the others are', async () => {
  const bytes = Buffer.alloc(2 * mebibyte + 5, 'touchstone');
  const { data } = await digestFile(bytesSource(bytes));
  bytes[mebibyte + 1] = 0;
  await assert.rejects(data.read(mebibyte + 10, 1), CorruptData);
  await assert.rejects(data.read(mebibyte - 1, 2), CorruptData);
  assert.equal((await data.read(mebibyte - 1, 1)).length, 1);
  assert.equal((await data.read(2 * mebibyte, 5)).length, 5);
});
