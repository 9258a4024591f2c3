import assert from 'node:assert/strict';
import { test } from 'node:test';

import { guidOnDisk, repairGpt, writeGpt } from '../../test-vectors/generate/gpt-writer.ts';
import {
  type ImageOptions,
  type MadeImage,
  makeDdi,
  makeErofs,
} from '../../test-vectors/generate/make-image.ts';
import { Malformed, Unsupported } from '../bytes/failures.ts';
import { parseHex } from '../bytes/hex.ts';
import { bytesSource } from './bytes-source.ts';
import { checkRootHashClaims, openImage } from './image.ts';
import { partitionTypes } from './partition-type-table.ts';

const data = Buffer.alloc(8192, 'data');
const make = (more: Partial<ImageOptions> = {}): MadeImage =>
  makeDdi({ data, sign: () => Buffer.of(1, 2, 3), ...more });
const open = (bytes: Uint8Array) => openImage(bytesSource(bytes));
const entry = (number: number, field = 0) => 1024 + (number - 1) * 128 + field;

async function refuses(
  bytes: Uint8Array,
  Failure: typeof Malformed | typeof Unsupported,
  problem: RegExp,
): Promise<void> {
  await assert.rejects(
    open(bytes),
    (error) => error instanceof Failure && problem.test(error.message),
    problem.source,
  );
}

test('a signed image is opened with all that the stages after this one need', async () => {
  const made = make({ slack: 5 });
  const source = bytesSource(made.bytes);
  const { verity, ...image } = await openImage(source);
  assert.deepEqual(image, {
    form: 'ddi',
    architecture: 'x86-64',
    designator: 'root',
    sectorSize: 512,
    data: { offset: made.dataOffset, length: 8192 + 5 * 512 },
    hashTree: { offset: made.verityOffset, length: made.verityLength + 5 * 512, source, file: 'the file' },
    signature: { rootHash: made.rootHash, cms: Uint8Array.of(1, 2, 3), claimedCertificateFingerprint: null },
    partitionUuids: { data: made.rootHash.slice(0, 32), hashTree: made.rootHash.slice(32) },
    claimedRootHash: made.rootHash,
    rootHashFrom: 'signature',
  });
  assert.equal(verity?.dataBlocks, 2);
});

test('architecture and hierarchy come from the partition types', async () => {
  for (const architecture of ['x86-64', 'arm64'] as const) {
    for (const designator of ['root', 'usr'] as const) {
      const image = await open(make({ architecture, designator }).bytes);
      assert.deepEqual([image.architecture, image.designator], [architecture, designator]);
    }
  }
});

test('without a signature the root hash is guessed from the UUIDs, if they can hold it', async () => {
  const made = makeDdi({ data });
  const image = await open(made.bytes);
  assert.deepEqual(
    [image.signature, image.claimedRootHash, image.rootHashFrom],
    [null, made.rootHash, 'partition-uuids'],
  );
  const long = await open(makeDdi({ data, verity: { algorithm: 'sha512' } }).bytes);
  assert.deepEqual([long.claimedRootHash, long.rootHashFrom], [null, null]);
});

test('an image of data alone has no tree and no root hash', async () => {
  const type = partitionTypes.arm64.usr.data;
  const { bytes } = writeGpt([{ type, uuid: '12'.repeat(16), name: 'x', bytes: data }]);
  const image = await open(bytes);
  assert.deepEqual(
    [image.verity, image.hashTree, image.signature, image.claimedRootHash],
    [null, null, null, null],
  );
  assert.equal(image.partitionUuids?.hashTree, null);
});

test('partition UUIDs that are not halves of the root hash are a mismatch', async () => {
  const made = make();
  const image = await open(made.bytes);
  const other = parseHex(`ff${made.rootHash.slice(2)}`, 'x');
  const another = parseHex(`${made.rootHash.slice(0, -2)}ff`, 'x');
  assert.deepEqual(checkRootHashClaims(image, parseHex(made.rootHash, 'x')), []);
  const onlyUuids = { ...image, signature: null };
  const [first, ...none] = checkRootHashClaims(onlyUuids, other);
  assert.deepEqual([first?.code, none.length], ['root-hash-mismatch', 0]);
  assert.match(first?.message ?? '', /UUID of the data partition is .* begins/);
  const [last] = checkRootHashClaims(onlyUuids, another);
  assert.match(last?.message ?? '', /UUID of the verity partition is .* ends/);
  assert.equal(last?.code, 'root-hash-mismatch');
  const long = make({ verity: { algorithm: 'sha512' } });
  assert.deepEqual(checkRootHashClaims(await open(long.bytes), parseHex(long.rootHash, 'x')), []);
});

