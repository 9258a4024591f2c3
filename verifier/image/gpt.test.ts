import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { guidOnDisk, repairGpt, sealGptCopy, writeGpt } from '../../test-vectors/generate/gpt-writer.ts';
import { Malformed, Unsupported } from '../bytes/failures.ts';
import { bytesSource } from './bytes-source.ts';
import { readGpt } from './gpt.ts';
import { guidText } from './guid.ts';
import { partitionTypes } from './partition-type-table.ts';

const types = partitionTypes['x86-64'].root;
const written = [
  { type: types.data, uuid: '11'.repeat(16), name: 'data', bytes: Buffer.alloc(4096, 1) },
  { type: types.verity, uuid: '22'.repeat(16), name: 'hash tree', bytes: Buffer.alloc(8192, 2), slack: 3 },
  { type: types.signature, uuid: '33'.repeat(16), name: 'a'.repeat(36), bytes: Buffer.alloc(512, 3) },
];

/** Offsets in an image with sectors of 512 bytes. */
const header = 512;
const entries = 1024;
const entry = (number: number, field = 0) => entries + (number - 1) * 128 + field;

type Edit = (bytes: Buffer) => Buffer | undefined;

/** The edit, on a table that is otherwise right: CRCs made new and the backup like the primary. */
const repaired =
  (edit: (bytes: Buffer) => void): Edit =>
  (bytes) => {
    edit(bytes);
    repairGpt(bytes);
    return bytes;
  };

async function refuses(
  edit: Edit,
  Failure: typeof Malformed | typeof Unsupported,
  problem: RegExp,
): Promise<void> {
  const { bytes } = writeGpt(written);
  const edited = edit(bytes) ?? bytes;
  await assert.rejects(
    readGpt(bytesSource(edited)),
    (error) => error instanceof Failure && problem.test(error.message),
    problem.source,
  );
}

test('a table is read for each sector size, with partitions in bytes and GUIDs in the order of their text', async () => {
  for (const sector of [512, 1024, 2048, 4096]) {
    const { bytes, offsets } = writeGpt(written, sector);
    const table = await readGpt(bytesSource(bytes));
    assert.equal(table?.sectorSize, sector);
    assert.deepEqual(
      table.partitions.map(({ offset, name, uuid, role, number }) => ({ offset, name, uuid, role, number })),
      written.map(({ name, uuid }, index) => ({
        offset: offsets[index],
        name,
        uuid,
        role: (['data', 'verity', 'signature'] as const)[index],
        number: index + 1,
      })),
    );
    assert.equal(table.partitions[1]?.length, Math.ceil(8192 / sector + 3) * sector);
  }
});

