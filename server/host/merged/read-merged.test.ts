import assert from 'node:assert/strict';
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { parseMountInfo } from './mount-table.ts';
import { readMerged } from './read-merged.ts';
import { readMounts } from './read-mounts.ts';
import { layer, onHost, overlay } from './tests/merged-host.ts';

test('what systemd 257 merged is read, lowest layer first', () =>
  onHost(async ({ mark, read, device }) => {
    mark('/usr', ['bare', 'good', 'tools']);
    const { since, mergeId, ...state } = await read(overlay(['tools', 'good', 'bare']));
    const unknown = { rootHash: null, path: null };
    assert.deepEqual(state, {
      ...{ class: 'sysext', hierarchies: ['/usr'], mutable: 'no', knownBy: 'names', problems: [] },
      extensions: [
        { name: 'bare', ...unknown },
        { name: 'good', ...unknown },
        { name: 'tools', ...unknown },
      ],
    });
    assert.ok(since !== null && Date.now() - since.getTime() < 60_000);
    assert.ok(mergeId.startsWith(`${device}@`), mergeId);
  }));

test('what systemd 260 and newer wrote down is read with it', () =>
  onHost(async ({ mark, read }) => {
    const rootHash = 'ab'.repeat(32);
    mark(
      '/usr',
      ['a'],
      `{"mutable":{"mode":"no"},"extensions":{"a":{"path":"/x/a.raw","verityHash":"${rootHash}"}}}`,
    );
    const { extensions, knownBy, problems } = await read(overlay(['a']));
    assert.deepEqual(extensions, [{ name: 'a', path: '/x/a.raw', rootHash }]);
    assert.deepEqual([knownBy, ...problems], ['origin']);
  }));

test('an extension need not have a layer in every hierarchy', () =>
  onHost(async ({ mark, read }) => {
    for (const hierarchy of ['/usr', '/opt']) mark(hierarchy, ['a', 'b']);
    const { hierarchies, problems } = await read(
      overlay(['b', 'a']) + overlay(['b'], '', 'opt').replace('40 ', '41 '),
    );
    assert.deepEqual([hierarchies, problems], [['/usr', '/opt'], []]);
  }));

test('confexts are read where systemd 257 and where newer ones mount them', () =>
  onHost(async ({ mark, read }) => {
    mark('/etc', ['conf']);
    for (const place of ['/run/systemd/sysext', '/run/systemd/confext']) {
      const lower = `${place}/meta/etc:${place}/confexts/conf/etc:%ROOT/etc`;
      const state = await read(`40 26 %DEV / %ROOT/etc ro - overlay confext ro,lowerdir=${lower}`, 'confext');
      assert.deepEqual([state.extensions.map(({ name }) => name), state.problems], [['conf'], []]);
    }
  }));

test('a copy of a merged tree is nothing that is merged', () =>
  onHost(async ({ mark, read }) => {
    mark('/usr', ['a']);
    const { knownBy, extensions, problems } = await read('26 1 %DEV / / rw - ext4 /dev/root rw\n');
    assert.deepEqual([knownBy, extensions, problems], ['nothing-merged', [], []]);
  }));

test('a hierarchy that is a symbolic link is looked at where it leads to', () =>
  onHost(async ({ root, mark, read, write }) => {
    write('/real/x', '');
    rmSync(join(root, 'opt'), { recursive: true });
    symlinkSync('/real', join(root, 'opt'));
    mark('/usr', ['a']);
    mark('/real', ['a']);
    const table =
      overlay(['a']) +
      overlay(['a'], '', 'opt').replace('%ROOT/opt ', '%ROOT/real ').replace('%ROOT/opt,', '%ROOT/real,');
    const { hierarchies, problems } = await read(table);
    assert.deepEqual([hierarchies, problems], [['/usr', '/opt'], []]);
  }));

const upper = ',upperdir=/var/lib/extensions.mutable/usr,workdir=/w';

test('a bind mount of what is merged, or of a part of it, is no problem', () =>
  onHost(async ({ mark, read }) => {
    mark('/usr', ['a']);
    const line = overlay(['a']);
    const binds =
      line.replace('%ROOT/usr ', '/mnt ') +
      line.replace(' / %ROOT/usr ', ' /.systemd-sysext %ROOT/usr/.systemd-sysext ');
    assert.deepEqual((await read(line + binds)).problems, []);
  }));

test('the mutable mode is that of the layers, where nothing else says it', () =>
  onHost(async ({ mark, read }) => {
    mark('/usr', ['a']);
    const imported = overlay(['a']).replace(layer('a'), `/var/lib/extensions.mutable/usr:${layer('a')}`);
    const ephemeral = ',upperdir=/run/systemd/sysext/mh_workspace/usr/usr,workdir=/w';
    const modes = {
      no: overlay(['a']),
      yes: overlay(['a'], upper),
      import: imported,
      ephemeral: overlay(['a'], ephemeral),
      'ephemeral-import': imported.replace('redirect_dir=on', `redirect_dir=on${ephemeral}`),
    };
    for (const [mode, table] of Object.entries(modes)) assert.equal((await read(table)).mutable, mode);
    mark('/usr', ['a'], '{"mutable":{"mode":"no"},"extensions":{"a":{}}}');
    assert.equal((await read(modes.yes)).mutable, 'unknown');
    assert.equal((await read(modes.no)).mutable, 'no');
  }));

test('what changes while it is read is read again, and not believed if it never rests', () =>
  onHost(async ({ root, mark, device }) => {
    mark('/usr', ['a']);
    const still = parseMountInfo(overlay(['a']).replaceAll('%ROOT', root).replaceAll('%DEV', device));
    let calls = 0;
    const once = await readMerged(root, 'sysext', () => Promise.resolve(++calls < 2 ? [] : still));
    assert.deepEqual(once.hierarchies, ['/usr']);
    const restless = () => Promise.resolve(++calls % 2 === 0 ? [] : still);
    await assert.rejects(readMerged(root, 'sysext', restless), CouldNotDecide);
  }));

test('what cannot be read is not guessed', () =>
  onHost(async ({ mark, read, root, write }) => {
    mark('/usr', ['a'], '{');
    await assert.rejects(read(overlay(['a'])), CouldNotDecide);
    await assert.rejects(read('nonsense'), CouldNotDecide);
    await assert.rejects(
      readMerged(root, 'sysext', () => readMounts('/nonexistent/mountinfo')),
      CouldNotDecide,
    );
    mark('/usr', ['a']);
    write('/usr/.systemd-sysext/extensions', 'x'.repeat(2 * 1024 * 1024));
    await assert.rejects(read(overlay(['a'])), CouldNotDecide);
    write('/usr/.systemd-sysext/extensions', Buffer.from('a\xff', 'latin1'));
    await assert.rejects(read(overlay(['a'])), /extensions is not UTF-8/);
  }));
