import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseHex } from '../bytes/hex.ts';
import type { ExtensionRecord, MeasuredSet } from './extension-history.ts';
import { judgeMerged, type ObservedMerge } from './judge-merged.ts';

const hash = (byte: string) => parseHex(byte.repeat(32), 'hash', 32);

const record = (name: string): ExtensionRecord => ({
  ...{ type: 'extension', class: 'sysext', name, version: '', hashAlgorithm: 'sha256' },
  ...{ rootHash: hash('aa'), signer: 'unsigned', rule: '' },
});

function measured(state: MeasuredSet['state'], ...names: readonly string[]): MeasuredSet {
  return {
    ...{ class: 'sysext', state, sha256: hash('00') },
    policy: { type: 'policy', name: 'p', version: '1', sha256: hash('00') },
    extensions: names.map(record),
  };
}

type Extension = ObservedMerge['extensions'][number];

const merged = (extensions: readonly Extension[], more: Partial<ObservedMerge> = {}): ObservedMerge => ({
  ...{ mutable: 'no', extensions, problems: [], ...more },
});

const found = (name: string, rootHash: string | null = hash('aa')): Extension => ({ name, rootHash });

function judge(
  set: MeasuredSet | undefined,
  state: ObservedMerge,
  before: readonly string[] = [],
): [string[], boolean] {
  const sets = new Map(set === undefined ? [] : [['sysext', set] as const]);
  const confirmed = new Map([['sysext', before.map(record)] as const]);
  const { extensions, agrees } = judgeMerged({ sets, confirmed }, 'sysext', state);
  return [extensions.map(({ verdict }) => verdict), agrees];
}

test('what was measured, confirmed, and is mounted with that root hash is approved', () => {
  assert.deepEqual(judge(measured('merged', 'a', 'b'), merged([found('a'), found('b')])), [
    ['approved', 'approved'],
    true,
  ]);
});

test('where the root hash is not known, nothing is called approved', () => {
  assert.deepEqual(judge(measured('merged', 'a'), merged([found('a', null)])), [['unconfirmed'], true]);
});

test('what was measured before a merge that nothing confirmed is not approved, and does not agree', () => {
  assert.deepEqual(judge(measured('approved', 'a'), merged([found('a')])), [['unconfirmed'], false]);
});

test('a later merge of the same names is not the one that was confirmed', () => {
  const later = merged([found('a')], { confirmed: false });
  assert.deepEqual(judge(measured('merged', 'a'), later), [['unconfirmed'], false]);
  assert.deepEqual(judge(measured('merged'), merged([], { confirmed: false })), [[], true]);
});

test('what nobody measured is unapproved: another name, another root hash, after an unmerge, without a log', () => {
  const cases: [MeasuredSet | undefined, Extension][] = [
    [measured('merged', 'a'), found('b')],
    [measured('merged', 'a'), found('a', hash('bb'))],
    [measured('approved', 'a'), found('b')],
    [measured('unmerged', 'a'), found('a')],
    [undefined, found('a')],
  ];
  for (const [set, extension] of cases)
    assert.deepEqual(judge(set, merged([extension])), [['unapproved'], false]);
});

test('what the other class measured approves nothing', () => {
  const sets = new Map([['sysext', measured('merged', 'a')] as const]);
  const { extensions } = judgeMerged({ sets, confirmed: new Map() }, 'confext', merged([found('a')]));
  assert.equal(extensions[0]?.verdict, 'unapproved');
});

test('what was confirmed before the set that was approved last may still be merged, and does not agree', () => {
  const set = measured('approved', 'a');
  assert.deepEqual(judge(set, merged([found('a'), found('b')]), ['a', 'b']), [
    ['unconfirmed', 'earlier'],
    false,
  ]);
  assert.deepEqual(judge(set, merged([found('b', hash('bb'))]), ['b']), [['unapproved'], false]);
});

test('a layer that is missing, another order, what can be written to, and what does not add up are disagreements', () => {
  const set = measured('merged', 'a', 'b');
  assert.equal(judge(set, merged([found('a')]))[1], false);
  assert.equal(judge(set, merged([found('b'), found('a')]))[1], false);
  assert.equal(judge(set, merged([found('a'), found('b')], { mutable: 'yes' }))[1], false);
  const odd = merged([found('a')], { problems: ['something is odd'] });
  assert.deepEqual(
    judge(measured('merged', 'a'), odd),
    [['unconfirmed'], false],
    'nor is any of it approved',
  );
});

test('nothing merged agrees with nothing merged', () => {
  for (const set of [undefined, measured('approved', 'a'), measured('unmerged', 'a'), measured('merged')])
    assert.deepEqual(judge(set, merged([])), [[], true]);
});
