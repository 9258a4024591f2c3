import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Hex } from '../../../verifier/bytes/hex.ts';
import type { Approval } from '../../../verifier/image-verdict.ts';
import { confirmMerged } from './confirm-merged.ts';
import type { FileIdentity } from '../../os/file-identity.ts';
import type { LoopDevice, VerityDevice } from './image-devices.ts';
import type { MergedState, MergeExpectation } from './merged-state.ts';
import type { Observed } from './observe.ts';

const hash = (byte: string) => byte.repeat(32) as Hex;
const hashes = { good: hash('a1'), tools: hash('b2'), evil: hash('ee'), bare: hash('c3'), plain: hash('d4') };

const file = (inode: bigint): FileIdentity => ({
  ...{ device: '254:0', inode, size: 4096n, modifiedNs: 1n, changedNs: 2n },
});

function expect(
  name: 'good' | 'tools' | 'bare' | 'plain',
  hashAlgorithm: string,
  inode: bigint,
): MergeExpectation {
  const approval = { class: 'sysext', name, hashAlgorithm, rootHash: hashes[name] } as unknown as Approval;
  const path = `/var/lib/extensions/${name}${hashAlgorithm.startsWith('tree-') ? '' : '.raw'}`;
  return { approval, path, file: file(inode), verityBytes: hashAlgorithm === 'sha256' ? 8192n : null };
}

const bare = expect('bare', 'file-sha256', 13n);
const good = expect('good', 'sha256', 11n);
const plain = expect('plain', 'tree-sha256', 14n);
const tools = expect('tools', 'sha256', 12n);
const approved = [bare, good, plain, tools];

function loop(name: string, sequence: bigint, inode: bigint, path: string): LoopDevice {
  return { name, sequence, inode, device: '254:0', path: `/var/lib/extensions/${path}` };
}

function verity(rootHash: Hex, dataLoop: string, more: Partial<VerityDevice> = {}): VerityDevice {
  return {
    ...{ name: `${dataLoop}p1-verity`, rootHash, dataBytes: 8192n, open: true, corrupted: false },
    sequence: 103n,
    ...{ lenient: false, dataLoop, hashLoop: dataLoop, ...more },
  };
}

const merged: MergedState = {
  ...{ class: 'sysext', hierarchies: ['/usr'], mutable: 'no', since: null, mergeId: '0:41@1' },
  extensions: approved.map(({ approval: { name } }) => ({ name, rootHash: null, path: null })),
  ...{ knownBy: 'names', problems: [] },
};

/** What systemd 260 and newer says of the same merge. */
const withOrigin: MergedState = {
  ...{ ...merged, knownBy: 'origin' },
  extensions: approved.map(({ approval: { name, rootHash }, path, verityBytes }) => {
    return { name, path, rootHash: verityBytes === null ? null : rootHash };
  }),
};

const loops = [
  loop('loop1', 101n, 13n, 'bare.raw'),
  loop('loop2', 102n, 11n, 'good.raw'),
  loop('loop3', 103n, 12n, 'tools.raw'),
];
const devices = { loops, verity: [verity(hashes.good, 'loop2'), verity(hashes.tools, 'loop3')] };
const observed: Observed = {
  devices,
  window: { after: 100n, until: 103n },
  files: new Map(approved.map((one) => [one.path, one.file])),
};

function codes(state: MergedState, seen: Observed, expected = approved): string[] {
  return confirmMerged(expected, state, seen).map(({ code, name }) => `${code} ${name}`.trim());
}

const watched = (more: Partial<Observed['devices']>): Observed => ({
  ...observed,
  devices: { ...devices, ...more },
});

test('what was approved and is merged so is confirmed, watched or not, on every systemd', () => {
  for (const state of [merged, withOrigin])
    for (const window of [observed.window, null]) assert.deepEqual(codes(state, { ...observed, window }), []);
});

test('nothing is confirmed as merged where nothing was approved', () => {
  const nothing: MergedState = { ...merged, hierarchies: [], extensions: [], knownBy: 'nothing-merged' };
  assert.deepEqual(codes(nothing, observed, []), []);
  assert.deepEqual(codes(nothing, observed, [good]), ['set-mismatch good']);
});

test('every problem is a violation', () => {
  assert.deepEqual(codes({ ...merged, problems: ['x does not add up'] }, observed), ['set-mismatch']);
});

