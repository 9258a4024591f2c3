import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

import { join, resolve } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { makeErofs } from '../../test-vectors/generate/make-image.ts';

import { SampleMachine } from './sample-machine.ts';

/**
 * The whole way from the gate to what is mounted, with the systemd-sysext of this machine. There need be no device-mapper here,
 * so that what is merged is a directory and a bare file system, admitted by their digests; images with signatures are merged
 * in the virtual machine. Everything is done in a mount namespace that ends with the test.
 */

const main = resolve(import.meta.dirname, '../cli/main.js');
let machine: SampleMachine;

interface Step {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

beforeEach(async () => {
  machine = await SampleMachine.start();
});
afterEach(() => machine.stop());

/** Runs shell commands one after another in one namespace; `touchstone` there is this one, for this machine. */
function inNamespace(...commands: readonly string[]): Step[] {
  const at = (name: string): string => join(machine.root, name);
  const asked = `TPM2TOOLS_TCTI=${machine.tpm.tcti} ${process.execPath} ${main} "$@" --root ${machine.root}`;
  const setUp = [
    'set -e',
    'mount --make-rprivate /; mount --make-rshared /; mount -t tmpfs tmpfs /run',
    `touchstone() { ${asked}; }`,
    'set +e',
  ];
  const steps = commands.map(
    (command, index) =>
      `{ ${command}; } >${at(`out${index}`)} 2>${at(`err${index}`)} </dev/null; echo $? >${at(`code${index}`)}`,
  );
  execFileSync('unshare', ['-m', 'sh', '-c', [...setUp, ...steps].join('\n')], { timeout: 120_000 });
  return commands.map((_, index) => ({
    code: Number(readFileSync(at(`code${index}`), 'utf8')),
    out: readFileSync(at(`out${index}`), 'utf8'),
    err: readFileSync(at(`err${index}`), 'utf8'),
  }));
}

/** Puts a script in the place of a tool of systemd, for the namespace. */
function fakeTool(name: string, script: string): string {
  const path = `/usr/local/sbin/${name}`;
  return `mount -t tmpfs tmpfs /usr/local/sbin; printf '%s\\n' '#!/bin/sh' '${script}' >${path}; chmod 0755 ${path}`;
}

/** What `inspect` says that identifies an image without a hash tree. */
function digestOf(path: string): string {
  const out = execFileSync(process.execPath, [main, 'inspect', '--json', path], { encoding: 'utf8' });
  return JSON.parse(out).rootHash;
}

function eventsOf(step: Step | undefined): string[] {
  return JSON.parse(step?.out ?? '').flatMap((one: { events: string[] }) => one.events);
}

/** A host with one directory, one bare file system, and a policy that lists both and nothing else. */
function prepare(): void {
  for (const path of ['usr/lib/os-release', 'opt/keep']) machine.put(path, 'ID=sample\n');
  const release = (name: string): string => `usr/lib/extension-release.d/extension-release.${name}`;
  machine.put(`var/lib/extensions/tree/${release('tree')}`, 'ID=_any\n');
  machine.put('var/lib/extensions/tree/usr/share/tree', 'hello');
  const files = { [release('bare')]: 'ID=_any\n', 'opt/bare/program': 'x'.repeat(5000) };
  const bare = machine.put('var/lib/extensions/bare.raw', makeErofs(files));
  const tree = digestOf(join(machine.root, 'var/lib/extensions/tree'));
  machine.writePolicy(`
  - { name: tree, match: { form: directory }, require: { treeDigest: ["sha256:${tree}"] } }
  - { name: bare, match: { form: bare }, require: { fileDigest: ["sha256:${digestOf(bare)}"] } }`);
}

test('what is approved is merged, confirmed and measured once; unmerging is measured', () => {
  prepare();
  const [refresh, shown, again, merge, unmerge, left] = inNamespace(
    'touchstone refresh --json',
    `cat ${machine.root}/usr/share/tree; wc -c <${machine.root}/opt/bare/program`,
    'touchstone refresh --json',
    'touchstone merge',
    'touchstone unmerge --json',
    `ls ${machine.root}/usr/share`,
  );
  assert.equal(refresh?.code, 0, `${refresh?.out}${refresh?.err}`);
  const [sysext, confext] = JSON.parse(refresh.out);
  assert.deepEqual([sysext.outcome, sysext.hierarchies], ['merged', ['/usr', '/opt']]);
  assert.deepEqual(
    sysext.extensions.map((one: { name: string }) => one.name),
    ['bare', 'tree'],
  );
  assert.match(sysext.events.join(), /^touchstone-merged:sysext:[0-9a-f]{64}$/);
  assert.deepEqual([confext.outcome, confext.hierarchies], ['merged', []]);
  assert.equal(shown?.out, 'hello5000\n');
  assert.deepEqual([again?.code, eventsOf(again)], [0, []], 'nothing changed, so nothing is measured');
  assert.equal(JSON.parse(again?.out ?? '[]')[0].since, sysext.since, 'nor merged anew');
  assert.equal(merge?.code, 3);
  assert.match(merge.err, /sysext is merged into \/usr and \/opt already; use touchstone refresh/);
  assert.deepEqual(
    [unmerge?.code, eventsOf(unmerge)],
    [0, ['touchstone-unmerged:sysext', 'touchstone-unmerged:confext']],
  );
  assert.equal(left?.code, 2, 'the directory was of the extension alone');
});

test('without a policy what was approved stays merged, and what was not does not', () => {
  prepare();
  const evil = `${machine.root}/var/lib/extensions/evil`;
  const release = `${evil}/usr/lib/extension-release.d`;
  const policy = machine.policyFile;
  const [, confirmed, behind, gone, after, damaged] = inNamespace(
    'touchstone refresh --json --class sysext',
    `mv ${policy} ${policy}.away; touchstone confirm --class sysext`,
    `cat ${machine.root}/usr/share/tree; mkdir -p ${release} ${evil}/usr/share; echo ID=_any >${release}/extension-release.evil; echo evil >${evil}/usr/share/evil;
      systemd-sysext --root=${machine.root} refresh >&2; cat ${machine.root}/usr/share/evil`,
    'touchstone confirm --class sysext',
    `cat ${machine.root}/run/log/systemd/tpm2-measure.log; ls ${machine.root}/usr/share`,
    `systemd-sysext --root=${machine.root} refresh >&2; echo nonsense >${policy}; touchstone refresh --class sysext`,
  );
  assert.equal(confirmed?.code, 3);
  assert.equal(behind?.out, 'helloevil\n', `${confirmed.err}${behind?.err}`);
  assert.equal(gone?.code, 3);
  assert.match(
    gone.err,
    /sysext: what was merged was never approved, and was unmerged and measured as a violation/,
  );
  assert.match(gone.err, /there is no \/etc\/touchstone\/policy\.yaml/);
  assert.match(after?.out ?? '', /touchstone-violation:sysext:unapproved:evil:/);
  assert.doesNotMatch(after?.out ?? '', /^evil$/m);
  assert.equal(damaged?.code, 2);
  assert.match(damaged.err, /was unmerged and measured/);
});

test('what root merged behind our back is unmerged, moved away and measured as a violation', () => {
  prepare();
  const evil = `${machine.root}/var/lib/extensions/evil`;
  const release = `${evil}/usr/lib/extension-release.d`;
  const [, behind, confirm, after, refresh] = inNamespace(
    'touchstone refresh --json --class sysext',
    `mkdir -p ${release} ${evil}/usr/share; echo ID=_any >${release}/extension-release.evil; echo evil >${evil}/usr/share/evil;
      systemd-sysext --root=${machine.root} refresh >&2; cat ${machine.root}/usr/share/evil`,
    'touchstone confirm --json --class sysext',
    `ls ${machine.root}/usr/share; ls ${machine.root}/var/lib/extensions`,
    'touchstone refresh --json --class sysext',
  );
  assert.equal(behind?.out, 'evil\n', 'systemd merges it without asking');
  assert.equal(confirm?.code, 1, confirm?.err);
  const [found] = JSON.parse(confirm.out);
  assert.equal(found.outcome, 'violation');
  assert.deepEqual(found.hierarchies, []);
  assert.deepEqual(found.events, [
    'touchstone-violation:sysext:unapproved:evil:',
    'touchstone-unmerged:sysext',
  ]);
  assert.equal(after?.out, 'bare.raw\ntree\n', 'nothing is merged, and what was approved is still there');
  assert.equal(refresh?.code, 0, refresh?.err);
  assert.equal(JSON.parse(refresh.out)[0].outcome, 'merged', 'the next run merges what is approved');
});

test('a directory in which something was changed since it was approved is not confirmed', () => {
  prepare();
  const [, status, confirm] = inNamespace(
    `touchstone refresh --class sysext; echo other >${machine.root}/var/lib/extensions/tree/usr/share/tree`,
    'touchstone status --class sysext',
    'touchstone confirm --json --class sysext',
  );
  assert.equal(status?.code, 1, status?.err);
  assert.match(status.out, /UNAPPROVED[^]*digest-mismatch: A directory that is merged is not as it was/);
  assert.equal(confirm?.code, 1, confirm?.err);
  const [{ violations }] = JSON.parse(confirm.out);
  assert.deepEqual(
    violations.map((one: { name: string; code: string }) => [one.name, one.code]),
    [['tree', 'unapproved']],
  );
});

test('a class of which nothing can be said does not keep the other one merged without a look', () => {
  prepare();
  const { root } = machine;
  machine.put('evil/evil', 'evil');
  const [refresh, behind, confirm, left] = inNamespace(
    'touchstone refresh',
    // The systemd of this machine may have none for confexts.
    `${fakeTool('systemd-confext', `umount ${root}/etc`)}; mkdir -p ${root}/run; ln -s extensions ${root}/run/extensions
      mount -t overlay confext -o lowerdir=${root}/evil:${root}/etc ${root}/etc && cat ${root}/etc/evil`,
    'touchstone confirm --json',
    `cat ${root}/usr/share/tree; ls ${root}/etc`,
  );
  assert.equal(refresh?.code, 0, refresh?.err);
  assert.equal(behind?.out, 'evil', behind?.err);
  const [sysext, confext] = JSON.parse(confirm?.out ?? '[]');
  assert.deepEqual([sysext.class, sysext.outcome], ['sysext', 'undecided']);
  assert.match(confirm?.err ?? '', /^touchstone: sysext: .* goes through too many symbolic links$/m);
  assert.deepEqual([confext.class, confext.outcome], ['confext', 'violation']);
  assert.equal(confirm?.code, 1, 'a no counts for more than a failure');
  assert.match(left?.out ?? '', /^hello(?!.*evil)/s, 'what was approved is still merged');
});

const hasFuse = existsSync('/dev/fuse');

test(
  'an image on a file system that hangs is refused, and what was approved is looked at',
  { skip: !hasFuse },
  () => {
    prepare();
    const { root } = machine;
    // Nobody reads what the kernel asks of this file system.
    const hang = `mkdir -p ${root}/srv/hang; exec 3<>/dev/fuse;
    mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 none ${root}/srv/hang`;
    const [refresh, , confirm, left] = inNamespace(
      'touchstone refresh --class sysext',
      `${hang}; ln -s /srv/hang/hang.raw ${root}/var/lib/extensions/hang.raw`,
      'touchstone confirm --json --class sysext',
      `cat ${root}/usr/share/tree; ls ${root}/var/lib/extensions`,
    );
    assert.equal(refresh?.code, 0, refresh?.err);
    const [sysext] = JSON.parse(confirm?.out ?? '[]');
    assert.equal(sysext.outcome, 'merged', confirm?.err);
    const hanging = sysext.gate.images.find((one: { name: string }) => one.name === 'hang');
    assert.deepEqual(
      hanging.reasons.map((one: { code: string }) => one.code),
      ['unreadable'],
    );
    assert.equal(confirm?.code, 128 + 9, 'there is no other end for a process of which a thread hangs');
    assert.equal(left?.out, 'hellobare.raw\ntree\n', 'and the link is moved away');
  },
);

test('status says what is merged, by whom, and changes nothing', () => {
  prepare();
  const evil = `${machine.root}/var/lib/extensions/evil/usr/lib/extension-release.d`;
  const [, good, , behind, left] = inNamespace(
    'touchstone refresh --class sysext',
    'touchstone status --class sysext --json',
    `mkdir -p ${evil}; echo ID=_any >${evil}/extension-release.evil; systemd-sysext --root=${machine.root} refresh`,
    'touchstone status --class sysext',
    `ls ${machine.root}/var/lib/extensions`,
  );
  const [sysext] = JSON.parse(good?.out ?? '{}').classes;
  assert.deepEqual([good?.code, sysext.good, sysext.measured.state], [0, true, 'merged'], good?.out);
  assert.equal(behind?.code, 1);
  assert.match(behind.out, /sysext +UNAPPROVED: merged bare, evil, tree; the log says merged/);
  assert.match(behind.out, /because +unapproved: evil is merged and was not approved/);
  assert.match(behind.out, /evil +would be refused: digest-mismatch/);
  assert.match(left?.out ?? '', /evil/);
});

test('what is in quarantine is listed, and put back where it was', () => {
  prepare();
  const images = `${machine.root}/var/lib/extensions`;
  machine.put('var/lib/extensions/stranger.raw', machine.image('stranger', machine.stranger));
  const path = `$(touchstone quarantine list --json | grep -o '/var/lib/touchstone/quarantine/[^"]*stranger.raw' | tail -1)`;
  const [, list, full, restore, back, unknown, again] = inNamespace(
    'touchstone gate --class sysext',
    'touchstone quarantine list',
    `touch ${images}/stranger.raw; touchstone quarantine restore "${path}"`,
    `rm ${images}/stranger.raw; touchstone quarantine restore "${path}"`,
    `ls ${images}`,
    'touchstone quarantine restore /var/lib/touchstone/quarantine/sysext/../../../etc/passwd',
    `touchstone gate --class sysext; ls ${images}`,
  );
  assert.match(list?.out ?? '', /stranger\.raw\n +from +\/var\/lib\/extensions\/stranger\.raw\n/);
  assert.match(list?.out ?? '', /because +no-matching-rule/);
  assert.deepEqual([full?.code, /exists already/.test(full?.err ?? '')], [3, true], 'nothing is overwritten');
  assert.equal(restore?.code, 0, restore?.err);
  assert.match(back?.out ?? '', /stranger\.raw/);
  assert.equal(unknown?.code, 3);
  assert.doesNotMatch(
    again?.out.split('\n').slice(-4).join('\n') ?? '',
    /stranger/,
    'and it is judged again',
  );
});

test('the next refresh finds what root merged behind our back, and merges what is approved in its place', () => {
  prepare();
  const evil = `${machine.root}/var/lib/extensions/evil`;
  const release = `${evil}/usr/lib/extension-release.d`;
  const [, behind, refresh, shown, status, unmerge] = inNamespace(
    'touchstone refresh --json --class sysext',
    `mkdir -p ${release} ${evil}/usr/share; echo ID=_any >${release}/extension-release.evil; echo evil >${evil}/usr/share/evil;
      systemd-sysext --root=${machine.root} refresh >&2; cat ${machine.root}/usr/share/evil; mv ${evil} ${machine.root}/srv-evil`,
    'touchstone refresh --json --class sysext',
    `ls ${machine.root}/usr/share`,
    'touchstone status --class sysext --json',
    `touchstone unmerge; rm -rf ${machine.root}/srv-evil`,
  );
  assert.equal(behind?.out, 'evil\n');
  assert.equal(refresh?.code, 0, refresh?.err);
  const [{ outcome, violations, events }] = JSON.parse(refresh.out);
  assert.equal(outcome, 'merged');
  assert.deepEqual(
    violations.map((one: { code: string; name: string }) => [one.code, one.name]),
    [['unapproved', 'evil']],
  );
  assert.deepEqual(
    events.map((line: string) => line.split(':')[0]),
    ['touchstone-violation', 'touchstone-unmerged', 'touchstone-merged'],
  );
  assert.equal(shown?.out, 'tree\n');
  assert.equal(status?.code, 1, 'until the next boot the log says that something else was merged');
  const { classes, log } = JSON.parse(status.out);
  assert.equal(classes[0].good, true);
  assert.ok(log.violations > 0);
  assert.equal(unmerge?.code, 0);
});

test('an image that was replaced is merged by the next refresh, and until then what is merged stays approved', () => {
  prepare();
  const tree = `${machine.root}/var/lib/extensions/tree`;
  const [, status, refresh, after] = inNamespace(
    'touchstone refresh --json --class sysext',
    `mv ${tree} ${machine.root}/tree; touchstone status --class sysext; mv ${machine.root}/tree ${tree}.new`,
    'touchstone refresh --json --class sysext',
    `touchstone status --class sysext --json; rm -rf ${tree}.new; touchstone unmerge >&2`,
  );
  assert.match(status?.out ?? '', /UNAPPROVED|next +touchstone refresh would change what is merged/);
  assert.equal(refresh?.code, 0, refresh?.err);
  const [{ outcome, violations }] = JSON.parse(refresh.out);
  assert.deepEqual([outcome, violations], ['merged', []]);
  assert.equal(JSON.parse(after?.out ?? '{}').classes[0].good, true);
});
