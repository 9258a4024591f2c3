import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { runCommandLine } from '../cli/command-line.ts';
import { collect, SampleMachine } from './sample-machine.ts';

/** The store, of which systemd is shown only what is approved; and images that cannot be moved. */

const store = 'var/lib/touchstone/images/sysext';
let machine: SampleMachine;

beforeEach(async () => {
  machine = await SampleMachine.start();
});
afterEach(() => machine.stop());

async function gate(expected = 0) {
  const collected = collect();
  const common = ['--json', '--root', machine.root, '--tcti', machine.tpm.tcti];
  const code = await runCommandLine(['gate', ...common], collected.output);
  assert.equal(code, expected, collected.out + collected.err);
  return JSON.parse(collected.out);
}

const at = (path: string): string => join(machine.root, path);

function staged(): string[] {
  return existsSync(at('run/extensions')) ? readdirSync(at('run/extensions')) : [];
}

test('what is approved in the store is shown to systemd by a link, and the rest stays where it is', async () => {
  machine.put(`${store}/vendor-a.raw`, machine.image('a'));
  machine.put(`${store}/vendor-b.raw`, machine.image('b', machine.stranger));
  const { unstaged, sets } = await gate();
  assert.deepEqual(staged(), ['vendor-a.raw']);
  assert.equal(readlinkSync(at('run/extensions/vendor-a.raw')), `/${store}/vendor-a.raw`);
  assert.deepEqual(sets[0].extensions, ['vendor-a']);
  assert.deepEqual(
    unstaged.map((one: { name: string; reasons: { code: string }[] }) => [one.name, one.reasons[0]?.code]),
    [['vendor-b', 'signer-untrusted']],
  );
  assert.deepEqual(readdirSync(at(store)), ['vendor-a.raw', 'vendor-b.raw']);
});

test('a link to what is approved no more is taken away, and links of others are left alone', async () => {
  machine.put(`${store}/vendor-a.raw`, machine.image('a'));
  machine.put('srv/vendor-c.raw', machine.image('c'));
  mkdirSync(at('run/extensions'), { recursive: true });
  symlinkSync('/srv/vendor-c.raw', at('run/extensions/vendor-c.raw'));
  await gate();
  assert.deepEqual(staged(), ['vendor-a.raw', 'vendor-c.raw']);
  assert.equal((await gate()).measured, 'unchanged');
  machine.put(`${store}/vendor-a.raw`, machine.image('a', machine.stranger));
  assert.equal((await gate()).unstaged.length, 1);
  assert.deepEqual(staged(), ['vendor-c.raw']);
  unlinkSync(at(`${store}/vendor-a.raw`));
  assert.deepEqual((await gate()).unstaged, []);
});

test('where anything refused stops the merge, so does what is refused in the store', async () => {
  machine.writePolicy('onRefused: abort');
  machine.put(`${store}/vendor-a.raw`, machine.image('a', null));
  assert.equal((await gate(1)).open, false);
  assert.deepEqual(staged(), []);
});

test('an image that cannot be moved is hidden as systemd has it', (context) => {
  machine.put('usr/lib/extensions/vendor-a.raw', machine.image('a', machine.stranger));
  const main = join(import.meta.dirname, '../cli/main.js');
  const gated = `TPM2TOOLS_TCTI=${machine.tpm.tcti} ${process.execPath} ${main} gate --json --root ${machine.root}`;
  const script = [
    `mount --bind ${at('usr')} ${at('usr')}; mount -o remount,bind,ro ${at('usr')}`,
    `${gated} && ${gated}`,
  ].join('\n');
  const run = (): string => execFileSync('unshare', ['-m', 'sh', '-c', script], { encoding: 'utf8' });
  if (process.geteuid?.() !== 0) context.skip('only root can mount');
  const reports = run()
    .split(/(?<=^\})\n/m)
    .filter((text) => text.trim() !== '')
    .map((text) => JSON.parse(text));
  for (const { open, images } of reports) {
    assert.equal(open, true);
    assert.equal(images[0].quarantined, at('etc/extensions/vendor-a'));
  }
  assert.equal(reports.length, 2);
  assert.deepEqual(readdirSync(at('etc/extensions/vendor-a')), []);
  assert.deepEqual(readdirSync(at('usr/lib/extensions')), ['vendor-a.raw']);
});

test('what an approved image of its name hides already is not hidden with it', (context) => {
  if (process.geteuid?.() !== 0) {
    context.skip('only root can mount');
    return;
  }
  machine.put('usr/lib/extensions/vendor-a.raw', machine.image('a', machine.stranger));
  machine.put('var/lib/extensions/vendor-a.raw', machine.image('a'));
  const main = join(import.meta.dirname, '../cli/main.js');
  const gated = `TPM2TOOLS_TCTI=${machine.tpm.tcti} ${process.execPath} ${main} gate --json --root ${machine.root}`;
  const script = `mount --bind ${at('usr')} ${at('usr')}; mount -o remount,bind,ro ${at('usr')}; ${gated}`;
  const { open, sets, images } = JSON.parse(
    execFileSync('unshare', ['-m', 'sh', '-c', script], { encoding: 'utf8' }),
  );
  assert.deepEqual([open, sets[0].extensions], [true, ['vendor-a']]);
  assert.equal(images[1].quarantined, at('var/lib/extensions/vendor-a.raw'));
  assert.equal(existsSync(at('etc/extensions/vendor-a')), false);
});

