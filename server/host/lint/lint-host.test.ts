import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { lintHost } from './lint-host.ts';
import { type Entry, makeHost, shown } from './tests/host-tree.ts';

const unit = '/usr/lib/systemd/system/systemd-sysext.service';
const dropIn = '/etc/systemd/system/systemd-sysext.service.d';
const library = (version: number): Record<string, Entry> => ({
  [`/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-${version}.so`]: '',
});
const merge = '[Service]\nExecStart=systemd-sysext refresh\nExecReload=systemd-sysext refresh\n';
const strict = 'root=signed+absent:usr=signed+absent';
const weak = 'root=verity+signed+absent:usr=verity+signed+absent';
const configuration = (policy: string): string => `[SysExt]\nImagePolicy=${policy}\n`;
const command = (policy: string): string =>
  `[Service]\nExecStart=\nExecStart=systemd-sysext refresh --image-policy=${policy}\nExecReload=\n`;

// The files of the host, and the warnings.
const cases: [string, Record<string, Entry>, string[]][] = [
  ['nothing at all', {}, []],
  ['no policy', { [unit]: merge, ...library(259) }, [`unsigned-allowed ${unit}`]],
  [
    'a masked unit',
    { [unit]: merge, '/etc/systemd/system/systemd-sysext.service': { link: '/dev/null' } },
    [],
  ],
  [
    'a unit that merges nothing',
    { [unit]: '[Service]\nExecStart=systemd-sysext unmerge\nExecStart=/bin/true refresh\n' },
    [],
  ],
  ['a command in another section', { [unit]: '[Unit]\nExecStart=systemd-sysext merge\n' }, []],
  ['a strict policy', { [unit]: merge, '/etc/systemd/sysext.conf': configuration(strict) }, []],
  [
    'a weak policy',
    { [unit]: merge, '/etc/systemd/sysext.conf': configuration(weak) },
    ['unsigned-allowed /etc/systemd/sysext.conf'],
  ],
  [
    'a weak policy without a unit',
    { '/etc/systemd/sysext.conf': configuration(weak) },
    ['unsigned-allowed /etc/systemd/sysext.conf'],
  ],
  [
    'a policy in the section of the other class',
    { [unit]: merge, '/etc/systemd/sysext.conf': '[ConfExt]\nImagePolicy=root=signed' },
    [`unsigned-allowed ${unit}`],
  ],
  [
    'no policy for confexts',
    {
      '/usr/lib/systemd/system/systemd-confext.service': merge.replaceAll('sysext', 'confext'),
      '/etc/systemd/sysext.conf': configuration(strict),
    },
    ['unsigned-allowed /usr/lib/systemd/system/systemd-confext.service'],
  ],
  [
    'a strict policy for confexts',
    {
      '/usr/lib/systemd/system/systemd-confext.service': merge.replaceAll('sysext', 'confext'),
      '/run/systemd/confext.conf.d/a.conf': '[ConfExt]\nImagePolicy=root=signed',
    },
    [],
  ],
  [
    'a drop-in after the main file',
    {
      [unit]: merge,
      '/etc/systemd/sysext.conf': configuration(weak),
      '/usr/lib/systemd/sysext.conf.d/a.conf': configuration(strict),
    },
    [],
  ],
  [
    'the main file of the first directory alone',
    { [unit]: merge, '/run/systemd/sysext.conf': '', '/usr/lib/systemd/sysext.conf': configuration(strict) },
    [`unsigned-allowed ${unit}`],
  ],
  [
    'drop-ins by their names, not by their directories',
    {
      [unit]: merge,
      '/etc/systemd/sysext.conf.d/10.conf': configuration(strict),
      '/usr/lib/systemd/sysext.conf.d/20.conf': configuration(weak),
    },
    ['unsigned-allowed /usr/lib/systemd/sysext.conf.d/20.conf'],
  ],
  [
    'of drop-ins of one name the first',
    {
      [unit]: merge,
      '/etc/systemd/sysext.conf.d/a.conf': configuration(strict),
      '/usr/lib/systemd/sysext.conf.d/a.conf': configuration(weak),
    },
    [],
  ],
  [
    'a masked drop-in',
    {
      [unit]: merge,
      '/etc/systemd/sysext.conf.d/a.conf': { link: '/dev/null' },
      '/usr/lib/systemd/sysext.conf.d/a.conf': configuration(weak),
      '/usr/local/lib/systemd/sysext.conf': configuration(strict),
    },
    [],
  ],
  [
    'hidden and other files beside drop-ins',
    {
      [unit]: merge,
      '/etc/systemd/sysext.conf': configuration(strict),
      '/etc/systemd/sysext.conf.d/.a.conf': configuration(weak),
      '/etc/systemd/sysext.conf.d/a.txt': configuration(weak),
    },
    [],
  ],
  [
    'a policy that is taken back',
    { [unit]: merge, '/etc/systemd/sysext.conf': `${configuration(strict)}ImagePolicy=\n` },
    [`unsigned-allowed ${unit}`],
  ],
  [
    'a policy that cannot be parsed',
    { [unit]: merge, '/etc/systemd/sysext.conf': configuration('root=singed') },
    ['ignored-policy /etc/systemd/sysext.conf'],
  ],
  [
    'a file that old systemd does not read',
    { [unit]: merge, ...library(257), '/etc/systemd/sysext.conf': configuration(strict) },
    ['ignored-policy /etc/systemd/sysext.conf', `unsigned-allowed ${unit}`],
  ],
  ['a strict switch', { [unit]: merge, ...library(257), [`${dropIn}/a.conf`]: command(strict) }, []],
  [
    'a weak switch over a strict file',
    { [unit]: merge, '/etc/systemd/sysext.conf': configuration(strict), [`${dropIn}/a.conf`]: command(weak) },
    [`unsigned-allowed ${dropIn}/a.conf`],
  ],
  [
    'a switch at start but not at reload',
    { [unit]: merge, [`${dropIn}/a.conf`]: command(strict).replace('ExecReload=\n', '') },
    [`unsigned-allowed ${unit}`],
  ],
  [
    'a second command beside the first',
    { [unit]: merge, [`${dropIn}/a.conf`]: command(strict).replace('ExecStart=\n', '') },
    [`unsigned-allowed ${unit}`],
  ],
  [
    'a drop-in for all services',
    {
      [unit]: merge,
      '/etc/systemd/system/service.d/a.conf': command(weak),
      '/run/systemd/system/systemd-.service.d/b.conf': command(strict),
    },
    [],
  ],
  [
    'a drop-in for this unit before one for all',
    {
      [unit]: merge,
      '/usr/lib/systemd/system/systemd-sysext.service.d/a.conf': command(strict),
      '/etc/systemd/system/service.d/a.conf': command(weak),
    },
    [],
  ],
  [
    'a switch in quotes and by a path',
    { [unit]: `[Service]\nExecStart=-/usr/bin/systemd-sysext "--image-policy" '${weak}' merge` },
    [`unsigned-allowed ${unit}`],
  ],
];
for (const [what, entries, expected] of cases) {
  test(`the image policy of a host with ${what}`, async (context) => {
    assert.deepEqual(shown(await lintHost(makeHost(context, entries))), [...expected].sort());
  });
}