test('a file system without a partition table is bare: nothing in it says what it should be', async () => {
  const erofs = makeErofs({ 'usr/x': 'x' });
  const { verity, hashTree, signature, claimedRootHash, ...image } = await open(erofs);
  assert.deepEqual([verity, hashTree, signature, claimedRootHash], [null, null, null, null]);
  assert.deepEqual(image, {
    ...{ form: 'bare', architecture: null, designator: 'root', sectorSize: null },
    ...{ data: { offset: 0, length: erofs.length }, partitionUuids: null, rootHashFrom: null },
  });
});

test('a file without a partition table is named for what it seems to be', async () => {
  const xfs = Buffer.alloc(4096);
  xfs.write('XFSB', 0);
  await refuses(xfs, Unsupported, /seems to be xfs; only squashfs, erofs and ext4/);
  await refuses(Buffer.from('text'), Unsupported, /neither a GPT nor a file system/);
  const two = makeErofs({ 'usr/x': 'x' });
  two.write('hsqs', 0);
  await refuses(two, Malformed, /could be any of squashfs, erofs/);
});

test('what systemd would have to choose from is not handled', async () => {
  const types = partitionTypes['x86-64'].root;
  const part = (type: string, digit: string) => ({ type, uuid: digit.repeat(32), name: 'x', bytes: data });
  await refuses(
    writeGpt([part(types.data, '1'), part(types.data, '2')]).bytes,
    Unsupported,
    /more than one data/,
  );
  await refuses(writeGpt([part(types.verity, '1')]).bytes, Unsupported, /no data partition/);
  await refuses(writeGpt([]).bytes, Unsupported, /no data partition/);
  for (const type of [partitionTypes.arm64.root.verity, partitionTypes['x86-64'].usr.verity]) {
    const { bytes } = make();
    guidOnDisk(type).copy(bytes, entry(2));
    repairGpt(bytes);
    await refuses(bytes, Unsupported, /partition 2: is for another/);
  }
  for (const [number, role] of [
    [2, 'signature'],
    [3, 'verity'],
  ] as const) {
    const { bytes } = make();
    guidOnDisk(types[role]).copy(bytes, entry(number));
    repairGpt(bytes);
    await refuses(bytes, Unsupported, new RegExp(`more than one ${role}`));
  }
});

test('a signature without a tree is about nothing', async () => {
  const types = partitionTypes['x86-64'].root;
  const { bytes } = writeGpt([
    { type: types.data, uuid: '12'.repeat(16), name: 'x', bytes: data },
    { type: types.signature, uuid: '34'.repeat(16), name: 'x', bytes: data },
  ]);
  await refuses(bytes, Malformed, /no hash tree/);
});

test('data and tree fit their partitions', async () => {
  const made = make();
  const more = Buffer.from(made.bytes);
  more.writeBigUInt64LE(3n, made.verityOffset + 72);
  await refuses(more, Malformed, /number of data blocks: is more than there is data/);
  const smaller = make({ data: Buffer.alloc(300 * 4096) }).bytes;
  const last = smaller.readBigUInt64LE(entry(2, 40)) - 8n;
  smaller.writeBigUInt64LE(last, entry(2, 40));
  smaller.fill(0, Number(last + 1n) * 512, Number(last + 9n) * 512);
  repairGpt(smaller);
  await refuses(smaller, Malformed, /hash tree: does not fit into the \d+ bytes that there are/);
});

test('a signature partition over the limit is refused before it is read', async () => {
  const made = make({ signatureText: () => ' '.repeat(4 * 1024 * 1024 + 1) });
  const inner = bytesSource(made.bytes);
  const source = {
    size: inner.size,
    read: (offset: number, length: number) => {
      assert.ok(length <= 2 * 1024 * 1024, 'was read');
      return inner.read(offset, length);
    },
  };
  await assert.rejects(openImage(source), /signature partition: has 4198400 bytes/);
});
