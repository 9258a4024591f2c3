import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { findLaterDropIns } from './later-drop-ins.ts';

const units = '/etc/systemd/system';
const ours = [
  `${units}/systemd-sysext.service.d/90-touchstone.conf`,
  `${units}/systemd-sysext@.service.d/90-touchstone.conf`,
  `${units}/sysinit.target.d/90-touchstone.conf`,
];
const executing = '[Service]\nExecStart=\nExecStart=systemd-sysext merge\n';

/** What is found on a host with these files beside ours, links given as `-> TARGET`: paths, and whether they hide ours. */
async function found(files: Readonly<Record<string, string>>, wanted = ours): Promise<string[]> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'touchstone-drop-ins-')));
  const own = Object.fromEntries(ours.map((path) => [path, executing]));
  try {
    for (const [path, text] of Object.entries({ ...own, ...files })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(root, path));
      else writeFileSync(join(root, path), text);
    }
    const sentences = await findLaterDropIns(root, wanted);
    return sentences.map((text) => text.replace(/ comes after .*/, ' later').replace(/ hides .*/, ' hides'));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const places = [
  ...[`${units}.control`, '/run/systemd/system.control', '/run/systemd/transient'],
  ...['/run/systemd/generator.early', units, `${units}.attached`, '/run/systemd/system'],
  ...['/run/systemd/system.attached', '/run/systemd/generator', '/usr/local/lib/systemd/system'],
  ...['/usr/lib/systemd/system', '/run/systemd/generator.late'],
];

test('a later drop-in is found in every place of units, and in every directory that is about the unit', async () => {
  const directories = ['systemd-sysext.service.d', 'systemd-.service.d', 'service.d'];
  const ofTemplate = ['systemd-sysext@.service.d', 'systemd-sysext@0.service.d', 'systemd-@0.service.d'];
  for (const place of places)
    for (const directory of [...directories, ...ofTemplate]) {
      const path = `${place}/${directory}/zz.conf`;
      assert.deepEqual(await found({ [path]: executing }), [`${path} later`]);
    }
});

test('directories of other units, and of what no unit name begins with, are not about it', async () => {
  for (const directory of [
    ...['systemd-confext.service.d', 'systemd.service.d', 'system-.service.d', 'systemd-sysext-.service.d'],
    ...['other.service.d', 'systemd-sysext.socket.d', 'socket.d', 'touchstone@x.service.d'],
  ])
    assert.deepEqual(await found({ [`${units}/${directory}/zz.conf`]: executing }), [], directory);
});

test('an instance of what is no template is none', async () => {
  const files = { [`${units}/systemd-sysext@0.service.d/zz.conf`]: executing };
  assert.deepEqual(await found(files, ours.slice(0, 1)), []);
});

test('a drop-in of an alias is found, also of an alias of an alias', async () => {
  const path = `${units}/extender.service.d/zz.conf`;
  assert.deepEqual(await found({ [path]: executing }), []);
  const link = { '/run/systemd/system/merger.service': '-> /usr/lib/systemd/system/systemd-sysext.service' };
  const second = { [`${units}/extender.service`]: '-> merger.service' };
  assert.deepEqual(await found({ [path]: executing, ...link, ...second }), [`${path} later`]);
});

test('what comes earlier, is empty, or says nothing of what is executed is let be', async () => {
  for (const files of [
    { [`${units}/systemd-.service.d/10-early.conf`]: executing },
    { [`${units}/service.d/zz.conf`]: '' },
    { [`${units}/service.d/zz.conf`]: '-> /dev/null' },
    { [`${units}/service.d/zz.conf`]: '[Service]\nNice=5\n' },
    { [`${units}/service.d/zz.txt`]: executing },
  ])
    assert.deepEqual(await found(files), []);
});

test('a file of the same name hides ours where it counts for more, whatever it says, and nowhere else', async () => {
  const name = '90-touchstone.conf';
  for (const place of places.slice(0, 4))
    for (const directory of ['systemd-sysext.service.d', 'systemd-.service.d']) {
      const path = `${place}/${directory}/${name}`;
      for (const text of ['', '-> /dev/null', '[Unit]\n'])
        assert.deepEqual([...new Set(await found({ [path]: text }))], [`${path} hides`]);
    }
  const instance = `${units}/systemd-sysext@0.service.d/${name}`;
  assert.deepEqual(await found({ [instance]: executing }), [`${instance} hides`]);
  for (const path of [
    ...places.slice(5).map((place) => `${place}/systemd-sysext.service.d/${name}`),
    `${units}/systemd-.service.d/${name}`,
    `${units}.control/service.d/${name}`,
    `/run/systemd/system/systemd-sysext@0.service.d/${name}`,
  ])
    assert.deepEqual(await found({ [path]: executing }), [], path);
});
