import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseHex } from '../../verifier/bytes/hex.ts';
import type { MeasuredSet } from '../../verifier/measurement/extension-history.ts';
import type { MergedExtension, MergedState } from '../host/merged/merged-state.ts';
import { judgeMerged } from './judge-merged.ts';

const hash = (byte: string) => parseHex(byte.repeat(32), 'hash', 32);

function measured(state: MeasuredSet['state'], ...names: readonly string[]): MeasuredSet {
  return {
    ...{ class: 'sysext', state, sha256: hash('00') },
    policy: { type: 'policy', name: 'p', version: '1', sha256: hash('00') },
    extensions: names.map((name) => ({
      ...{ type: 'extension', class: 'sysext', name, version: '', hashAlgorithm: 'sha256' },
      ...{ rootHash: hash('aa'), signer: 'unsigned', rule: '' },
    })),
  };
}

function merged(extensions: readonly MergedExtension[], problems: readonly string[] = []): MergedState {
  return {
    ...{ class: 'sysext', hierarchies: ['/usr'], extensions, mutable: 'no', since: null },
    ...{ knownBy: 'origin', mergeId: '1', problems },
  };
}

const found = (name: string, rootHash: MergedExtension['rootHash'] = hash('aa')): MergedExtension => ({
  ...{ name, rootHash, path: null },
});

function judge(set: MeasuredSet | undefined, state: MergedState): [string[], boolean] {
  const { extensions, agrees } = judgeMerged(set, state);
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

test('what nobody measured is unapproved: another name, another root hash, after an unmerge, without a log', () => {
  const cases: [MeasuredSet | undefined, MergedExtension][] = [
    [measured('merged', 'a'), found('b')],
    [measured('merged', 'a'), found('a', hash('bb'))],
    [measured('unmerged', 'a'), found('a')],
    [undefined, found('a')],
  ];
  for (const [set, extension] of cases)
    assert.deepEqual(judge(set, merged([extension])), [['unapproved'], false]);
});

test('a layer that is missing, another order, and what does not add up are disagreements', () => {
  assert.equal(judge(measured('merged', 'a', 'b'), merged([found('a')]))[1], false);
  assert.equal(judge(measured('merged', 'a', 'b'), merged([found('b'), found('a')]))[1], false);
  const odd = merged([found('a')], ['something is odd']);
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
