import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { readMergeCommands } from '../host/lint/image-policy-settings.ts';
import { packagedPaths } from '../packaging/packaged-files.ts';
import { collect } from './sample-machine.ts';

/** `install` and `uninstall` on a host below a directory. systemd itself judges what they write. */

const pki = new OpensslPki();
let root = '';
let certificate = '';

before(() => {
  certificate = readFileSync(pki.issue({ subject: '/CN=vendor' }).certificate, 'utf8');
});

beforeEach(() => {
  if (root !== '') rmSync(root, { recursive: true });
  root = mkdtempSync(join(tmpdir(), 'touchstone-install-'));
  put('usr/bin/node', '', 0o755);
  put('usr/local/lib/node_modules/touchstone/dist/server/cli/main.js', '');
  mkdirSync(join(root, 'usr/local/bin'));
  symlinkSync(
    '../lib/node_modules/touchstone/dist/server/cli/main.js',
    join(root, 'usr/local/bin/touchstone'),
  );
  putSystemd(257);
  put('etc/touchstone/vendor.pem', certificate);
  putPolicy(1);
});

after(() => {
  pki.remove();
  rmSync(root, { recursive: true });
});

function put(path: string, content: string, mode = 0o644): void {
  const target = join(root, path);
  mkdirSync(join(target, '..'), { recursive: true });
  writeFileSync(target, content);
  chmodSync(target, mode);
}

function putSystemd(version: number): void {
  rmSync(join(root, 'usr/lib/systemd'), { recursive: true, force: true });
  put(`usr/lib/systemd/libsystemd-shared-${version}.so`, '');
}

function putPolicy(version: number): void {
  put(
    'etc/touchstone/policy.yaml',
    `apiVersion: touchstone/v1
kind: ExtensionPolicy
metadata: { name: sample, version: ${version} }
trust: { vendor: { certificates: [vendor.pem], pinned: true } }
rules:
  - { name: tools, match: { name: "*" }, require: { signedBy: [vendor] } }
`,
  );
}

async function touchstone(...args: readonly string[]) {
  const collected = collect();
  const code = await runCommandLine([...args, '--root', root], collected.output);
  return { code, out: collected.out, err: collected.err };
}

async function kinds(...args: readonly string[]): Promise<Record<string, string>> {
  const { out, err } = await touchstone(...args, '--json');
  assert.notEqual(out, '', err);
  const { changes, told } = JSON.parse(out);
  // Below another root systemd is told nothing, also where it runs.
  assert.deepEqual(told, []);
  return Object.fromEntries(changes.map(({ path, kind }: { path: string; kind: string }) => [path, kind]));
}

function filesBelow(directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .sort();
}

const sysextDropIn = '/etc/systemd/system/systemd-sysext.service.d/90-touchstone.conf';
const service = '/etc/systemd/system/touchstone.service';

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

test('the endpoint’s sandbox mounts nothing where extensions are merged', async () => {
  await touchstone('install');
  const mounting = /^(?:ProtectKernelModules|RootDirectory|RootImage|MountFlags|ExtensionImages)=/m;
  assert.doesNotMatch(read(service), mounting);
  const places = [
    ...read(service).matchAll(/^(?:\w*Paths|\w*Directory|BindPaths|TemporaryFileSystem)=(.*)$/gm),
  ];
  assert.ok(places.length > 0);
  for (const [line] of places) assert.doesNotMatch(line, /[=\s:-]\/(?:usr|opt|etc)\b/);
  await touchstone('uninstall');
});

test('a second install changes nothing, and uninstall leaves what was there before', async () => {
  const before = filesBelow('etc');
  const first = await kinds('install');
  assert.ok(Object.values(first).every((kind) => kind === 'write'));
  const written = filesBelow('etc').filter((path) => !before.includes(path));
  assert.deepEqual(Object.keys(first).sort(), written);
  const times = written.map((path) => statSync(join(root, path)).ctimeMs);
  const second = await kinds('install');
  assert.ok(Object.values(second).every((kind) => kind === 'unchanged'));
  assert.deepEqual(
    written.map((path) => statSync(join(root, path)).ctimeMs),
    times,
  );

  const gone = await kinds('uninstall');
  assert.deepEqual(Object.keys(gone).sort(), written);
  assert.deepEqual(filesBelow('etc'), before);
  assert.equal(existsSync(join(root, 'etc/systemd/system/systemd-sysext.service.d')), false);
  assert.ok(existsSync(join(root, 'var/lib/touchstone/images/sysext')));
  assert.match((await touchstone('uninstall')).out, /nothing of it was there/);
});

test('for every version of systemd, what is written is among what uninstall looks for', async () => {
  for (const version of [252, 254, 257, 259, 262]) {
    putSystemd(version);
    for (const path of Object.keys(await kinds('install', '--dry-run')))
      assert.ok(packagedPaths().includes(path), path);
  }
});