test('libblkid reads the table as we do', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-gpt-'));
  try {
    const path = join(directory, 'image');
    writeFileSync(path, writeGpt(written).bytes);
    const table = await readGpt(bytesSource(writeGpt(written).bytes));
    const columns = 'NR,START,SECTORS,UUID,NAME';
    const seen = execFileSync('partx', ['--raw', '--noheadings', '--bytes', '--output', columns, path], {
      encoding: 'utf8',
    });
    const ours = table?.partitions.map(({ number, offset, length, uuid, name }) =>
      [number, offset / 512, length / 512, guidText(uuid), name.replace(' ', '\\x20')].join(' '),
    );
    assert.deepEqual(seen.trimEnd().split('\n'), ours);
    const probed = execFileSync('blkid', ['-p', '-o', 'export', path], { encoding: 'utf8' });
    assert.match(probed, /^PTTYPE=gpt$/m);
    assert.doesNotMatch(probed, /^(TYPE|USAGE)=/m);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('what has no header in sector 1 has no table', async () => {
  assert.equal(await readGpt(bytesSource(new Uint8Array(8192))), null);
  assert.equal(await readGpt(bytesSource(new Uint8Array())), null);
  assert.equal(await readGpt(bytesSource(new Uint8Array(515))), null);
});

test('headers for two sector sizes are ambiguous', async () => {
  await refuses((bytes) => void bytes.write('EFI PART', 4096), Malformed, /sectors of 512 and 4096 bytes/);
});

test('the protective MBR protects, and holds nothing else', async () => {
  await refuses((bytes) => void bytes.write('hsqs', 0), Malformed, /boot code/);
  await refuses((bytes) => void bytes.writeUInt8(1, 440), Malformed, /boot code/);
  await refuses((bytes) => void bytes.writeUInt8(0, 511), Malformed, /no signature/);
  await refuses((bytes) => void bytes.fill(0, 446, 462), Malformed, /0 partitions/);
  await refuses((bytes) => void bytes.writeUInt8(0x83, 462 + 4), Malformed, /2 partitions/);
  await refuses((bytes) => void bytes.writeUInt8(0x83, 446 + 4), Malformed, /does not protect/);
  await refuses((bytes) => void bytes.writeUInt8(0x80, 446), Malformed, /does not protect/);
  await refuses((bytes) => void bytes.writeUInt32LE(2, 446 + 8), Malformed, /does not protect/);
  await refuses((bytes) => void bytes.writeUInt32LE(40, 446 + 12), Malformed, /whole file/);
});

test('a protective MBR may say that the disk is too large for it', async () => {
  const { bytes } = writeGpt(written);
  bytes.writeUInt32LE(0xffffffff, 446 + 12);
  assert.ok(await readGpt(bytesSource(bytes)));
});

test('a primary header that libblkid would pass over for the backup is refused', async () => {
  await refuses((bytes) => void bytes.writeUInt8(0x99, header + 56), Malformed, /GPT header: CRC/);
  await refuses((bytes) => void bytes.writeUInt8(1, entry(9)), Malformed, /partition entries CRC/);
  const edits: [
    edit: (bytes: Buffer) => void,
    Failure: typeof Malformed | typeof Unsupported,
    problem: RegExp,
  ][] = [
    [(bytes) => bytes.writeUInt32LE(0x00010001, header + 8), Unsupported, /revision/],
    [(bytes) => bytes.writeUInt32LE(91, header + 12), Unsupported, /header size/],
    [(bytes) => bytes.writeUInt32LE(513, header + 12), Unsupported, /header size/],
    [(bytes) => bytes.writeUInt32LE(1, header + 20), Malformed, /reserved/],
    [(bytes) => bytes.writeBigUInt64LE(2n, header + 24), Malformed, /own LBA/],
    [(bytes) => bytes.writeBigUInt64LE(9n, header + 32), Malformed, /alternate LBA/],
    [(bytes) => bytes.writeBigUInt64LE(1n << 60n, header + 40), Malformed, /first usable LBA/],
    [(bytes) => bytes.writeBigUInt64LE(1n, header + 40), Malformed, /usable LBAs/],
    [
      (bytes) => bytes.writeBigUInt64LE(bytes.readBigUInt64LE(header + 32), header + 48),
      Malformed,
      /usable LBAs/,
    ],
    [(bytes) => bytes.writeUInt32LE(0, header + 80), Malformed, /number of partition entries/],
    [(bytes) => bytes.writeUInt32LE(8193, header + 80), Malformed, /number of partition entries/],
    [(bytes) => bytes.writeUInt32LE(256, header + 84), Unsupported, /partition entry size/],
    [(bytes) => bytes.writeUInt8(1, header + 92), Malformed, /followed by zeros/],
  ];
  for (const [edit, Failure, problem] of edits) {
    await refuses(
      (bytes) => {
        edit(bytes);
        sealGptCopy(bytes, 1);
        return bytes;
      },
      Failure,
      problem,
    );
  }
});

test('entries that do not begin in sector 2 are not handled', async () => {
  await refuses(
    (bytes) => {
      bytes.copyWithin(3 * 512, 2 * 512, 2 * 512 + 3 * 128);
      bytes.fill(0, 2 * 512, 3 * 512);
      bytes.writeUInt32LE(100, header + 80);
      bytes.writeBigUInt64LE(3n, header + 72);
      repairGpt(bytes);
      return bytes;
    },
    Unsupported,
    /entries LBA/,
  );
});

test('a backup table that is missing, elsewhere or different is refused', async () => {
  const last = (bytes: Buffer) => bytes.length / 512 - 1;
  await refuses((bytes) => void bytes.fill(0, bytes.length - 512), Malformed, /backup GPT header/);
  await refuses(
    (bytes) => Buffer.concat([bytes, Buffer.alloc(512)]),
    Malformed,
    /whole file|backup GPT header/,
  );
  await refuses((bytes) => bytes.subarray(0, -100), Malformed, /whole number/);
  await refuses(
    (bytes) => {
      bytes.writeUInt8(0x77, bytes.length - 512 + 56);
      sealGptCopy(bytes, last(bytes));
      return bytes;
    },
    Malformed,
    /does not say what the primary/,
  );
  await refuses(
    (bytes) => {
      bytes.writeUInt8(0x77, bytes.length - 512 - 128 * 128 + 16);
      sealGptCopy(bytes, last(bytes));
      return bytes;
    },
    Malformed,
    /does not say what the primary/,
  );
});

test('partitions lie inside the usable sectors, apart from each other, under their own UUID', async () => {
  const at = (number: number, from: bigint, to: bigint) =>
    repaired((bytes) => {
      bytes.writeBigUInt64LE(from, entry(number, 32));
      bytes.writeBigUInt64LE(to, entry(number, 40));
    });
  await refuses(
    repaired((bytes) => bytes.writeBigUInt64LE(41n, header + 40)),
    Malformed,
    /partition 1: lies outside/,
  );
  await refuses(at(1, 33n, 40n), Malformed, /partition 1: lies outside/);
  await refuses(at(1, 40n, 39n), Malformed, /partition 1: lies outside/);
  await refuses(at(3, 80n, 1n << 40n), Malformed, /partition 3: lies outside/);
  await refuses(at(3, 40n, 40n), Malformed, /partition [13]: overlaps/);
  await refuses(
    repaired((bytes) => bytes.copy(bytes, entry(2, 16), entry(1, 16), entry(1, 32))),
    Malformed,
    /partition 2: has the UUID/,
  );
  await refuses(
    repaired((bytes) => bytes.fill(0, entry(2, 16), entry(2, 32))),
    Malformed,
    /no UUID/,
  );
  await refuses(
    repaired((bytes) => bytes.fill(0, entry(2), entry(2, 16))),
    Malformed,
    /unused but not empty/,
  );
});

test('a partition that has no part in an extension image is named', async () => {
  const swap = '0657fd6d-a4ab-43c4-84e5-0933c84b4f4f';
  await refuses(
    repaired((bytes) => guidOnDisk(swap).copy(bytes, entry(2))),
    Unsupported,
    new RegExp(swap),
  );
});

test('attributes with which systemd would pass over a partition are refused', async () => {
  const attributes = (value: bigint) => repaired((bytes) => bytes.writeBigUInt64LE(value, entry(2, 48)));
  await refuses(
    attributes(1n << 63n),
    Unsupported,
    /partition 2: attributes: has the bits 0x8000000000000000/,
  );
  await refuses(attributes(1n), Unsupported, /bits 0x1\b/);
  for (const value of [0n, 3n << 59n]) {
    const { bytes } = writeGpt(written);
    attributes(value)(bytes);
    assert.ok(await readGpt(bytesSource(bytes)), value.toString(16));
  }
});

test('names are printable ASCII: two bytes of the first one are the magic of ext4', async () => {
  await refuses(
    repaired((bytes) => bytes.writeUInt16LE(0xef53, entry(1, 56))),
    Malformed,
    /printable ASCII/,
  );
  await refuses(
    repaired((bytes) => bytes.writeUInt16LE(0x7f, entry(1, 56))),
    Malformed,
    /printable ASCII/,
  );
  await refuses(
    repaired((bytes) => bytes.writeUInt16LE(0x41, entry(1, 126))),
    Malformed,
    /padded with zeros/,
  );
  await refuses(
    repaired((bytes) => bytes.fill(0, entry(2, 56), entry(3)).write('_empty', entry(2, 56), 'utf16le')),
    Unsupported,
    /empty/,
  );
});

test('what is neither table nor partition is zero', async () => {
  await refuses(
    (bytes) => void bytes.writeUInt8(1, 35 * 512),
    Malformed,
    /space between partitions: is not zero \(at byte 17920\)/,
  );
  const large = writeGpt(written, 4096).bytes;
  large.writeUInt8(1, 600);
  await assert.rejects(readGpt(bytesSource(large)), /space between partitions: is not zero \(at byte 600\)/);
});
