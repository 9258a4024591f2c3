import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { type Booted, withMachine } from '../boot.ts';
import { buildMachineIfThere } from '../machine-image.ts';
import { withPayload } from '../payload.ts';
import { readMeasured } from './measured.ts';
import { extensionImage } from './sample-extension.ts';
import { hostFiles, strictPolicy, withSigners } from './sample-host.ts';
import { note } from './seen.ts';

/** Debian's unstable suite has systemd's newest release. */
const suite = 'sid';

test('the newest systemd says what it merged, and measures for others', { timeout: 900_000 }, async (t) => {
  const machine = await buildMachineIfThere(suite);
  if (typeof machine === 'string') {
    note(t, 'the newest systemd', `SKIPPED: ${machine}`);
    t.skip(machine);
    return;
  }
  await withSigners(async (signers) => {
    const good = extensionImage('sysext', 'good', { pki: signers.pki, by: signers.vendor });
    const files = { ...hostFiles(signers), '/var/lib/extensions/good.raw': good.bytes };
    await withPayload(files, (payload) =>
      withMachine(machine, { payload }, async (booted) => {
        await t.test('it boots, and measures its own boot', (t) => checkBoot(t, booted));
        await t.test('the marker directory has the root hash', (t) => checkOrigin(t, booted, good.rootHash));
        await t.test('it measures what it is asked to', (t) => checkMeasuring(t, booted));
      }),
    );
  });
});

async function checkBoot(t: TestContext, booted: Booted): Promise<void> {
  const state = await booted.settled();
  const versions = await booted.run('systemctl --version | head -n 1; uname -r; node --version');
  note(t, 'newest systemd: versions', `${state}; ${versions.stdout}`);
  assert.equal(state, 'running', (await booted.run('systemctl --failed --plain --no-legend')).stdout);
  assert.ok(Number(/^systemd (\d+)/.exec(versions.stdout)?.[1]) >= 260, versions.stdout);

  const { records, replayed, read } = await readMeasured(booted, [11, 13, 15]);
  const own = records.map(({ register, text }) => `PCR ${register.index} ${text ?? ''}`).join(', ');
  note(t, 'newest systemd: its own measurements', own);
  assert.deepEqual(replayed, read);
  assert.match(own, /PCR 11 sysinit/);
}

async function checkOrigin(t: TestContext, { run }: Booted, rootHash: string): Promise<void> {
  const merged = await run(`systemd-sysext merge --image-policy=${strictPolicy.sysext} && good`);
  assert.equal(merged.stdout, 'good runs\n', merged.stderr);
  const origin = await run('cat /usr/.systemd-sysext/origin');
  note(t, 'newest systemd: origin', origin.stdout);
  const { mutable, extensions } = JSON.parse(origin.stdout);
  assert.deepEqual(mutable, { mode: 'no' });
  assert.deepEqual(extensions, { good: { path: '/var/lib/extensions/good.raw', verityHash: rootHash } });
}

async function checkMeasuring(t: TestContext, booted: Booted): Promise<void> {
  const socket = '/run/systemd/io.systemd.PCRExtend';
  const offered = await booted.run(`stat -c '%A %U' ${socket}; varlinkctl list-methods ${socket}`);
  note(t, 'newest systemd: measures for others', offered.stdout);
  assert.match(offered.stdout, /^srw-r--r-- root\n(.*\n)*io\.systemd\.PCRExtend\.Extend\n/, offered.stderr);
}
