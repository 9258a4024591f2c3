import assert from 'node:assert/strict';
import { test } from 'node:test';

import { digest } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import { encodeExtensionEvent, type ExtensionEvent, setDigest } from './extension-event.ts';
import { type ExtensionHistory, readExtensionHistory } from './extension-history.ts';

const policyLine = encodeExtensionEvent({
  type: 'policy',
  name: 'edge',
  version: '12',
  sha256: hash('policy'),
});

function hash(text: string) {
  return toHex(digest('sha256', text));
}

function extensionLine(name: string, extensionClass: 'sysext' | 'confext' = 'sysext'): string {
  return encodeExtensionEvent({
    type: 'extension',
    class: extensionClass,
    name,
    version: '',
    hashAlgorithm: 'sha256',
    rootHash: hash(name),
    signer: hash('signer'),
    rule: 'vendor tools',
  });
}

function setLine(
  lines: readonly string[],
  edit: Partial<Extract<ExtensionEvent, { type: 'set' }>> = {},
): string {
  const set = { type: 'set', class: 'sysext', count: lines.length, sha256: setDigest(lines) } as const;
  return encodeExtensionEvent({ ...set, ...edit });
}

const two = [extensionLine('a'), extensionLine('b')];
const approved = [policyLine, ...two, setLine(two)];
const merged = encodeExtensionEvent({ type: 'merged', class: 'sysext', sha256: setDigest(two) });
const unmerged = encodeExtensionEvent({ type: 'unmerged', class: 'sysext' });

function history(events: readonly string[]): ExtensionHistory {
  const verdict = readExtensionHistory(events);
  assert.ok(verdict.read, JSON.stringify(verdict));
  return verdict.history;
}

function refusal(events: readonly string[]): string {
  const verdict = readExtensionHistory(events);
  return verdict.read ? 'read' : verdict.reasons[0].code;
}

test('nothing measured is a history without sets', () => {
  assert.equal(history([]).sets.size, 0);
});

test('a policy, its extensions and their set are an approved set in layer order', () => {
  const set = history(approved).sets.get('sysext');
  assert.equal(set?.state, 'approved');
  assert.deepEqual(
    set.extensions.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.equal(set.policy.name, 'edge');
});

test('merged and unmerged are what became of the set', () => {
  assert.equal(history([...approved, merged]).sets.get('sysext')?.state, 'merged');
  assert.equal(history([...approved, merged, unmerged]).sets.get('sysext')?.state, 'unmerged');
});

test('what was confirmed stays so until another set is, or nothing is merged any more', () => {
  const other = [extensionLine('c')];
  const next = [...other, setLine(other)];
  const names = (events: readonly string[]) =>
    history(events)
      .confirmed.get('sysext')
      ?.map(({ name }) => name);
  assert.equal(names(approved), undefined);
  assert.deepEqual(names([...approved, merged, ...next]), ['a', 'b']);
  const confirmed = encodeExtensionEvent({ type: 'merged', class: 'sysext', sha256: setDigest(other) });
  assert.deepEqual(names([...approved, merged, ...next, confirmed]), ['c']);
  assert.equal(names([...approved, merged, unmerged, ...next]), undefined);
});

test('a new set takes the place of the last one of its class, and leaves the other class alone', () => {
  const confext = [extensionLine('c', 'confext')];
  const empty = setLine([]);
  const sets = history([
    ...approved,
    ...confext,
    setLine(confext, { class: 'confext' }),
    policyLine,
    empty,
  ]).sets;
  assert.equal(sets.get('sysext')?.extensions.length, 0);
  assert.equal(sets.get('confext')?.extensions.length, 1);
});

test('a violation is kept, whatever comes after it', () => {
  const violation = encodeExtensionEvent({
    type: 'violation',
    class: 'sysext',
    code: 'set-mismatch',
    name: 'evil',
    rootHash: hash('evil'),
  });
  assert.equal(history([...approved, violation, ...approved]).violations[0]?.name, 'evil');
});

test("systemd's own words in the PCR are passed over", () => {
  assert.equal(history(['os-separator', ...approved]).sets.size, 1);
});

test('an event that nobody here writes is refused, not passed over', () => {
  assert.equal(refusal([...approved, 'something:else']), 'log-event-unknown');
  assert.equal(refusal([...approved, 'touchstone-merged:sysext']), 'log-event-unknown');
});

test('orders that the host agent never writes are refused', () => {
  const c = extensionLine('c');
  const orders: Readonly<Record<string, readonly string[]>> = {
    'an extension without a policy': [...two, setLine(two)],
    'a set without a policy': [setLine([])],
    'extensions without their set': [policyLine, ...two],
    'a set that counts too few': [policyLine, ...two, setLine(two, { count: 1 })],
    'a set whose digest is of other extensions': [policyLine, ...two, setLine([...two].reverse())],
    'a set of the other class': [policyLine, ...two, setLine(two, { class: 'confext' })],
    'an extension twice': [policyLine, c, c, setLine([c, c])],
    'two classes in one set': [
      policyLine,
      c,
      extensionLine('d', 'confext'),
      setLine([c, extensionLine('d', 'confext')]),
    ],
    'a policy among the extensions': [policyLine, ...two, policyLine, setLine(two)],
    'a merge of what was not approved': [policyLine, merged],
    'a merge after the unmerge': [...approved, unmerged, merged],
    'an unmerge of nothing': [policyLine, unmerged],
  };
  for (const [what, events] of Object.entries(orders))
    assert.equal(refusal(events), 'log-order-invalid', what);
});