test('another extension, one too few, and another order are violations', () => {
  const [a, b, c, d] = withOrigin.extensions;
  assert.ok(a && b && c && d);
  const evil = { name: 'evil', rootHash: hashes.evil, path: null };
  const withEvil = confirmMerged(approved, { ...withOrigin, extensions: [a, b, c, d, evil] }, observed);
  assert.deepEqual(
    withEvil.map(({ code, name, rootHash }) => [code, name, rootHash]),
    [['unapproved', 'evil', hashes.evil]],
  );
  assert.deepEqual(codes({ ...withOrigin, extensions: [a, b, c] }, observed), ['set-mismatch tools']);
  assert.deepEqual(codes({ ...withOrigin, extensions: [a, c, b, d] }, observed), ['set-mismatch']);
  assert.deepEqual(codes({ ...withOrigin, extensions: [a, b, c, d, d] }, observed), ['set-mismatch']);
});

test('another root hash than was approved is a violation', () => {
  const extensions = withOrigin.extensions.map((one) =>
    one.name === 'good' ? { ...one, rootHash: hashes.evil } : one,
  );
  assert.deepEqual(codes({ ...withOrigin, extensions }, observed), ['root-hash-mismatch good']);
  const without = withOrigin.extensions.map((one) =>
    one.name === 'good' ? { ...one, rootHash: null } : one,
  );
  assert.deepEqual(codes({ ...withOrigin, extensions: without }, observed), ['root-hash-mismatch good']);
});

test('a hash tree where a file or directory was approved is a violation', () => {
  for (const name of ['bare', 'plain']) {
    const extensions = withOrigin.extensions.map((one) =>
      one.name === name ? { ...one, rootHash: hashes.evil } : one,
    );
    assert.deepEqual(codes({ ...withOrigin, extensions }, observed), [`unapproved ${name}`]);
  }
});

test('another number of data blocks under the approved root hash is a violation', () => {
  const seen = watched({
    verity: [verity(hashes.good, 'loop2', { dataBytes: 4096n }), verity(hashes.tools, 'loop3')],
  });
  assert.deepEqual(codes(withOrigin, seen), ['unapproved good']);
  assert.deepEqual(codes(merged, seen), ['unapproved good', 'unapproved good']);
});

test('a device of the approved root hash that is not mounted proves nothing', () => {
  const seen = watched({
    verity: [verity(hashes.good, 'loop2', { open: false }), verity(hashes.tools, 'loop3')],
  });
  for (const state of [merged, withOrigin]) assert.deepEqual(codes(state, seen), ['unapproved good']);
});

test('a device of an earlier merge that lives on does not vouch for this one', () => {
  // The image was changed in its place during the merge, while a program runs from the approved one of before.
  const seen = watched({
    loops: [...loops, loop('loop9', 50n, 11n, 'good.raw')],
    verity: [
      verity(hashes.good, 'loop9', { sequence: 51n }),
      verity(hashes.evil, 'loop2'),
      verity(hashes.tools, 'loop3'),
    ],
  });
  assert.deepEqual(codes(merged, seen), ['unapproved good', 'unapproved good']);
  assert.deepEqual(codes(merged, { ...seen, window: null }), ['unapproved good']);
});

test('devices of earlier merges that live on are nothing of this one', () => {
  const seen = watched({
    loops: [loop('loop8', 60n, 8n, 'tools.raw (deleted)'), ...loops, loop('loop9', 150n, 9n, 'later.raw')],
    verity: [
      verity(hashes.evil, 'loop8', { sequence: 61n }),
      ...devices.verity,
      verity(hashes.evil, 'loop9', { sequence: 151n }),
    ],
  });
  assert.deepEqual(codes(merged, seen), []);
  // Nobody knows from which of the two the extension is, then.
  assert.deepEqual(codes(merged, { ...seen, window: null }), ['unapproved tools']);
});

test('another hash tree in the very file that was approved is seen wherever that was moved', () => {
  const evil = verity(hashes.evil, 'loop4');
  const moved = loop('loop4', 103n, 11n, 'elsewhere.raw');
  const seen = watched({ loops: [...loops, moved], verity: [...devices.verity, evil] });
  assert.deepEqual(codes(merged, { ...seen, window: null }), ['unapproved good']);
});