test('a warning says which alternatives are the weak ones, and what enforces signatures', async (context) => {
  const root = makeHost(context, { '/etc/systemd/sysext.conf': configuration(weak) });
  const [warning] = await lintHost(root);
  assert.match(
    warning?.message ?? '',
    /: root=verity, usr=verity\. Only root=signed\+absent:usr=signed\+absent enforces/,
  );
});

test('how to set a policy depends on the version of systemd', async (context) => {
  const advice = async (version: number): Promise<string> =>
    (await lintHost(makeHost(context, { [unit]: merge, ...library(version) })))[0]?.message ?? '';
  assert.match(await advice(252), /systemd 252 has no image policies/);
  assert.match(await advice(257), /set --image-policy=/);
  assert.match(await advice(259), /set ImagePolicy=/);
});

test('everything that is linted is', async (context) => {
  const root = makeHost(context, {
    '/var/lib/extensions/a.img': '',
    '/run/confexts/b.img': '',
    '/etc/verity.d/c.pem': '',
    '/etc/verity.d/d.pem': 'x',
    '/etc/systemd/sysext.conf': configuration(weak),
    '/etc/systemd/confext.conf': '[ConfExt]\nImagePolicy=*\n',
  });
  assert.deepEqual(shown(await lintHost(root)), [
    'ignored-certificate /etc/verity.d/d.pem',
    'ignored-image /run/confexts/b.img',
    'ignored-image /var/lib/extensions/a.img',
    'unsigned-allowed /etc/systemd/confext.conf',
    'unsigned-allowed /etc/systemd/sysext.conf',
  ]);
});

test('links lead to files inside the root only', async (context) => {
  const root = makeHost(context, { '/etc/systemd/sysext.conf': { link: '/etc/passwd' }, [unit]: merge });
  assert.deepEqual(shown(await lintHost(root)), [`unsigned-allowed ${unit}`]);
});

test('a configuration file without end cannot be decided', async (context) => {
  const root = makeHost(context, { '/etc/systemd/sysext.conf': '#'.repeat(300_000) });
  await assert.rejects(lintHost(root), CouldNotDecide);
});
