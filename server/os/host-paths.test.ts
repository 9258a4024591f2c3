import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { hostPath, searchDirectories } from './host-paths.ts';
import { quarantineDirectory } from './own-paths.ts';

test('the systemd of this system searches no directory for extensions that is not in our list', (context) => {
  const binary = spawnSync('sh', [
    '-c',
    'grep -laE "/(extensions|confexts)" /usr/lib/*/systemd/libsystemd-shared-*.so',
  ]);
  const library = binary.stdout.toString().split('\n')[0];
  if (library === undefined || library === '') {
    context.skip('no systemd here');
    return;
  }
  const strings = spawnSync('grep', [
    '-aoE',
    '/(etc|run|var|usr)[a-z/]*/(extensions|confexts)',
    library,
  ]).stdout.toString();
  const found = new Set(strings.split('\n').filter((line) => line !== ''));
  const ours = new Set([...searchDirectories('sysext'), ...searchDirectories('confext')]);
  assert.ok(found.has('/var/lib/extensions'));
  assert.deepEqual(
    [...found].filter((path) => !ours.has(path)),
    [],
  );
});

test('the quarantine of a search directory is beside it and in no search directory', () => {
  assert.equal(quarantineDirectory('sysext', '/var/lib/extensions'), '/var/lib/touchstone/quarantine/sysext');
  assert.equal(quarantineDirectory('confext', '/run/confexts'), '/run/touchstone/quarantine/confext');
});

test('a path below a root is inside it or cannot be decided', async () => {
  const top = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  try {
    mkdirSync(join(top, 'root/etc'), { recursive: true });
    mkdirSync(join(top, 'etc'));
    writeFileSync(join(top, 'root/etc/policy.yaml'), '');
    writeFileSync(join(top, 'etc/other.yaml'), '');
    symlinkSync('../../etc/other.yaml', join(top, 'root/etc/other.yaml'));
    const root = join(top, 'root');
    assert.equal(await hostPath(root, '/etc/policy.yaml'), join(root, 'etc/policy.yaml'));
    await assert.rejects(hostPath(root, '/etc/none.yaml'), /there is no \/etc\/none.yaml below/);
    await assert.rejects(hostPath(root, '/etc/other.yaml'), CouldNotDecide);
  } finally {
    rmSync(top, { recursive: true });
  }
});
