import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { Unsupported } from '../bytes/failures.ts';
import { parseHex } from '../bytes/hex.ts';
import type { Policy, Rule } from '../policy/policy.ts';
import { trustOnlyPolicy } from '../policy/trust-only-policy.ts';
import { compileDropIns } from './compile-drop-ins.ts';
import { isCompiled } from './compiled-file.ts';

const trusting = trustOnlyPolicy([]);
const [signed] = trusting.rules;
assert.ok(signed !== undefined);
const values = new Set([parseHex('ab'.repeat(32), 'digest')]);
const bare: Rule = {
  ...{ ...signed, class: 'confext', form: 'bare' },
  admits: { kind: 'digest', form: 'bare', values },
};
/** Signed images as sysext, bare file systems as confext. */
const policy: Policy = { ...trusting, name: 'edge', rules: [{ ...signed, class: 'sysext' }, bare] };

/** What each file sets, comments apart. */
function settings(systemd: number | null, from = policy): Record<string, string> {
  const files = compileDropIns(from, systemd);
  assert.equal(new Set(files.map(({ path }) => path)).size, files.length);
  return Object.fromEntries(
    files.map(({ path, content }) => {
      assert.ok(isCompiled(content) && content.endsWith('\n'));
      const lines = content.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      return [path.replace(/\/[48]0-touchstone\.conf$/, ''), lines.join('|')];
    }),
  );
}

function refreshing(tool: string, imagePolicy: string): string {
  const command = `${tool} --image-policy=${imagePolicy} refresh`;
  return `[Service]|ExecStart=|ExecStart=${command}|ExecReload=|ExecReload=${command}`;
}

const signedOnly = 'root=signed+absent:usr=signed+absent';
const system = 'etc/systemd/system';

test('systemd 259 and newer get settings, and options for what would take the wrong ones', () => {
  const expected = {
    'etc/systemd/sysext.conf.d': `[SysExt]|ImagePolicy=${signedOnly}`,
    'etc/systemd/confext.conf.d': '[ConfExt]|ImagePolicy=root=unprotected:=absent',
    [`${system}/systemd-sysext@.service.d`]:
      '[Service]|ExecStart=|ExecStart=-systemd-sysext --image-policy=~',
    'initrd/etc/systemd/sysext.conf.d': `[SysExt]|ImagePolicy=${signedOnly}`,
    'initrd/etc/systemd/confext.conf.d': '[ConfExt]|ImagePolicy=~',
  };
  assert.deepEqual(settings(259), expected);
  const once = (command: string) => `[Service]|ExecStart=|ExecStart=${command} refresh|ExecReload=`;
  const sysroot = {
    [`initrd/${system}/systemd-sysext-sysroot.service.d`]: once(
      `systemd-sysext --root=/sysroot --image-policy=${signedOnly}`,
    ),
    [`initrd/${system}/systemd-confext-sysroot.service.d`]: once(
      'systemd-confext --root=/sysroot --image-policy=~',
    ),
  };
  assert.deepEqual(settings(261), { ...expected, ...sysroot });
  const notify = `${system}/systemd-sysupdate-notify-sysext@.service.d`;
  assert.deepEqual(settings(262), {
    ...expected,
    ...sysroot,
    [notify]: '[Service]|ExecStart=|ExecStart=-systemd-sysext --image-policy=~',
  });
});

test('systemd 254 gets drop-ins for its units, which the initrd has too', () => {
  assert.deepEqual(settings(254), {
    [`${system}/systemd-sysext.service.d`]: refreshing('systemd-sysext', signedOnly),
    [`${system}/systemd-confext.service.d`]: refreshing('systemd-confext', 'root=unprotected:=absent'),
    [`initrd/${system}/systemd-sysext.service.d`]: refreshing('systemd-sysext', signedOnly),
    [`initrd/${system}/systemd-confext.service.d`]: refreshing('systemd-confext', '~'),
  });
});

test('the Varlink service of 255 and newer gets what both classes admit', () => {
  const path = `${system}/systemd-sysext@.service.d`;
  assert.equal(settings(254)[path], undefined);
  assert.equal(settings(255)[path], '[Service]|ExecStart=|ExecStart=-systemd-sysext --image-policy=~');
  const both = { ...trusting, name: 'both' };
  assert.equal(
    settings(257, both)[path],
    `[Service]|ExecStart=|ExecStart=-systemd-sysext --image-policy=${signedOnly}`,
  );
});

test('258 has units of its own for the initrd', () => {
  const path = `initrd/${system}/systemd-confext-initrd.service.d`;
  assert.equal(settings(257)[path], undefined);
  assert.equal(settings(258)[path], refreshing('systemd-confext', '~'));
  assert.equal(settings(258)[path.slice('initrd/'.length)], undefined);
});

test('an initrd, where no gate runs, never gets "unprotected"', () => {
  for (const systemd of [254, 258, 262, null])
    for (const [path, lines] of Object.entries(settings(systemd)))
      assert.ok(!path.includes('initrd/') || !lines.includes('unprotected'), path);
});

test('without a version there is a directory for each kind, with all that any version has', () => {
  const all = settings(null);
  assert.equal(Object.keys(all).length, 8 + 7);
  for (const systemd of [259, 260, 261, 262])
    for (const [path, lines] of Object.entries(settings(systemd)))
      assert.equal(all[`systemd-259/${path}`], lines);
  for (const systemd of [254, 255, 256, 257, 258])
    for (const [path, lines] of Object.entries(settings(systemd)))
      assert.equal(all[`systemd-254/${path}`], lines);
});

test('systemd before 254 is refused in plain words', () => {
  assert.throws(() => compileDropIns(policy, 253), {
    name: Unsupported.name,
    message: 'systemd 253: has no image policies; the first with them is 254',
  });
});

test('systemd reads the drop-ins of units as they are meant', (context) => {
  const root = mkdtempSync(join(tmpdir(), 'touchstone-units-'));
  try {
    const put = (path: string, text: string, mode = 0o644) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text, { mode });
    };
    const units = ['systemd-sysext.service', 'systemd-confext.service', 'systemd-sysext@.service'];
    for (const { path, content } of compileDropIns(policy, 257)) put(path, content);
    for (const unit of units)
      put(
        `usr/lib/systemd/system/${unit}`,
        '[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nExecStart=systemd-sysext refresh\n',
      );
    for (const tool of ['systemd-sysext', 'systemd-confext']) put(`usr/bin/${tool}`, '#!/bin/sh\n', 0o755);
    const asked = units.map((unit) => unit.replace('@', '@1'));
    const verify = () => spawnSync('systemd-analyze', ['verify', '--man=no', `--root=${root}`, ...asked]);
    const { status, error, stderr } = verify();
    if (error !== undefined) {
      context.skip('systemd-analyze is not installed');
      return;
    }
    assert.equal(`${stderr.toString()}${String(status)}`, '0');
    put(`${system}/systemd-confext.service.d/40-touchstone.conf`, '[Service]\nExecStartt=true\n');
    assert.match(verify().stderr.toString(), /40-touchstone\.conf:2: Unknown key/);
  } finally {
    rmSync(root, { recursive: true });
  }
});
