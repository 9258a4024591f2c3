import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';

import { startSoftwareTpm } from '../../tpm-device/software-tpm.ts';

const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'x', '/mnt']).status === 0;

test(
  'on the host itself the service is asked, by whatever name its root goes',
  { skip: !mayMount },
  async () => {
    const program = resolve('dist/server/host/systemd/tests/record-on-host.js');
    const script = 'mount -t tmpfs -o mode=0755 tmpfs /run && mkdir /run/tmp && TMPDIR=/run/tmp exec "$@"';
    for (const root of ['/', '/usr/..', '/proc/self/root']) {
      const tpm = await startSoftwareTpm();
      try {
        const args = ['-m', 'sh', '-c', script, 'sh', process.execPath, program, root, tpm.tcti];
        const out = execFileSync('unshare', args, { encoding: 'utf8', timeout: 60_000 });
        assert.deepEqual(JSON.parse(out), { asked: ['one'], texts: ['one'] }, root);
      } finally {
        await tpm.stop();
      }
    }
  },
);