test('settings of image policies are written for a systemd that reads them, and options for others', async () => {
  const settings = '/etc/systemd/sysext.conf.d/80-touchstone.conf';
  assert.equal((await kinds('install'))[settings], undefined);
  assert.match(
    read('/etc/systemd/system/systemd-sysext@.service.d/40-touchstone.conf'),
    /--image-policy=root=signed/,
  );
  putSystemd(259);
  assert.equal((await kinds('install'))[settings], 'write');
  assert.match(read(settings), /^ImagePolicy=root=signed\+absent:usr=signed\+absent$/m);
  putSystemd(252);
  const old = await touchstone('install');
  assert.match(old.err, /systemd 252 has no image policies/);
  assert.equal(existsSync(join(root, settings)), false);
});

test('a merge unit has no command of systemd left that merges', async () => {
  for (const name of ['sysext', 'confext'] as const) {
    const unit = `[Service]\nExecStart=systemd-${name} refresh\nExecReload=systemd-${name} refresh\nExecStop=systemd-${name} unmerge\n`;
    put(`usr/lib/systemd/system/systemd-${name}.service`, unit);
    assert.equal((await readMergeCommands(root, name))?.length, 2);
  }
  await touchstone('install');
  for (const name of ['sysext', 'confext'] as const) {
    assert.deepEqual(await readMergeCommands(root, name), []);
    const dropIn = read(`/etc/systemd/system/systemd-${name}.service.d/90-touchstone.conf`);
    for (const key of ['ExecStart', 'ExecReload', 'ExecStop']) {
      const [reset, command, ...others] = dropIn.match(new RegExp(`^${key}=.*$`, 'gm')) ?? [];
      assert.equal(reset, `${key}=`);
      // A command that began with "-" would let the unit go on without it.
      assert.match(
        command ?? '',
        new RegExp(`^${key}=/usr/bin/node /usr/local/lib/.*/main\\.js .*--class ${name}$`),
      );
      assert.deepEqual(others, []);
    }
  }
});

