import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Booted, withMachine } from '../boot.ts';
import { buildMachine } from '../machine-image.ts';
import { type GuestFiles, withPayload } from '../payload.ts';
import type { ExtensionClass } from './sample-extension.ts';
import { type FormCase, formCases } from './sample-forms.ts';
import { hostFiles, withSigners } from './sample-host.ts';
import { note, oneLine } from './seen.ts';
import { mergeAlone, validate } from './systemd-judge.ts';

const classes = ['sysext', 'confext'] as const;
const kept = '/srv/images';

interface Verdict {
  readonly name: string;
  readonly verdict: string;
  readonly reasons: readonly { readonly code: string }[];
}

test('without a gate, systemd and Touchstone judge side by side', { timeout: 900_000 }, async (t) => {
  const machine = await buildMachine();
  await withSigners(async (signers) => {
    const cases = { sysext: formCases('sysext', signers), confext: formCases('confext', signers) };
    const files = {
      ...hostFiles(signers),
      ...filesOf('sysext', cases.sysext),
      ...filesOf('confext', cases.confext),
    };
    await withPayload(files, (payload) =>
      withMachine(machine, { payload, forward: 7000 }, async (booted) => {
        await t.test('Debian boots with its systemd and kernel, a TPM, and Touchstone', (t) =>
          checkBoot(t, booted),
        );
        await t.test('a forwarded port is reached from outside', (t) => checkForward(t, booted));
        for (const extensionClass of classes) {
          const verdicts = await verifyAll(booted, extensionClass);
          for (const one of cases[extensionClass]) {
            await t.test(`${extensionClass} ${one.name}: ${one.what}`, async (t) => {
              await judge(
                t,
                booted,
                extensionClass,
                one,
                verdicts.find(({ name }) => name === one.name),
              );
            });
          }
        }
      }),
    );
  });
});

async function checkBoot(t: TestContext, { run, settled, bootSeconds }: Booted): Promise<void> {
  const state = await settled();
  const times = await run('systemd-analyze time');
  note(t, 'boot', `${state}; scripts run after ${bootSeconds} s; ${times.stdout}`);
  assert.equal(state, 'running', (await run('systemctl --failed --plain --no-legend')).stdout);

  const version = await run('systemctl --version | head -n 1; uname -r; node --version');
  note(t, 'versions', version.stdout);
  assert.match(version.stdout, /^systemd 257/);

  const pcrs = await run('tpm2_pcrread sha256:0,13');
  assert.match(pcrs.stdout, /0 : 0x(?!0{64})[0-9A-F]{64}\n +13: 0x0{64}/, pcrs.stderr);
  const firmware = await run('wc -c /sys/kernel/security/tpm0/binary_bios_measurements');
  note(
    t,
    'TPM',
    `PCR 0 measured by the firmware, PCR 13 zero; firmware log ${firmware.stdout || firmware.stderr}`,
  );
}

function filesOf(extensionClass: ExtensionClass, cases: readonly FormCase[]): GuestFiles {
  return Object.fromEntries(
    cases.flatMap(({ files }) =>
      Object.entries(files).map(([name, content]) => [`${kept}/${extensionClass}/${name}`, content]),
    ),
  );
}

async function checkForward(t: TestContext, { run, hostPort }: Booted): Promise<void> {
  await run("systemd-run --quiet sh -c 'echo hello from inside | busybox nc -l -p 7000'");
  let heard = '';
  // The guest's server may not listen yet: QEMU takes the connection, and drops it.
  for (let tries = 0; heard === '' && tries < 20; tries++) {
    heard = await text(createConnection({ host: '127.0.0.1', port: hostPort ?? 0 })).catch(() => '');
    await sleep(500);
  }
  note(t, 'forwarded port', heard);
  assert.equal(heard, 'hello from inside\n');
}

async function verifyAll({ run }: Booted, extensionClass: ExtensionClass): Promise<Verdict[]> {
  const { stdout, stderr } = await run(
    `cd ${kept}/${extensionClass} && touchstone verify --json --full --class ${extensionClass} \
      --policy /etc/touchstone/policy.yaml --host / *.raw plain`,
    300,
  );
  return stdout === '' ? assert.fail(stderr) : JSON.parse(stdout);
}

async function judge(
  t: TestContext,
  booted: Booted,
  extensionClass: ExtensionClass,
  { name, what, files, refusedFor, merged }: FormCase,
  verdict: Verdict | undefined,
): Promise<void> {
  const top = [...new Set(Object.keys(files).map((path) => path.split('/')[0]))];
  const paths = top.map((entry) => `${kept}/${extensionClass}/${entry}`);
  const long = extensionClass === 'sysext' ? `/usr/share/${name}.long` : `/etc/${name}.long`;
  const use = extensionClass === 'sysext' ? name : `cat /etc/${name}.conf`;
  const systemd = await mergeAlone(
    booted,
    extensionClass,
    name,
    paths,
    `${use}; md5sum <${long} >/dev/null && echo long file read`,
  );
  const dissect = await validate(booted, extensionClass, paths[0] ?? '');
  const codes = verdict?.reasons.map(({ code }) => code) ?? [];
  const path = `${kept}/${extensionClass}/`;
  note(
    t,
    `${extensionClass}: ${what}`,
    [
      systemd.merged
        ? `systemd merged (${oneLine(systemd.checked, 60)})`
        : `systemd did not: ${oneLine(systemd.said, 80)}`,
      `systemd-dissect ${dissect.good ? 'valid' : oneLine(dissect.said.replaceAll(path, ''), 60)}`,
      `touchstone ${[verdict?.verdict ?? 'none', ...codes].join(' ')}`,
    ].join(' | '),
  );
  assert.equal(systemd.merged, merged, systemd.said);
  assert.equal(verdict?.verdict, refusedFor.length === 0 ? 'accepted' : 'refused');
  assert.deepEqual(codes, refusedFor);
}