test('an image that can neither be moved nor hidden keeps the gate shut', () => {
  machine.put('usr/lib/extensions/vendor-a.raw', machine.image('a', machine.stranger));
  machine.put('etc/extensions/vendor-a/usr/x', 'of somebody else');
  const main = join(import.meta.dirname, '../cli/main.js');
  const gated = `TPM2TOOLS_TCTI=${machine.tpm.tcti} ${process.execPath} ${main} gate --root ${machine.root} 2>&1`;
  const script = `mount --bind ${machine.root} ${machine.root}; cd ${machine.root}; mount -o remount,bind,ro ${machine.root}; ${gated}; echo $?`;
  const out = execFileSync('unshare', ['-m', 'sh', '-c', script], { encoding: 'utf8' });
  assert.match(out.trim(), /\n3$|^3$/);
});

test('a link shows the very file that was picked, by the name that every version of systemd gives it', async () => {
  machine.put(`${store}/vendor-a.raw.v/vendor-a_1.raw`, machine.image('a'));
  machine.put(`${store}/vendor-b.sysext.raw`, machine.image('b'));
  const { sets } = await gate();
  assert.deepEqual(sets[0].extensions, ['vendor-a', 'vendor-b']);
  const links = Object.fromEntries(
    staged().map((name) => [name, readlinkSync(at(`run/extensions/${name}`))]),
  );
  assert.deepEqual(links, {
    'vendor-a.raw': `/${store}/vendor-a.raw.v/vendor-a_1.raw`,
    'vendor-b.raw': `/${store}/vendor-b.sysext.raw`,
  });
  machine.put(`${store}/vendor-a.raw.v/vendor-a_2.raw`, machine.image('a'));
  await gate();
  assert.equal(readlinkSync(at('run/extensions/vendor-a.raw')), `/${store}/vendor-a.raw.v/vendor-a_2.raw`);
});

test('in the store, two of one name and what leads out of it are refused', async () => {
  machine.put(`${store}/vendor-a.raw`, machine.image('a'));
  machine.put(`${store}/vendor-a.sysext.raw`, machine.image('a'));
  machine.put('srv/vendor-c.raw', machine.image('c'));
  symlinkSync('/srv/vendor-c.raw', at(`${store}/vendor-c.raw`));
  const { unstaged } = await gate();
  assert.deepEqual(staged(), []);
  assert.deepEqual(
    unstaged.map((one: { name: string; reasons: { code: string }[] }) => [one.name, one.reasons[0]?.code]),
    [
      ['vendor-a', 'name-mismatch'],
      ['vendor-a', 'name-mismatch'],
      ['vendor-c', 'name-mismatch'],
    ],
  );
});

test('where somebody else has taken the name, his file is judged and the store waits', async () => {
  machine.put(`${store}/vendor-a.raw`, machine.image('a'));
  machine.put('run/extensions/vendor-a.raw', machine.image('a', machine.stranger));
  const first = await gate();
  assert.deepEqual(first.sets[0].extensions, []);
  assert.match(first.unstaged[0].reasons[0].message, /\/run\/extensions\/vendor-a\.raw is there already/);
  assert.deepEqual((await gate()).sets[0].extensions, ['vendor-a'], 'his file was moved away');
});

test('what hides an image is listed with the reason, and taken away by restore', async (context) => {
  if (process.geteuid?.() !== 0) {
    context.skip('only root can mount');
    return;
  }
  machine.put('usr/lib/extensions/vendor-a.sysext.raw', machine.image('a', machine.stranger));
  machine.put('usr/lib/extensions/vendor-b.raw', machine.image('b', machine.stranger));
  machine.put('var/lib/extensions/vendor-b.raw', machine.image('b'));
  const main = join(import.meta.dirname, '../cli/main.js');
  const script = [
    `mount --bind ${at('usr')} ${at('usr')}; mount -o remount,bind,ro ${at('usr')}`,
    `TPM2TOOLS_TCTI=${machine.tpm.tcti} ${process.execPath} ${main} gate --json --root ${machine.root}`,
  ].join('\n');
  const { open, sets } = JSON.parse(
    execFileSync('unshare', ['-m', 'sh', '-c', script], { encoding: 'utf8' }),
  );
  assert.equal(open, true);
  assert.deepEqual(
    sets[0].extensions,
    ['vendor-b'],
    'what it hides already needs no mask, which would hide both',
  );
  // Before 256 the suffix is part of the name.
  assert.deepEqual(readdirSync(at('etc/extensions')).sort(), ['vendor-a', 'vendor-a.sysext']);
  const quarantine = async (...words: string[]) => {
    const collected = collect();
    const code = await runCommandLine(['quarantine', ...words, '--root', machine.root], collected.output);
    assert.equal(code, 0, collected.err);
    return collected.out;
  };
  const [listed] = JSON.parse(await quarantine('list', '--json'));
  assert.deepEqual(
    [listed.path, listed.from],
    ['/etc/extensions/vendor-a', '/usr/lib/extensions/vendor-a.sysext.raw'],
  );
  assert.equal(listed.reasons[0].code, 'signer-untrusted');
  assert.match(await quarantine('restore', '/etc/extensions/vendor-a'), /^\/usr\/lib\/.*\n$/);
  assert.deepEqual(readdirSync(at('etc/extensions')), []);
  assert.equal(await quarantine('list'), 'nothing is in quarantine\n');
});

test('a store that belongs to somebody else is not believed', async (context) => {
  if (process.geteuid?.() !== 0) {
    context.skip('only root can give a directory away');
    return;
  }
  machine.put(`${store}/vendor-a.raw`, machine.image('a'));
  chownSync(at(store), 65534, 65534);
  const collected = collect();
  const words = ['gate', '--root', machine.root, '--tcti', machine.tpm.tcti];
  assert.equal(await runCommandLine(words, collected.output), 3);
  assert.match(collected.err, /belongs to somebody else/);
  assert.deepEqual(staged(), []);
});
