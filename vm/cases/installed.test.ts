import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';

import { makeDdi } from '../../test-vectors/generate/make-image.ts';
import { type Booted, withMachine } from '../boot.ts';
import { buildMachine } from '../machine-image.ts';
import { type GuestFiles, withPayload } from '../payload.ts';
import { challenge, type Challenge } from './attested.ts';
import { documentedCommands } from './documented.ts';
import { checkLog } from './log-judge.ts';
import { readEvents } from './measured.ts';
import { quarantined } from './quarantined.ts';
import { type EndpointKeys, endpointFiles, endpointPort, issueEndpointKeys } from './sample-endpoint.ts';
import { erofsOf, extensionFiles, extensionImage } from './sample-extension.ts';
import { type Signers, withSigners } from './sample-host.ts';
import { measuringUnits } from './sample-units.ts';
import { note } from './seen.ts';

const document = 'docs/install.md';

/** What must be in quarantine, and why. */
const refused = {
  '/var/lib/extensions/unsigned.raw': 'unsigned',
  '/var/lib/extensions/stranger.raw': 'signer-untrusted',
  '/var/lib/extensions/tampered.raw': 'signature-invalid',
  '/var/lib/extensions/plain': 'unsigned',
  '/var/lib/confexts/bare-settings.raw': 'unsigned',
};

test('installed as documented, it guards what systemd merges', { timeout: 2_400_000 }, async (t) => {
  const machine = await buildMachine();
  await withSigners(async (signers) => {
    const keys = issueEndpointKeys(signers.pki);
    const files = {
      ...documentedFiles(signers),
      ...images(signers),
      ...endpointFiles(keys),
      ...measuringUnits,
    };
    await withPayload(files, (payload) =>
      withMachine(machine, { payload, forward: endpointPort }, async (booted) => {
        await booted.settled();
        await t.test('docs/install.md, as it is written', (t) => checkDocument(t, booted));
        await t.test('a boot merges what is approved, and no more', (t) => checkMerged(t, booted, 'boot'));
        await t.test('an unmerge is measured', (t) => checkUnmerged(t, booted));
        await t.test('a newer version is merged, an older one is not', (t) => checkVersions(t, booted));
        const challenge = challengeOf(booted, signers, keys);
        await t.test('a verifier outside believes it', (t) => checkBelieved(t, challenge, 'changed'));
        await t.test('a merge behind its back shows', (t) => checkBehind(t, booted, challenge));
        note(t, 'reboot', `${await booted.reboot()} s`);
        await t.test('a reboot starts clean', (t) => checkMerged(t, booted, 'reboot', 'good 2 runs'));
        await t.test('a verifier outside believes it again', (t) => checkBelieved(t, challenge, 'reboot'));
      }),
    );
  });
});

/** What docs/install.md has in the directory where its commands are given; its policy and certificates are not there yet. */
function documentedFiles({ pki, vendor }: Signers): GuestFiles {
  return {
    '/root/vendor.pem': readFileSync(vendor.certificate),
    '/root/tools.raw': extensionImage('sysext', 'tools', { pki, by: vendor }).bytes,
  };
}

/** In the directories where systemd looks from the first boot on, and some for later. */
function images({ pki, vendor, stranger }: Signers): GuestFiles {
  const by = { pki, by: vendor };
  const forged = makeDdi({
    data: erofsOf(extensionFiles('sysext', 'tampered')),
    sign: () => pki.sign('ab'.repeat(32), { signers: [vendor] }),
  });
  const plain = Object.entries(extensionFiles('sysext', 'plain'));
  return {
    '/var/lib/extensions/good.raw': extensionImage('sysext', 'good', by).bytes,
    '/var/lib/extensions/unsigned.raw': extensionImage('sysext', 'unsigned', null).bytes,
    '/var/lib/extensions/stranger.raw': extensionImage('sysext', 'stranger', { pki, by: stranger }).bytes,
    '/var/lib/extensions/tampered.raw': forged.bytes,
    ...Object.fromEntries(plain.map(([path, text]) => [`/var/lib/extensions/plain/${path}`, text])),
    '/var/lib/confexts/settings.raw': extensionImage('confext', 'settings', by).bytes,
    '/var/lib/confexts/bare-settings.raw': extensionImage('confext', 'bare-settings', null).bytes,
    '/srv/good-2.raw': extensionImage('sysext', 'good', by, '2').bytes,
    '/srv/good-1.5.raw': extensionImage('sysext', 'good', by, '1.5').bytes,
    // Signed by a stranger it would not be merged under any policy: the kernel refuses the key.
    '/srv/behind.raw': extensionImage('sysext', 'behind', null).bytes,
  };
}

