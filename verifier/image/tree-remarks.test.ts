import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ExtendedAttribute, TreeNode } from './tree-entry.ts';
import { remarksOn } from './tree-remarks.ts';

const inode = { mode: 0o644, uid: 0, gid: 0, attributes: [] };

function remarks(node: TreeNode): string[] {
  return remarksOn({ path: Buffer.from('usr/\xe9', 'latin1'), inode: null, node }).map(
    ({ kind, path, attribute }) => `${kind} ${path} ${attribute ?? '-'}`,
  );
}

function withAttribute(name: string, value: string): TreeNode {
  const attribute: ExtendedAttribute = { name: Buffer.from(name), value: Buffer.from(value) };
  return { type: 'directory', ...inode, attributes: [attribute] };
}

test('what overlayfs makes of a layer is told', () => {
  const at = 'usr/%e9';
  assert.deepEqual(remarks({ type: 'character-device', ...inode, major: 0, minor: 0 }), [`whiteout ${at} -`]);
  for (const [name, value, kind] of [
    ['trusted.overlay.opaque', 'y', 'opaque'],
    ['user.overlay.opaque', 'y', 'opaque'],
    ['trusted.overlay.opaque', 'x', 'overlay'],
    ['trusted.overlay.redirect', '/bin', 'overlay'],
    ['trusted.overlay.metacopy', '', 'overlay'],
    ['trusted.overlay.whiteout', '', 'whiteout'],
  ] as const)
    assert.deepEqual(remarks(withAttribute(name, value)), [`${kind} ${at} ${name}`]);
});

test('devices and what gives power are told', () => {
  assert.deepEqual(remarks({ type: 'block-device', ...inode, major: 0, minor: 0 }), ['device usr/%e9 -']);
  assert.deepEqual(remarks({ type: 'character-device', ...inode, major: 1, minor: 3 }), ['device usr/%e9 -']);
  const program = { type: 'file' as const, ...inode, size: 0, sha256: new Uint8Array(32) };
  assert.deepEqual(remarks({ ...program, mode: 0o4755 }), ['privileged usr/%e9 -']);
  assert.deepEqual(remarks({ ...program, mode: 0o2755 }), ['privileged usr/%e9 -']);
  assert.deepEqual(remarks(withAttribute('security.capability', '')), [
    'privileged usr/%e9 security.capability',
  ]);
});

test('what the digest leaves out is told', () => {
  assert.deepEqual(remarks(withAttribute('security.selinux', 'x')), ['not-covered usr/%e9 security.selinux']);
});

test('nothing is told of what is ordinary', () => {
  assert.deepEqual(remarks({ type: 'directory', ...inode, mode: 0o2775 }), []);
  assert.deepEqual(remarks(withAttribute('user.note', 'x')), []);
  assert.deepEqual(remarks({ type: 'link', ...inode, target: Buffer.from('x') }), []);
});
