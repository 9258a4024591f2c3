import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { hostArchitecture } from '../os/architecture.ts';
import { hostScope, readHostRelease } from './host-release.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  for (const directory of ['etc', 'usr/lib']) mkdirSync(join(root, directory), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

function place(path: string, text: string): void {
  writeFileSync(join(root, path), text);
}

test('the host is what /etc/os-release says, with the architecture of the machine', async () => {
  place('etc/os-release', 'ID=debian\nID_LIKE="a b"\nVERSION_ID="13"\nSYSEXT_LEVEL=2\nCONFEXT_LEVEL=3\n');
  place('usr/lib/os-release', 'ID=other\n');
  assert.deepEqual(await readHostRelease(root), {
    ...{ id: 'debian', idLike: ['a', 'b'], versionId: '13', sysextLevel: '2', confextLevel: '3' },
    architecture: hostArchitecture(),
  });
});

test('/usr/lib/os-release counts where there is no other', async () => {
  place('usr/lib/os-release', 'ID=debian\n');
  assert.equal((await readHostRelease(root, 'arm64')).id, 'debian');
  assert.equal((await readHostRelease(root, 'arm64')).architecture, 'arm64');
});

test('a link leads to a file of the root, never out of it', async () => {
  symlinkSync('/usr/lib/os-release', join(root, 'etc/os-release'));
  await assert.rejects(readHostRelease(root), CouldNotDecide);
  place('usr/lib/os-release', 'ID=inside\n');
  assert.equal((await readHostRelease(root)).id, 'inside');
});

test('a broken first file is not passed over for the second', async () => {
  place('usr/lib/os-release', 'ID=debian\n');
  place('etc/os-release', 'VERSION_ID=13\n');
  await assert.rejects(readHostRelease(root), /cannot use \/etc\/os-release below .*: os-release: has no ID/);
  place('etc/os-release', 'ID=debian\nNAME=\0\n');
  await assert.rejects(readHostRelease(root), CouldNotDecide);
});

test('a file that is too long, a FIFO and a directory are not read', async () => {
  place('etc/os-release', `ID=debian\n${'#'.repeat(65_536)}`);
  await assert.rejects(readHostRelease(root), CouldNotDecide);
  rmSync(join(root, 'etc/os-release'));
  execFileSync('mkfifo', [join(root, 'etc/os-release')]);
  await assert.rejects(readHostRelease(root), CouldNotDecide);
  rmSync(join(root, 'etc/os-release'));
  mkdirSync(join(root, 'etc/os-release'));
  await assert.rejects(readHostRelease(root), CouldNotDecide);
});

test('no os-release, or no root, is no answer', async () => {
  await assert.rejects(readHostRelease(root), /no os-release/);
  await assert.rejects(readHostRelease(join(root, 'nowhere')), CouldNotDecide);
});

test('a host with /etc/initrd-release is an initrd', async () => {
  assert.equal(await hostScope(root), 'system');
  place('etc/initrd-release', '');
  assert.equal(await hostScope(root), 'initrd');
});