async function checkDocument(t: TestContext, { run, settled, reboot }: Booted): Promise<void> {
  const [dependencies = ''] = documentedCommands(document, '## 1.').split('\n');
  const packages = dependencies.split(' ').filter((word) => !/^(apt-get|install|--.*|npm)$/.test(word));
  const missing = await run(
    `for one in ${packages.join(' ')}; do dpkg -s $one >/dev/null 2>&1 || echo $one; done`,
  );
  assert.equal(missing.stdout, '');
  const seen: string[] = [];
  const follow = async (commands: string): Promise<void> => {
    const { status, stdout, stderr } = await run(`cd /root && set -e\n${commands}`, 600);
    assert.equal(status, 0, `${commands}\n${stdout}${stderr}`);
    seen.push(...commands.trim().split('\n'));
  };
  await follow(documentedCommands(document, '## 2.'));
  await follow(documentedCommands(document, '## 3.'));
  const again = await run('touchstone install', 120);
  assert.match(again.stdout, /^(unchanged .*\n)+did +systemctl daemon-reload\n$/);
  const [before = '', after = ''] = documentedCommands(document, '## 4.').split('systemctl reboot\n');
  await follow(before);
  await reboot();
  await settled();
  // What it names as the other way is not gone as well.
  await follow(after.replace(/^systemctl reload-or-restart .*\n/m, ''));
  const security = await run('systemd-analyze security --no-pager touchstone.service | tail -n 1');
  note(t, document, `${seen.length} lines as written; once more: ${again.stdout.split('\n').at(-2) ?? ''}`);
  note(t, 'the endpoint’s sandbox', security.stdout);
}

async function checkMerged(
  t: TestContext,
  booted: Booted,
  when: string,
  program = 'good runs',
): Promise<void> {
  const { run, settled } = booted;
  const state = await settled();
  const units = await run(
    'systemctl is-active systemd-sysext.service systemd-confext.service touchstone.service',
  );
  assert.equal(units.stdout, 'active\nactive\nactive\n', await journalOf(booted));
  const used = await run(
    'good; tools; cat /etc/settings.conf; command -v unsigned stranger tampered plain behind; ls /etc/bare-settings.conf',
  );
  assert.equal(used.stdout, `${program}\ntools runs\nsettings configures\n`);
  const status = await run('touchstone status', 120);
  note(t, `${when}: merged`, `${state}; ${used.stdout}`);
  note(t, `${when}: touchstone status`, `exit ${status.status}: ${status.stdout}`);
  assert.equal(status.status, 0, status.stdout);
  const found = await quarantined(booted);
  const list = Object.entries(found).map(([path, codes]) => `${path} (${codes})`);
  note(t, `${when}: quarantined`, list.join(', '));
  for (const [path, codes] of Object.entries(refused)) assert.equal(found[path], codes, path);
  await checkLog(t, booted, when);
}

/** How a host is challenged from outside, by the policy that it has then. */
function challengeOf(booted: Booted, { pki, vendor }: Signers, keys: EndpointKeys): Challenge {
  return async () => {
    const policy = (await booted.run('cat /etc/touchstone/policy.yaml')).stdout;
    return challenge(booted, pki, keys, { policy, files: { 'vendor.pem': vendor.certificate } });
  };
}

async function checkBelieved(t: TestContext, challenge: Challenge, when: string): Promise<void> {
  const { status, verdict, codes, text } = await challenge();
  note(t, `${when}: attested from outside`, `exit ${status}: ${verdict} ${codes.join(' ')}`);
  assert.deepEqual({ status, verdict, codes }, { status: 0, verdict: 'trustworthy', codes: [] }, text);
}

