import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { openExt4 } from './ext4.ts';
import { edited, put, refuses, set } from './tests/ext4-edits.ts';
import { Ext4Maker } from './tests/ext4-image.ts';

// One edit of an image each, and what is said of it. The images have no checksums.

const maker = new Ext4Maker({ file: 'x'.repeat(3000), 'dir/one': '1' });
after(() => maker.remove());
const options = '-b 1024 -N 64 -O ^metadata_csum,^has_journal,^resize_inode';
const inline = maker.make(`-t ext4 ${options},inline_data`, '4M');
const superblock = 1024;
const inodeOf = (image: Buffer, path: string) => maker.inode(image, path);

test('data in an inode that is not there, or not all of it, is malformed', async () => {
  const at = inodeOf(inline, 'dir/one');
  const tail = at + 128 + inline.readUInt16LE(at + 0x80);
  await refuses(inline, put(4, tail, 0), Malformed, /no data in itself, but says so/);
  await refuses(inline, put(1, tail + 4 + 16, 0x65), Malformed, /no data in itself, but says so/);
  await refuses(inline, put(4, at + 4, 61), Malformed, /less data in itself than its size/);
  await refuses(inline, set(at + 0x20, 0x80000), Malformed, /cannot have data in itself/);
  await refuses(
    inline,
    (image) => image.writeUInt32LE(image.readUInt32LE(superblock + 0x60) & ~0x8000, superblock + 0x60),
    Malformed,
    /cannot have data in itself/,
  );
});

const withAttributes = (options: string) =>
  maker.change(
    maker.make(`-t ext4 -b 1024 -N 64 -O ^has_journal,^resize_inode,^metadata_csum ${options}`, '4M'),
    'ea_set /file user.x value',
    'ea_set /file user.y other',
  );

async function attribute(image: Uint8Array, name: string): Promise<string | null> {
  const file = await (await openExt4(bytesSource(image))).root.lookup('file');
  const value = await file?.xattr(name);
  return value === null || value === undefined ? null : Buffer.from(value).toString();
}

/** Where entries of attributes begin, and what their offsets count from: in an inode, and in a block. */
function places(): { image: Buffer; entries: number; base: number; end: number }[] {
  const own = withAttributes('-I 256');
  const inode = inodeOf(own, 'file');
  const entries = inode + 128 + own.readUInt16LE(inode + 0x80) + 4;
  const other = withAttributes('-I 128');
  const block = other.readUInt32LE(inodeOf(other, 'file') + 0x68) * 1024;
  return [
    { image: own, entries, base: entries, end: inode + 256 },
    { image: other, entries: block + 32, base: block, end: block + 1024 },
  ];
}

test('attributes whose names or values are out of place are malformed, whichever is asked for', async () => {
  for (const { image, entries, base, end } of places()) {
    const second = entries + 20;
    assert.equal(image.toString('latin1', second + 16, second + 17), 'y');
    console.log(
      image.subarray(base, base + 90).toString('hex'),
      entries,
      base,
      end,
      image.subarray(base, end).length,
    );
    for (const [edit, message] of [
      [put(1, second, 255), /a name (with a NUL|out of place)/],
      [put(1, second + 16, 0), /a name with a NUL/],
      [put(1, second, 60), /a name (with a NUL|out of place)/],
      [put(2, second + 2, end - base - 5), /a value out of place/],
      [put(2, second + 2, end - base + 1), /a value out of place/],
      [put(2, second + 2, 65_535), /a value out of place/],
      [put(2, second + 2, second + 20 - base), /a value out of place/],
      [put(4, second + 8, end - base), /a value out of place/],
      [put(4, second + 8, 0xffffffff), /a value out of place/],
    ] as const)
      await refuses(image, edit, Malformed, message);
    const filled = edited(image, (bytes) => bytes.fill(1, second + 20, end));
    await assert.rejects(attribute(filled, 'user.x'), Malformed);
  }
});

