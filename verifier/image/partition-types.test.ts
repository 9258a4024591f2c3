import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import { guidOnDisk } from '../../test-vectors/generate/gpt-writer.ts';
import { Cursor } from '../bytes/cursor.ts';
import { parseHex } from '../bytes/hex.ts';
import { guidText, takeGuid } from './guid.ts';
import { partitionTypes } from './partition-type-table.ts';
import { architectures, partitionRole } from './partition-types.ts';

const types = Object.values(partitionTypes).flatMap((byDesignator) =>
  Object.values(byDesignator).flatMap((byRole): readonly string[] => Object.values(byRole)),
);

test('each type has one role', () => {
  assert.equal(new Set(types).size, 21 * 6);
  const roles = types.map((type) => partitionRole(parseHex(type.replaceAll('-', ''), 'type')));
  assert.equal(new Set(roles.map((role) => JSON.stringify(role))).size, 21 * 6);
  assert.deepEqual(partitionRole(parseHex('c23ce4ff44bd4b00b2d4b41b3419e02a', 'type')), {
    architecture: 'arm64',
    designator: 'usr',
    role: 'signature',
  });
  assert.equal(
    partitionRole(parseHex('c12a7328f81f11d2ba4b00a0c93ec93b', 'EFI system partition')),
    undefined,
  );
});

const suffixes = { data: '', verity: '-verity', signature: '-verity-sig' } as const;

test('systemd has the same types for the same architectures', () => {
  const known = new Map(
    execFileSync('systemd-id128', ['show', '--uuid'], { encoding: 'utf8' })
      .split('\n')
      .map((line): [string, string] => [line.split(/\s+/)[0] ?? '', line.split(/\s+/)[1] ?? '']),
  );
  const ours = architectures.flatMap((architecture) =>
    (['root', 'usr'] as const).flatMap((designator) =>
      (['data', 'verity', 'signature'] as const).map((role) => ({
        name: `${designator}-${architecture}${suffixes[role]}`,
        type: partitionTypes[architecture][designator][role],
      })),
    ),
  );
  // systemd 252 has no name for big-endian MIPS; 254 has.
  const judged = ours.filter(({ name }) => !/-mips(?:64)?(?:-verity|$)/.test(name));
  assert.equal(judged.length, 19 * 6);
  for (const { name, type } of judged) assert.equal(known.get(name), type, name);
});

test('GUIDs come from the disk in the order of their text', () => {
  const disk = Buffer.from('e3bc684fcde8b14d96e7fbcaf984b709', 'hex');
  assert.equal(guidText(takeGuid(new Cursor(disk, 'little'), 'x')), partitionTypes['x86-64'].root.data);
});

test('no type looks like a superblock that libblkid finds where entries of the table are', () => {
  for (const type of types) {
    const entry = guidOnDisk(type);
    // minix needs zeros here before its two magic bytes in the UUID count (probe_minix in libblkid).
    assert.notEqual(entry.readUInt16LE(10), 0, `${type} as minix 1 or 2`);
    assert.notEqual(entry.readUInt16LE(12), 0, `${type} as minix 3`);
    assert.ok(!['BD', 'H+', 'HX'].includes(entry.toString('latin1', 0, 2)), `${type} as hfs`);
    assert.notEqual(entry.readUInt16LE(6), 0x3434, `${type} as nilfs2`);
    assert.ok(!['\x2b\x55\x44', '\x44\x55\x2b'].includes(entry.toString('latin1', 0, 3)), `${type} as xenix`);
  }
});
