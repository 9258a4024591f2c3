import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { type Booted, withMachine } from '../boot.ts';
import { buildMachine } from '../machine-image.ts';
import { type GuestFiles, withPayload } from '../payload.ts';
import { readMeasured } from './measured.ts';
import { extensionFiles, extensionImage, flipContent } from './sample-extension.ts';
import { hostFiles, type Signers, withSigners } from './sample-host.ts';
import { measuringUnits, mergeUnits } from './sample-units.ts';
import { note } from './seen.ts';

const refused = {
  'sysext unsigned.raw': 'unsigned',
  'sysext stranger.raw': 'signer-untrusted',
  'sysext tampered.raw': 'data-corrupt',
  'sysext plain': 'unsigned',
  'confext bare-settings.raw': 'unsigned',
};

test('the gate lets systemd merge what is signed, from boot on', { timeout: 900_000 }, async (t) => {
  const machine = await buildMachine();
  await withSigners((signers) =>
    withPayload({ ...hostFiles(signers), ...mergeUnits, ...measuringUnits, ...images(signers) }, (payload) =>
      withMachine(machine, { payload }, async (booted) => {
        await t.test('after the first boot', (t) => checkHost(t, booted, 'boot'));
        await t.test('a second gate changes nothing', (t) => checkSecondGate(t, booted));
        note(t, 'reboot', `${await booted.reboot()} s`);
        await t.test('after a reboot', (t) => checkHost(t, booted, 'reboot'));
      }),
    ),
  );
});

function images(signers: Signers): GuestFiles {
  const by = { pki: signers.pki, by: signers.vendor };
  const tampered = flipContent(extensionImage('sysext', 'tampered', by), 'tampered');
  const stranger = extensionImage('sysext', 'stranger', { pki: signers.pki, by: signers.stranger });
  return {
    '/var/lib/extensions/good.raw': extensionImage('sysext', 'good', by).bytes,
    '/var/lib/extensions/unsigned.raw': extensionImage('sysext', 'unsigned', null).bytes,
    '/var/lib/extensions/stranger.raw': stranger.bytes,
    '/var/lib/extensions/tampered.raw': tampered,
    ...Object.fromEntries(
      Object.entries(extensionFiles('sysext', 'plain')).map(([path, text]) => [
        `/var/lib/extensions/plain/${path}`,
        text,
      ]),
    ),
    '/var/lib/confexts/settings.raw': extensionImage('confext', 'settings', by).bytes,
    '/var/lib/confexts/bare-settings.raw': extensionImage('confext', 'bare-settings', null).bytes,
  };
}

async function checkHost(t: TestContext, booted: Booted, after: string): Promise<void> {
  const { run, settled } = booted;
  const state = await settled();
  const units = await run('systemctl is-active systemd-sysext.service systemd-confext.service');
  const journal = await run(
    'journalctl -b -o cat -u systemd-sysext.service -u systemd-confext.service; cat /run/gate-*',
  );
  assert.equal(units.stdout, 'active\nactive\n', `${journal.stdout}${journal.stderr}`);

  const used = await run(
    'good; cat /etc/settings.conf; cat /usr/.systemd-sysext/extensions /etc/.systemd-confext/confexts',
  );
  const times = await run('systemd-analyze time; systemd-analyze blame --no-pager | grep ext.service');
  note(t, `${after}: times`, `${state}; ${times.stdout}`);
  note(t, `${after}: merged`, used.stdout);
  assert.equal(used.stdout, 'good runs\nsettings configures\ngood\nsettings\n');
  const absent = await run('command -v unsigned stranger tampered plain; ls /etc/bare-settings.conf');
  assert.equal(absent.stdout, '');

  const found = await quarantined(booted);
  note(
    t,
    `${after}: quarantined`,
    Object.entries(found)
      .map(([name, codes]) => `${name} (${codes})`)
      .join(', '),
  );
  assert.deepEqual(found, refused);

  await checkMeasured(t, booted, after);
}

/** The reason codes of what lies in quarantine, by class and file name. */
async function quarantined({ run }: Booted): Promise<Record<string, string>> {
  const { stdout } = await run(
    `cd /var/lib/touchstone/quarantine && for file in */*.reason.json; do echo "$file $(tr -d '\\n' <"$file")"; done`,
  );
  return Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => {
        const [, extensionClass = '', name = '', json = ''] =
          /^(\w+)\/[^-]+-(\S+)\.reason\.json (.*)$/.exec(line) ?? [];
        const { reasons } = JSON.parse(json);
        return [`${extensionClass} ${name}`, reasons.map(({ code }: { code: string }) => code).join(' ')];
      }),
  );
}

async function checkMeasured(t: TestContext, booted: Booted, after: string): Promise<void> {
  const { records, replayed, read } = await readMeasured(booted, [11, 13, 15]);
  assert.deepEqual(replayed, read);
  const ours = records.filter(({ text }) => text?.startsWith('touchstone-') === true);
  const theirs = records.filter((record) => !ours.includes(record));
  const kinds = ours.map(({ text }) => text?.split(':')[0]?.replace('touchstone-', '')).sort();
  note(t, `${after}: PCR 13 is what the log leads to`, kinds.join(', '));
  note(
    t,
    `${after}: systemd's own in the same log`,
    theirs.map(({ register, text }) => `PCR ${register.index} ${text ?? ''}`).join(', '),
  );
  assert.ok(ours.every(({ register }) => register.kind === 'pcr' && register.index === 13));
  // Two gates, one for each class, measured at the same time.
  assert.deepEqual(kinds, ['extension', 'extension', 'policy', 'policy', 'set', 'set']);
  assert.ok(theirs.some(({ text }) => text === 'sysinit'));

  // systemd's own reader: a tick where a record has the digest of what it says, and the PCR the value that the log leads to.
  const pcrlock = await booted.run('/usr/lib/systemd/systemd-pcrlock log 2>/dev/null | grep touchstone-');
  const lines = pcrlock.stdout.trim().split('\n');
  note(t, `${after}: systemd-pcrlock reads`, `${lines.length} records of ours: ${lines[0] ?? ''}`);
  assert.deepEqual(
    lines.map((line) => /^ *13 .* ✓ /.test(line)),
    ours.map(() => true),
    pcrlock.stdout,
  );
}

async function checkSecondGate(t: TestContext, { run }: Booted): Promise<void> {
  const before = await run('tpm2_pcrread sha256:13');
  const again = await run('touchstone gate', 300);
  note(t, 'the gate again', again.stdout);
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stdout, /already measured, nothing added/);
  assert.equal((await run('tpm2_pcrread sha256:13')).stdout, before.stdout);
}