test('an image that took the place of another during the merge is seen though it is gone again', () => {
  for (const path of ['good.raw (deleted)', 'elsewhere.raw']) {
    const seen = watched({
      loops: [loops[0], loop('loop2', 102n, 66n, path), loops[2]].filter((one) => one !== undefined),
      verity: [verity(hashes.evil, 'loop2'), verity(hashes.tools, 'loop3')],
    });
    const [missing, stranger] = confirmMerged(approved, merged, seen);
    assert.deepEqual([missing?.code, missing?.name], ['unapproved', 'good']);
    assert.deepEqual([stranger?.code, stranger?.rootHash], ['unapproved', hashes.evil]);
  }
});

test('a file system without a hash tree in the place of an image that has one is a violation', () => {
  const evil = loop('loop4', 103n, 66n, 'x.raw');
  assert.deepEqual(codes(merged, watched({ loops: [...loops, evil] })), ['unapproved']);
  // Also if the approved file itself was written to.
  const changed = new Map([...observed.files, [good.path, { ...good.file, changedNs: 3n }]]);
  const without = watched({ loops: [...loops, loop('loop4', 103n, 11n, 'good.raw')] });
  assert.deepEqual(codes(merged, { ...without, files: changed }), ['unapproved good']);
});

test('the file of a hash tree beside its image is explained by it', () => {
  const seen = watched({
    loops: [...loops, loop('loop4', 103n, 21n, 'good.verity')],
    verity: [verity(hashes.good, 'loop2', { hashLoop: 'loop4' }), verity(hashes.tools, 'loop3')],
  });
  assert.deepEqual(codes(merged, seen), []);
});

test('systemd 260 and newer may keep the devices of the merge before', () => {
  assert.deepEqual(codes(withOrigin, { ...observed, window: { after: 200n, until: 200n } }), []);
  assert.ok(codes(merged, { ...observed, window: { after: 200n, until: 200n } }).includes('unapproved good'));
});

test('a device of the merge that is on no loop device of it is a violation', () => {
  const block = verity(hashes.evil, 'loop7', { dataLoop: null, hashLoop: null });
  assert.deepEqual(codes(merged, watched({ verity: [...devices.verity, block] })), ['unapproved']);
});

test('an image that was moved, deleted or replaced after the mount is a violation, though its blocks are checked', () => {
  for (const state of [merged, withOrigin]) {
    for (const now of [null, { ...good.file, inode: 99n }]) {
      const files = new Map([...observed.files, [good.path, now]]);
      assert.deepEqual(codes(state, { ...observed, files }), ['unapproved good']);
    }
    const other = loops.map((one) => (one.name === 'loop2' ? { ...one, inode: 99n } : one));
    assert.deepEqual(codes(state, watched({ loops: other })), ['unapproved good']);
  }
});

test('corrupted data, and a device that gives it out, are violations', () => {
  for (const more of [{ corrupted: true }, { lenient: true }]) {
    const seen = watched({ verity: [verity(hashes.good, 'loop2', more), verity(hashes.tools, 'loop3')] });
    assert.deepEqual(codes(withOrigin, seen), ['data-corrupt good']);
  }
});

test('a file or directory that was written to, moved or replaced since is a violation', () => {
  const changes: readonly Partial<FileIdentity>[] = [
    { changedNs: 3n },
    { modifiedNs: 3n },
    { size: 1n },
    { inode: 99n },
    { device: '254:1' },
  ];
  for (const one of [bare, plain]) {
    for (const change of changes) {
      const files = new Map([...observed.files, [one.path, { ...one.file, ...change }]]);
      const [first] = codes(merged, { ...observed, files });
      assert.equal(first, `digest-mismatch ${one.approval.name}`);
    }
    const files = new Map([...observed.files, [one.path, null]]);
    assert.ok(codes(withOrigin, { ...observed, files }).includes(`digest-mismatch ${one.approval.name}`));
  }
});

test('a file without a hash tree must be behind a loop device of the merge, and behind no other device', () => {
  assert.deepEqual(codes(withOrigin, watched({ loops: loops.slice(1) })), ['unapproved bare']);
  const mapped = watched({ verity: [...devices.verity, verity(hashes.evil, 'loop1')] });
  assert.ok(codes(withOrigin, mapped).includes('unapproved bare'));
});
