import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { readMeasuredEvents } from '../host/measured-events.ts';
import { recordBy, recordEvents } from '../host/systemd/measure-log.ts';
import { measureLogPath } from '../os/host-paths.ts';
import type { TpmDevice } from '../tpm-device/device.ts';
import { type SoftwareTpm, startSoftwareTpm } from '../tpm-device/software-tpm.ts';
import { openTpm } from '../tpm-device/tpm2-tools.ts';

/**
 * systemd's own io.systemd.PCRExtend and ours on one log, where this machine has systemd 255 or newer and lets us mount.
 * TOUCHSTONE_SYSTEMD_TREE names a directory to take systemd from instead.
 */

const tree = process.env['TOUCHSTONE_SYSTEMD_TREE'] ?? '/';
const program = '/usr/lib/systemd/systemd-pcrextend';
const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'x', '/mnt']).status === 0;
const skip =
  mayMount && existsSync(join(tree, program)) ? false : 'no systemd-pcrextend that can be run here';

let tpm: SoftwareTpm;
let device: TpmDevice;
let server: ChildProcess | null = null;
const scratch = mkdtempSync(join(tmpdir(), 'touchstone-pcrextend-'));
const root = join(scratch, 'host');
const socket = join(scratch, 'sockets', 'socket');

// In a mount namespace of its own, so that the log it writes is the one below our root.
const script = `set -e
tree=$1 log=$2 sockets=$3 tcti=$4
mkdir -p "$tree/run/log/systemd"
mount --bind "$log" "$tree/run/log/systemd"
mount --bind "$sockets" "$tree/mnt"
for kernel in dev proc sys; do mount --rbind "/$kernel" "$tree/$kernel"; done
exec chroot "$tree" systemd-socket-activate --accept --listen=/mnt/socket --fdname=varlink ${program} "--tpm2-device=$tcti"`;

before(async () => {
  if (skip !== false) return;
  tpm = await startSoftwareTpm();
  device = openTpm({ tcti: tpm.tcti });
  const directories = [join(root, dirname(measureLogPath)), dirname(socket)];
  for (const directory of directories) mkdirSync(directory, { recursive: true });
  server = spawn('unshare', ['-m', 'sh', '-c', script, 'sh', tree, ...directories, tpm.tcti], {
    stdio: 'ignore',
  });
  for (let waited = 0; !existsSync(socket) && waited < 200; waited++) await sleep(50);
});
after(async () => {
  if (server !== null) {
    server.kill();
    await once(server, 'exit');
    await tpm.stop();
  }
  rmSync(scratch, { recursive: true });
});

test('systemd measures what it is asked to, and several of both lose nothing', { skip }, async () => {
  const awkward = `touchstone-a:"x" \\ 'y'`;
  await recordBy(socket, device, root, 13, [awkward, 'x'.repeat(1000)]);
  assert.deepEqual(await readMeasuredEvents(root, device, 13), [awkward, 'x'.repeat(1000)]);
  const numbers = [0, 1, 2];
  await Promise.all([
    ...numbers.map((n) => recordBy(socket, device, root, 13, [`s${n}`, `s${n}b`])),
    ...numbers.map((n) => recordEvents(device, root, 13, [`d${n}`, `d${n}b`])),
  ]);
  const events = await readMeasuredEvents(root, device, 13);
  const lines = numbers.flatMap((n) => [`s${n}`, `s${n}b`, `d${n}`, `d${n}b`]);
  assert.deepEqual([...(events ?? [])].sort(), [awkward, 'x'.repeat(1000), ...lines].sort());
});
