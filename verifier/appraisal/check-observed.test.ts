import assert from 'node:assert/strict';
import { test } from 'node:test';

import { digest } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import type { ClaimedMerge } from '../evidence/claims.ts';
import { encodeExtensionEvent, setDigest } from '../measurement/extension-event.ts';
import { type ExtensionHistory, readExtensionHistory } from '../measurement/extension-history.ts';
import { checkObserved, judgeObserved } from './check-observed.ts';

const hash = (text: string) => toHex(digest('sha256', text));

/** A gate's events about sysexts of these names, each with the hash of its name for a root hash. */
function approve(...names: readonly string[]): string[] {
  const lines = names.map((name) =>
    encodeExtensionEvent({
      ...{ type: 'extension', class: 'sysext', name, version: '1', hashAlgorithm: 'sha256' },
      ...{ rootHash: hash(name), signer: hash('signer'), rule: 'rule' },
    }),
  );
  const set = { type: 'set', class: 'sysext', count: lines.length, sha256: setDigest(lines) } as const;
  const policy = { type: 'policy', name: 'edge', version: '1', sha256: hash('policy') } as const;
  return [encodeExtensionEvent(policy), ...lines, encodeExtensionEvent(set)];
}

function merge(...names: readonly string[]): string[] {
  const events = approve(...names);
  const sha256 = events.at(-1)?.split(':')[3] ?? '';
  return [...events, `touchstone-merged:sysext:${sha256}`];
}

const unmerge = 'touchstone-unmerged:sysext';

function historyOf(events: readonly string[]): ExtensionHistory {
  const verdict = readExtensionHistory(events);
  assert.ok(verdict.read);
  return verdict.history;
}

function seen(names: readonly string[], more: Partial<ClaimedMerge> = {}): ClaimedMerge {
  const extensions = names.map((name) => ({ name, rootHash: null }));
  return { mutable: 'no', extensions, confirmed: true, problems: [], ...more };
}

function messages(events: readonly string[], sysext: ClaimedMerge, confext = seen([])): string[] {
  const history = historyOf(events);
  const reasons = checkObserved(history, judgeObserved(history, { sysext, confext }));
  return reasons.map(({ code, message }) => `${code}: ${message}`);
}

const codes = (...args: Parameters<typeof messages>): string[] =>
  messages(...args).map((text) => text.slice(0, text.indexOf(':')));

test('what is merged as the log says has nothing against it, with root hashes and without', () => {
  assert.deepEqual(messages(merge('a', 'b'), seen(['a', 'b'])), []);
  const withHashes = ['a', 'b'].map((name) => ({ name, rootHash: hash(name) }));
  assert.deepEqual(messages(merge('a', 'b'), seen([], { extensions: withHashes })), []);
});

test('nothing merged has nothing against it where nothing was confirmed', () => {
  for (const events of [approve('a'), approve(), merge(), [...merge('a'), unmerge], []])
    assert.deepEqual(messages(events, seen([])), []);
});

test('what was approved and is merged before anybody confirmed it has nothing against it', () => {
  assert.deepEqual(messages(approve('a'), seen(['a'])), []);
});

test('an extension that the log does not tell of is unapproved, in whatever state its class is', () => {
  for (const events of [merge('a'), approve('a'), [...merge('a'), unmerge], []])
    assert.ok(codes(events, seen(['behind'])).includes('unapproved'));
  assert.deepEqual(messages(merge('a'), seen(['a', 'behind'])), [
    'unapproved: behind is merged as sysext, and by the log it should not be.',
  ]);
});

test('another root hash under an approved name is unapproved', () => {
  const other = seen([], { extensions: [{ name: 'a', rootHash: hash('evil') }] });
  assert.deepEqual(messages(merge('a'), other), [
    `unapproved: a is merged as sysext with the root hash ${hash('evil')}, and by the log it should not be.`,
  ]);
});

test('each class is held against its own set', () => {
  assert.deepEqual(codes(merge('a'), seen(['a']), seen(['a'])), ['unapproved']);
});

test('a merge that can be written to, or does not add up, is refused', () => {
  assert.deepEqual(messages(merge('a'), seen(['a'], { mutable: 'ephemeral' })), [
    'hierarchy-mutable: What is merged as sysext can be changed on the host (mutable: ephemeral).',
  ]);
  assert.deepEqual(messages(merge('a'), seen(['a'], { problems: ['/usr is merged twice'] })), [
    'set-mismatch: What is merged as sysext does not add up: /usr is merged twice.',
  ]);
  assert.deepEqual(codes(merge(), seen([]), seen([], { problems: ['odd'] })), ['set-mismatch']);
});

test('what the log says is merged must be there, in its order', () => {
  assert.deepEqual(messages(merge('a', 'b'), seen([])), [
    'set-mismatch: The log says that a, b is merged as sysext, and it is not.',
  ]);
  assert.deepEqual(codes(merge('a', 'b'), seen(['a'])), ['set-mismatch']);
  assert.deepEqual(messages(merge('a', 'b'), seen(['b', 'a'])), [
    'set-mismatch: The sysext layers are not those of the log in its order.',
  ]);
  assert.deepEqual(codes(merge('a', 'b'), seen(['a', 'b', 'b'])), ['set-mismatch']);
});

test('names that were merged anew since they were confirmed may have anything behind them', () => {
  assert.deepEqual(messages(merge('a'), seen(['a'], { confirmed: false })), [
    'merge-unconfirmed: What is merged as sysext was merged anew since the merge that the log says was confirmed.',
  ]);
  assert.deepEqual(codes(approve('a'), seen(['a'], { confirmed: false })), []);
  assert.deepEqual(codes(merge(), seen([], { confirmed: false })), []);
});

test('a set that was confirmed before another one was approved leaves the answer open, and no more than that', () => {
  const events = [...merge('a', 'b'), ...approve('b', 'c')];
  assert.deepEqual(messages(events, seen(['a', 'b'])), [
    'merge-pending: a of the sysext set before is still merged; the set that was approved since is not.',
  ]);
  assert.deepEqual(codes(events, seen(['a', 'behind'])), ['unapproved', 'merge-pending']);
  assert.deepEqual(codes([...merge('a'), unmerge, ...approve('b')], seen(['a'])), ['unapproved']);
});
