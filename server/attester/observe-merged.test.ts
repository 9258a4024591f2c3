import assert from 'node:assert/strict';
import { test } from 'node:test';

import { canonicalJson } from '../../verifier/bytes/canonical-json.ts';
import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { parseHex } from '../../verifier/bytes/hex.ts';
import { claimedMergeSchema } from '../../verifier/evidence/claims.ts';
import type { MergedState } from '../host/merged/merged-state.ts';
import { type Mount, parseMountInfo } from '../host/merged/mount-table.ts';
import { observeMerged, toClaimedMerge } from './observe-merged.ts';

const nothing = { mutable: 'no', extensions: [], confirmed: false, problems: [] };
const shared = '26 1 254:0 / / rw shared:1 - ext4 /dev/root rw\n';
const overlay = '40 26 0:41 / /nonexistent ro shared:9 - overlay sysext ro,lowerdir=/run/a:/b\n';

const observe = (root: string, ...tables: readonly string[]) => {
  let call = 0;
  return observeMerged(root, (): Promise<readonly Mount[]> => {
    const table = tables[Math.min(call++, tables.length - 1)] ?? '';
    return Promise.resolve(parseMountInfo(table));
  });
};

test('nothing merged is told of both classes, and an overlay where none should be as a problem', async () => {
  assert.deepEqual(await observe('/', shared), { sysext: nothing, confext: nothing });
  const { sysext, confext } = (await observe('/', shared + overlay)) ?? {};
  assert.match(sysext?.problems.join() ?? '', /overlay of sysext at \/nonexistent/);
  assert.deepEqual(confext, nothing);
});

test('what this process need not see is not said to be nothing', async () => {
  assert.equal(await observe('/usr', shared), null);
  assert.deepEqual((await observe('/usr/..', shared))?.sysext, nothing);
  assert.equal(await observe('/', shared.replace('shared:1 ', '')), null);
  assert.deepEqual((await observe('/', shared.replace('shared:1', 'master:1')))?.sysext, nothing);
  assert.equal(await observe('/', ''), null);
});

test('what cannot be told is not said to be nothing', async () => {
  const restless = Array.from({ length: 99 }, (_, at) => (at % 2 === 0 ? shared : shared + overlay));
  await assert.rejects(observe('/', ...restless), CouldNotDecide);
  const unreadable = () => Promise.reject(new CouldNotDecide('no table'));
  await assert.rejects(observeMerged('/', unreadable), CouldNotDecide);
});

function state(more: Partial<MergedState>): MergedState {
  return {
    ...{ class: 'sysext', hierarchies: ['/usr'], extensions: [], mutable: 'no', since: null },
    ...{ knownBy: 'origin', mergeId: '1', problems: [], ...more },
  };
}

const named = (name: string, rootHash: string | null = null) => ({
  ...{ name, rootHash: rootHash === null ? null : parseHex(rootHash, 'hash'), path: '/var/lib/x.raw' },
});

test('names and root hashes are told, places of the host are not', () => {
  const extensions = [named('a', 'ab'.repeat(32)), named('b')];
  assert.deepEqual(toClaimedMerge(state({ extensions, mutable: 'yes', problems: ['odd'] }), []), {
    ...{ mutable: 'yes', confirmed: false, problems: ['odd'] },
    extensions: [
      { name: 'a', rootHash: 'ab'.repeat(32) },
      { name: 'b', rootHash: null },
    ],
  });
});

test('a merge is confirmed if it is the very one that was found to be approved', () => {
  const confirmed = (...ids: readonly (string | null)[]) => {
    const records = ids.map((mergeId) => ({ merge: mergeId === null ? null : { mergeId, window: null } }));
    return toClaimedMerge(state({ extensions: [named('a')], mergeId: '0:41@7' }), records).confirmed;
  };
  assert.equal(confirmed(null, '0:41@7'), true);
  assert.equal(confirmed(null, '0:41@6', '0:42@7'), false);
  assert.equal(confirmed(), false);
});

test('more than evidence has room for is no evidence, and never less than there is', () => {
  const many = Array.from({ length: 513 }, (_, at) => named(String(at)));
  assert.equal(toClaimedMerge(state({ extensions: many.slice(1) }), []).extensions.length, 512);
  for (const extensions of [many, [named('x'.repeat(256))], [named('x', 'ab'.repeat(65))]])
    assert.throws(() => toClaimedMerge(state({ extensions }), []), CouldNotDecide);
});

test('problems are cut to what has room, in whole characters', () => {
  const problems = Array.from({ length: 20 }, (_, at) => `${'x'.repeat(at)}${'😀'.repeat(300)}`);
  const claim = toClaimedMerge(state({ problems }), []);
  assert.equal(claim.problems.length, 16);
  assert.ok(claimedMergeSchema.safeParse(claim).success);
  assert.doesNotThrow(() => canonicalJson(claim));
});
