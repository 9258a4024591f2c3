import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { hostArchitecture } from '../../server/os/architecture.ts';
import { readReleaseGroup, writeReleaseGroup } from './release.ts';
import { entryBytes, type ReleaseCase, type TreeEntry } from './release-group.ts';

/*
 * Asks systemd-sysext and systemd-confext to merge every case, as a directory below a --root of its own, and writes what
 * they did into the group. As root, from the root of the repository, after release.js:
 *
 *     node dist/test-vectors/generate/judge-release.js             # this system's systemd
 *     node dist/test-vectors/generate/judge-release.js /srv/trixie # that of a tree made by debootstrap
 *
 * All mounts are made in a mount namespace that ends with the command.
 */

type Judgement = ReleaseCase['judged'][number];

/** The first line of `--version`: `systemd 257 (257.13-1~deb13u1)`. */
const versionLine = /^systemd \d+ \((.*)\)/;

const tools = {
  sysext: { tool: 'systemd-sysext', images: 'run/extensions' },
  confext: { tool: 'systemd-confext', images: 'run/confexts' },
} as const;

// $1: the system that has the tool; $2: the work directory; the rest: the command.
const inNamespace = `
set -e
system=$1; work=$2; shift 2
mount --make-rprivate /
if [ "$system" != / ]; then
  mount --bind "$system" "$system"
  mount -t proc proc "$system/proc"
  mount --bind "$work" "$system/mnt"
else
  mount --bind "$work" /mnt
fi
mount -t tmpfs tmpfs "$system/run"
exec chroot "$system" env SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=info "$@" 2>&1
`;

function inSystem(system: string, work: string, command: readonly string[]): string {
  const script = ['-m', 'sh', '-c', inNamespace, 'sh', system, work, ...command];
  try {
    return execFileSync('unshare', script, { encoding: 'utf8', timeout: 20_000 });
  } catch (error) {
    // What the tool wrote tells; how it ended does not: 252 ends well after a merge that failed.
    return error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
  }
}

/** Whether the tool can be asked: not about other machines than this, and not about what it would wait for for ever. */
function canJudge({ inputs }: ReleaseCase): boolean {
  return inputs.host.architecture === hostArchitecture() && inputs.tree.every(({ type }) => type !== 'fifo');
}

function place(root: string, entry: TreeEntry): void {
  const path = join(root, entry.path);
  mkdirSync(entry.type === 'directory' ? path : dirname(path), { recursive: true });
  if (entry.type === 'link') symlinkSync(entry.target, path);
  if (!('strict' in entry)) return;
  writeFileSync(path, entryBytes(entry));
  if (entry.strict === null) return;
  const value = `0s${Buffer.from(entry.strict).toString('base64')}`;
  execFileSync('setfattr', ['-n', 'user.extension-release.strict', '-v', value, path]);
}

function placeHost(root: string, { osRelease, scope }: ReleaseCase['inputs']['host']): void {
  for (const path of ['usr/lib', 'etc', 'opt', 'run', 'var/lib'])
    mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, 'usr/lib/os-release'), osRelease);
  if (scope === 'initrd') writeFileSync(join(root, 'etc/initrd-release'), osRelease);
}

function judge(system: string, { inputs }: ReleaseCase, version: string): Judgement {
  const { tool, images } = tools[inputs.class];
  const work = mkdtempSync(join(tmpdir(), 'touchstone-judge-'));
  try {
    placeHost(work, inputs.host);
    const image = join(work, images, inputs.name, inputs.designator === 'usr' ? 'usr' : '');
    mkdirSync(image, { recursive: true });
    for (const entry of inputs.tree) place(image, entry);
    // systemd 252 asks this of its own surroundings, not of the root.
    const initrd = `SYSTEMD_IN_INITRD=${inputs.host.scope === 'initrd' ? 1 : 0}`;
    const said = inSystem(system, work, [initrd, tool, '--root=/mnt', 'merge']);
    return { tool, version, verdict: verdictOf(said) };
  } finally {
    rmSync(work, { recursive: true });
  }
}

function verdictOf(said: string): Judgement['verdict'] {
  if (/^Merged extensions into /m.test(said)) return 'merged';
  return /^No suitable extensions found/m.test(said) ? 'ignored' : 'failed';
}

function main(system: string): void {
  const shown = inSystem(system, tmpdir(), ['systemd-sysext', '--version']);
  const version = versionLine.exec(shown)?.[1];
  if (version === undefined) throw new CouldNotDecide(`there is no systemd-sysext in ${system}: ${shown}`);
  // systemd-confext is there from 254.
  const classes = inSystem(system, tmpdir(), ['systemd-confext', '--version']).startsWith('systemd ')
    ? ['sysext', 'confext']
    : ['sysext'];
  const judged = readReleaseGroup().map((one) => {
    const others = one.judged.filter((judgement) => judgement.version !== version);
    if (!canJudge(one) || !classes.includes(one.inputs.class)) return { ...one, judged: others };
    const judgements = [...others, judge(system, one, version)];
    return { ...one, judged: judgements.sort((a, b) => (a.version < b.version ? -1 : 1)) };
  });
  writeReleaseGroup(judged);
}

if (import.meta.filename === process.argv[1]) main(process.argv[2] ?? '/');