/** After a confext was unmerged, so that /etc can be written to: another policy, and an endpoint that is reached from outside. */
const changeHost = `
sed -i 's/version: 1 /version: 2 /; s/signedBy: \\[vendor\\]/&, noDowngrade: true/' /etc/touchstone/policy.yaml
grep noDowngrade /etc/touchstone/policy.yaml && touchstone policy check /etc/touchstone/policy.yaml && touchstone history begin
touchstone install --listen 0.0.0.0:${endpointPort} --tls-certificate /etc/touchstone/tls/host.pem \\
  --tls-key /etc/touchstone/tls/host.key --client-ca /etc/touchstone/tls/clients.pem
systemctl restart touchstone.service`;

const reload = 'systemctl reload-or-restart systemd-confext.service systemd-sysext.service';

async function checkVersions(t: TestContext, booted: Booted): Promise<void> {
  const { run } = booted;
  const place = '/var/lib/extensions/good.raw';
  const changed = await run(`set -e\n${changeHost}`, 300);
  assert.equal(changed.status, 0, changed.stderr);
  const newer = await run(
    `cp /srv/good-2.raw ${place} && ${reload}; good; tools; cat /etc/settings.conf`,
    300,
  );
  note(t, 'refresh with a newer version', newer.stdout);
  assert.equal(newer.stdout, 'good 2 runs\ntools runs\nsettings configures\n', await journalOf(booted));

  const older = await run(
    `cp /srv/good-1.5.raw ${place} && systemctl reload systemd-sysext.service; good; tools`,
    300,
  );
  const found = await quarantined(booted);
  note(
    t,
    'refresh with an older version',
    `${older.stdout || older.stderr}; quarantined: ${found[place] ?? 'no'}`,
  );
  assert.equal(found[place], 'downgrade');
  assert.equal(older.stdout, 'tools runs\n');
  // For the reboot to find.
  await run(`cp /srv/good-2.raw ${place}`);
}

async function checkBehind(t: TestContext, booted: Booted, challenge: Challenge): Promise<void> {
  const { run } = booted;
  const merged = await run(
    'mkdir -p /run/extensions && cp /srv/behind.raw /run/extensions/ && systemd-sysext refresh --image-policy=* && behind',
  );
  assert.equal(merged.stdout, 'behind runs\n', merged.stderr);
  const status = await run('touchstone status', 120);
  note(t, 'merged behind its back: touchstone status', `exit ${status.status}: ${status.stdout}`);
  assert.equal(status.status, 1, status.stderr);
  assert.match(status.stdout, /UNAPPROVED.*behind/);
  await t.test('evidence tells of it before anybody has looked', async () => {
    const { status, verdict, codes, text } = await challenge();
    note(t, 'merged behind its back: attested', `exit ${status}: ${verdict} ${codes.join(' ')}`);
    assert.equal(status, 1, text);
    assert.ok(codes.includes('unapproved') && !codes.includes('violation'), text);
  });
  const confirmed = await run('touchstone confirm', 120);
  note(t, 'touchstone confirm', `exit ${confirmed.status}: ${confirmed.stdout}`);
  assert.equal(confirmed.status, 1, confirmed.stderr);
  assert.equal((await run('command -v behind')).stdout, '');
  const after = await challenge();
  note(t, 'after a violation: attested', `exit ${after.status}: ${after.verdict} ${after.codes.join(' ')}`);
  assert.equal(after.status, 1, after.text);
  assert.ok(after.codes.includes('violation') && !after.codes.includes('unapproved'), after.text);
}

async function checkUnmerged(t: TestContext, booted: Booted): Promise<void> {
  const { run } = booted;
  const before = await readEvents(booted);
  const stopped = await run('systemctl stop systemd-confext.service; ls /etc/settings.conf', 120);
  const events = (await readEvents(booted)).slice(before.length);
  note(t, 'unmerge, by stopping the unit', events.join(', '));
  assert.match(stopped.stderr, /No such file/);
  assert.deepEqual(events, ['unmerged:confext']);
}

async function journalOf({ run }: Booted): Promise<string> {
  return (await run('journalctl -b -o cat -u systemd-sysext.service -u systemd-confext.service')).stdout;
}
