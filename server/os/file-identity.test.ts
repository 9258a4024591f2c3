import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { deviceNumber, identityOf, isUntouched } from './file-identity.ts';

test('a device number is written as the kernel writes it', () => {
  // makedev() of sys/sysmacros.h.
  const make = (major: bigint, minor: bigint): bigint =>
    ((major & 0xfffn) << 8n) | ((major >> 12n) << 44n) | (minor & 0xffn) | ((minor >> 8n) << 20n);
  for (const [major, minor] of [
    [8n, 0n],
    [254n, 255n],
    [0n, 70_000n],
    [4095n, 256n],
    [1_000_000n, 0xffff_ffffn],
  ] as const)
    assert.equal(deviceNumber(make(major, minor)), `${major}:${minor}`);
});

test('at the end of a link that leads to itself there is nothing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-identity-'));
  try {
    symlinkSync('loop', join(directory, 'loop'));
    assert.equal(await identityOf(join(directory, 'loop/image.raw')), null);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a file is known by what stat(1) says of it, and a change or a move shows', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-identity-'));
  try {
    const path = join(directory, 'a');
    writeFileSync(path, 'one');
    const before = await identityOf(path);
    assert.ok(before !== null);
    const said = execFileSync('stat', ['-c', '%Hd:%Ld %i %s', path], { encoding: 'utf8' }).trim();
    assert.equal(`${before.device} ${before.inode} ${before.size}`, said);
    assert.ok(isUntouched(before, (await identityOf(path)) ?? before));

    await new Promise((resolve) => setTimeout(resolve, 20));
    renameSync(path, join(directory, 'b'));
    assert.equal(await identityOf(path), null);
    renameSync(join(directory, 'b'), path);
    const moved = await identityOf(path);
    assert.ok(moved !== null && !isUntouched(before, moved), 'a file that was away and is back is marked');

    rmSync(path);
    symlinkSync('b', path);
    assert.equal((await identityOf(path))?.size, 1n);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
