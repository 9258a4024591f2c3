import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseMountInfo } from './mount-table.ts';
import { overlayLayers, tellLayers } from './overlay-layers.ts';
import { mountInfo } from './tests/real-texts.ts';

test('real overlays are told apart into extensions, lowest first, and nothing else', () => {
  const [, etc, usr, opt] = parseMountInfo(mountInfo).map(({ options }) => overlayLayers(options));
  assert.equal(usr?.upper, null);
  assert.deepEqual(tellLayers(usr.lower, 'sysext', '/usr'), {
    names: ['bare', 'good', 'plain', 'sidecar', 'tools'],
    others: [],
  });
  // An empty hierarchy of the host is no layer.
  assert.deepEqual(tellLayers(opt?.lower ?? [], 'sysext', '/opt'), { names: ['plain'], others: [] });
  assert.deepEqual(tellLayers(etc?.lower ?? [], 'confext', '/etc'), { names: ['conf'], others: [] });
});

test('colons and backslashes in a path stand behind a backslash, commas and spaces are octal', () => {
  const { lower } = overlayLayers(String.raw`ro,lowerdir=/a\134:b:/c\054d\040e:/f\134\134g,redirect_dir=on`);
  assert.deepEqual(lower, ['/a:b', '/c,d e', '/f\\g']);
});

test('layers that are listed one by one are read too, and so is the layer that is written to', () => {
  const options = 'rw,lowerdir+=/a:b,lowerdir+=/c,datadir+=/d,upperdir=/u\\040p,workdir=/w';
  assert.deepEqual(overlayLayers(options), { lower: ['/a:b', '/c', '/d'], upper: '/u p' });
});

test('a layer that is neither of an extension nor systemd’s nor the host’s is another', () => {
  const meta = '/run/systemd/sysext/meta/usr';
  const others = (...lower: string[]): readonly string[] => tellLayers(lower, 'sysext', '/usr').others;
  assert.deepEqual(others(meta, '/home/evil/usr', '/usr'), ['/home/evil/usr']);
  assert.deepEqual(others('/home/evil', '/run/systemd/sysext/extensions/a/usr', '/usr'), ['/home/evil']);
  assert.deepEqual(others(meta, '/usr', '/run/systemd/sysext/extensions/a/usr'), ['/usr']);
  assert.deepEqual(others(meta, '/run/systemd/sysext/extensions/a', '/usr'), [
    '/run/systemd/sysext/extensions/a',
  ]);
  assert.deepEqual(others(meta, '/run/systemd/sysext/confexts/a/etc', '/usr'), [
    '/run/systemd/sysext/confexts/a/etc',
  ]);
});