test('a file that somebody changed is left, and nothing else is written either', async () => {
  await touchstone('install');
  putPolicy(2);
  const policies = '/etc/systemd/system/systemd-sysext@.service.d/40-touchstone.conf';
  const old = read(policies);
  put(sysextDropIn, `${read(sysextDropIn)}# mine\n`);
  put(service, '[Service]\nExecStart=/bin/true\n');
  // Its content is to change, too.
  const refused = await touchstone('install', '--tpm', 'yes');
  assert.equal(refused.code, 2);
  assert.match(refused.err, /sysext\.service\.d\/90-touchstone\.conf \(changed since/);
  assert.match(refused.err, /touchstone\.service \(not written by/);
  assert.equal(read(policies), old);
  const gone = await touchstone('uninstall');
  assert.equal(gone.code, 1);
  assert.match(gone.out, /left .*90-touchstone\.conf \(changed since/);
  assert.deepEqual(
    [sysextDropIn, service, policies].map((path) => existsSync(join(root, path))),
    [true, true, false],
  );
  assert.equal((await touchstone('install', '--force')).code, 0);
  assert.match(read(service), /--jitless/);
});

test('a new policy brings new image policies, and an endpoint that is not wanted any more goes', async () => {
  await touchstone('install');
  putPolicy(2);
  const changes = await kinds('install', '--no-endpoint');
  assert.equal(changes['/etc/systemd/system/systemd-sysext@.service.d/40-touchstone.conf'], 'replace');
  assert.equal(changes[service], 'remove');
  assert.equal(changes[sysextDropIn], 'unchanged');
  assert.equal(existsSync(join(root, service)), false);
});

test('no link is written through, and none is replaced', async () => {
  mkdirSync(join(root, 'etc/systemd/system'), { recursive: true });
  // A unit that is masked.
  symlinkSync('/dev/null', join(root, service));
  assert.match((await touchstone('install')).err, /touchstone\.service \(not written by/);
  rmSync(join(root, service));
  symlinkSync('../../../usr/share', join(root, 'etc/systemd/system/systemd-sysext.service.d'));
  mkdirSync(join(root, 'usr/share'));
  const refused = await touchstone('install');
  assert.equal(refused.code, 3);
  assert.match(refused.err, /is, or is below, a symbolic link/);
  assert.deepEqual(readdirSync(join(root, 'usr/share')), []);
  assert.equal(existsSync(join(root, service)), false);
});

test('a program that others can replace, or that is missing, is not started by root', async () => {
  chmodSync(join(root, 'usr/local/lib/node_modules'), 0o777);
  const writable = await touchstone('install');
  assert.equal(writable.code, 3);
  assert.match(
    writable.err,
    /cannot start .*main\.js: \/usr\/local\/lib\/node_modules can be changed by others/,
  );
  chmodSync(join(root, 'usr/local/lib/node_modules'), 0o755);
  chmodSync(join(root, 'usr/bin/node'), 0o644);
  assert.match((await touchstone('install')).err, /\/usr\/bin\/node is not an executable file/);
  rmSync(join(root, 'usr/bin/node'));
  assert.match((await touchstone('install')).err, /there is no Node\.js below/);
  assert.equal(existsSync(join(root, 'etc/systemd')), false);
});

test('without a policy, or with one that is not signed as it must be, nothing is written', async () => {
  const unsigned = await touchstone('install', '--policy-trust', '/etc/touchstone/vendor.pem');
  assert.equal(unsigned.code, 2);
  assert.match(unsigned.err, /not signed as --policy-trust wants it/);
  rmSync(join(root, 'etc/touchstone/policy.yaml'));
  assert.match((await touchstone('install')).err, /there is no \/etc\/touchstone\/policy\.yaml/);
  assert.equal(existsSync(join(root, 'etc/systemd')), false);
});

test('a dry run prints the files and writes none', async () => {
  const { code, out } = await touchstone('install', '--dry-run');
  assert.equal(code, 0);
  assert.match(out, /==> \/etc\/tmpfiles\.d\/touchstone\.conf <==\n# Written by/);
  assert.deepEqual([existsSync(join(root, 'etc/systemd')), existsSync(join(root, 'var'))], [false, false]);
});

test('the endpoint is reached from this host only, or has TLS', async () => {
  assert.match((await touchstone('install', '--listen', '0.0.0.0:7431')).err, /not a loopback address/);
  const half = await touchstone('install', '--tls-key', '/etc/touchstone/tls/host.key');
  assert.match(half.err, /go together/);
  await touchstone('install');
  assert.match(read(service), /^IPAddressDeny=any\nIPAddressAllow=localhost$/m);
  const tls = ['certificate.pem', 'key.pem', 'clients.pem'].map((name) => `/etc/touchstone/${name}`);
  const names = ['--tls-certificate', '--tls-key', '--client-ca'];
  const words = names.flatMap((name, index) => [name, tls[index] ?? '']);
  assert.equal((await touchstone('install', '--listen', '[::]:7431', ...words)).code, 0);
  assert.doesNotMatch(read(service), /IPAddress/);
  assert.ok(read(service).includes(`serve --listen [::]:7431 ${words.join(' ')}\n`));
  const home = await touchstone('install', '--listen', '[::]:7431', ...words.with(3, '/home/me/host.key'));
  assert.match(home.err, /it is in \/home/);
});

test('a drop-in that comes later and has commands of its own is warned of', async () => {
  const edited = '/etc/systemd/system/systemd-sysext.service.d/override.conf';
  put(edited, '[Unit]\nDescription=x\n');
  assert.equal((await touchstone('install')).err, '');
  put(edited, '[Service]\nExecStart=\nExecStart=systemd-sysext merge\n');
  assert.match((await touchstone('install')).err, /override\.conf comes after 90-touchstone\.conf/);
});

test('units wait for a TPM only if they are told to', async () => {
  await touchstone('install');
  assert.doesNotMatch(read(sysextDropIn), /^Wants=/m);
  await touchstone('install', '--tpm', 'yes');
  assert.match(read(sysextDropIn), /^Wants=dev-tpmrm0\.device$/m);
  assert.match(read(service), /^Wants=dev-tpmrm0\.device$/m);
});

const units = ['/usr/lib/systemd/system', '/lib/systemd/system'].find((path) => existsSync(path));
const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;

test('systemd finds nothing wrong with the units', { skip: !hasAnalyze || units === undefined }, async () => {
  cpSync(units ?? '', join(root, 'usr/lib/systemd/system'), { recursive: true, verbatimSymlinks: true });
  put('bin/sh', '', 0o755);
  await touchstone('install', '--tpm', 'yes');
  const verify = (unit: string) =>
    spawnSync('systemd-analyze', ['verify', `--root=${root}`, '--man=no', unit], { encoding: 'utf8' });
  for (const unit of ['touchstone.service', 'systemd-sysext.service', 'sysinit.target']) {
    const { status, stderr } = verify(unit);
    const about = stderr.split('\n').filter((line) => /touchstone|sysext/.test(line));
    assert.deepEqual({ status, about }, { status: 0, about: [] }, unit);
  }
  put(service, read(service).replace('ProtectHome=', 'ProtectHouse='));
  assert.match(verify('touchstone.service').stderr, /ProtectHouse/);
});

test('the endpoint is exposed to less than 3.0 of 10', { skip: !hasAnalyze }, async () => {
  await touchstone('install');
  const args = ['security', '--offline=true', '--no-pager', '--threshold=30', join(root, service)];
  const { status, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

test('the command runs where Node.js may make no machine code', () => {
  const main = resolve(import.meta.dirname, '../cli/main.js');
  const { status, stdout } = spawnSync(process.execPath, ['--jitless', main, '--version'], {
    encoding: 'utf8',
  });
  assert.deepEqual([status, stdout.split(' ')[0]], [0, 'touchstone']);
});