test('attributes that go on to the end without an end are malformed', async () => {
  for (const { image, entries, end } of places()) {
    // Entries of 16 bytes without a name or value, as many as fit.
    const filled = edited(image, (bytes) => {
      bytes.fill(0, entries, end);
      for (let at = entries; at < end; at += 16) bytes.writeUInt8(1, at + 1);
    });
    await assert.rejects(attribute(filled, 'user.x'), /do not end|a name out of place/);
  }
});

test('where there is room for the magic alone, it is malformed', async () => {
  const [own] = places();
  assert.ok(own !== undefined);
  const magic = (bytes: Buffer) => bytes.writeUInt32LE(0xea020000, own.end - 4);
  const little = edited(own.image, put(2, own.entries - 36, 124), magic);
  await assert.rejects(attribute(little, 'user.x'), /do not end/);
});

test('an inode may be filled to its end', async () => {
  const [own] = places();
  assert.ok(own !== undefined);
  const { image, entries, end } = own;
  const filled = edited(image, (bytes) => {
    bytes.fill(0, entries, end);
    for (let at = entries; at < end - 12; at += 16) bytes.writeUInt8(1, at + 1);
    bytes.writeUInt8(8, end - 4 - 24);
    bytes.write('complete', end - 4 - 8);
  });
  assert.equal(await attribute(filled, 'user.complete'), '');
});

test('of two attributes of one name the first counts, as for the kernel', async () => {
  for (const { image, entries } of places()) {
    const twice = edited(image, put(1, entries + 36, 0x78));
    assert.equal(await attribute(twice, 'user.x'), 'value');
    assert.equal(await attribute(twice, 'user.y'), null);
  }
});

test('the same name under another index is another attribute', async () => {
  for (const { image, entries } of places()) {
    for (const [index, name] of [
      [2, 'system.posix_acl_accessx'],
      [3, 'system.posix_acl_defaultx'],
      [4, 'trusted.x'],
      [6, 'security.x'],
      [7, 'system.x'],
      [9, '9:x'],
    ] as const) {
      const other = edited(image, put(1, entries + 1, index), put(1, entries + 21, 9));
      assert.equal(await attribute(other, name), 'value');
      assert.equal(await attribute(other, 'user.x'), null);
    }
  }
});

test('a value in an inode of its own is refused, but not that of another attribute', async () => {
  for (const { image, entries } of places()) {
    const own = edited(image, put(4, entries + 4, 12));
    await assert.rejects(attribute(own, 'user.x'), Unsupported);
    assert.equal(await attribute(own, 'user.y'), 'other');
  }
});

test('without their magic there are no attributes in an inode, and no block of them', async () => {
  const [own, other] = places();
  assert.ok(own !== undefined && other !== undefined);
  assert.equal(await attribute(edited(own.image, put(1, own.entries - 1, 0)), 'user.x'), null);
  for (const at of [other.base, other.base + 8])
    await refuses(other.image, put(1, at, 7), Malformed, /is no block of attributes/);
});

test('attributes in a block are in order: the kernel does not look for them behind their place', async () => {
  const [own, block] = places();
  assert.ok(own !== undefined && block !== undefined);
  const edit = ({ entries }: typeof own) => put(1, entries + 16, 0x7a);
  assert.equal(await attribute(edited(own.image, edit(own)), 'user.z'), 'value');
  await refuses(block.image, edit(block), Malformed, /are not in order/);
  await refuses(block.image, put(1, block.entries + 1, 2), Malformed, /are not in order/);
  const longer = edited(
    block.image,
    put(1, block.entries + 20 + 16, 0x77),
    put(1, block.entries, 2),
    put(1, block.entries + 17, 0x61),
  );
  await refuses(longer, () => undefined, Malformed, /are not in order/);
});

test('an inode that says that it has no further fields has no attributes behind them', async () => {
  const image = withAttributes('-I 256');
  const inode = inodeOf(image, 'file');
  const behind = edited(image, (bytes) => {
    bytes.copy(bytes, inode + 128, inode + 160, inode + 256);
    bytes.fill(0, inode + 224, inode + 256);
  });
  assert.equal(behind.readUInt16LE(inode + 0x80), 0);
  assert.equal(await attribute(behind, 'user.x'), null);
});
