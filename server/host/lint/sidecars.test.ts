import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { lintBeside } from './sidecars.ts';
import { makeHost, shown } from './tests/host-tree.ts';

test('only what was meant for the image is told beside it', async (context) => {
  const root = makeHost(context, {
    '/a.raw': '',
    '/a.raw.roothash': '',
    '/b.raw': '',
    '/b.p7s': '',
    '/c.verity': '',
  });
  const path = join(root, 'a.raw.roothash');
  assert.deepEqual(shown(await lintBeside(join(root, 'a.raw'))), [`ignored-sidecar ${path}`]);
  await assert.rejects(lintBeside(join(root, 'none/a.raw')), CouldNotDecide);
});

test('a root hash in an extended attribute makes a signature count', async (context) => {
  const root = makeHost(context, { '/a.raw': '', '/a.roothash.p7s': '' });
  const image = join(root, 'a.raw');
  assert.equal((await lintBeside(image)).length, 1);
  const set = spawnSync('setfattr', ['-n', 'user.verity.roothash', '-v', '00', image]);
  if (set.status !== 0) {
    context.skip('no extended attributes here');
    return;
  }
  assert.deepEqual(await lintBeside(image), []);
});

test('sidecars are looked for beside the path that is given', async (context) => {
  const root = makeHost(context, {
    '/a.raw': { link: 'srv/a.raw' },
    '/srv/a.raw': '',
    '/srv/a.roothash': '',
    '/a.verity': '',
  });
  assert.deepEqual(shown(await lintBeside(join(root, 'a.raw'))), [
    `ignored-sidecar ${join(root, 'a.verity')}`,
  ]);
});
