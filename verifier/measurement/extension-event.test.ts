import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import fc from 'fast-check';

import { digest } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { parseHex, toHex } from '../bytes/hex.ts';
import { escapeC } from './c-escape.ts';
import {
  decodeExtensionEvent,
  encodeExtensionEvent,
  type ExtensionEvent,
  isExtensionEvent,
  setDigest,
} from './extension-event.ts';

const a = toHex(digest('sha256', 'a'));
const b = toHex(digest('sha256', 'b'));

const examples: readonly (readonly [string, ExtensionEvent])[] = [
  [`touchstone-policy:edge:12:${a}`, { type: 'policy', name: 'edge', version: '12', sha256: a }],
  [
    `touchstone-extension:sysext:vendor-tools:2.1~rc1:sha256:${a}:${b}:vendor tools`,
    {
      type: 'extension',
      class: 'sysext',
      name: 'vendor-tools',
      version: '2.1~rc1',
      hashAlgorithm: 'sha256',
      rootHash: a,
      signer: b,
      rule: 'vendor tools',
    },
  ],
  [
    `touchstone-extension:confext:site::sha512:${a}${b}:unsigned:a %3A b`,
    {
      type: 'extension',
      class: 'confext',
      name: 'site',
      version: '',
      hashAlgorithm: 'sha512',
      rootHash: parseHex(`${a}${b}`, 'test'),
      signer: 'unsigned',
      rule: 'a : b',
    },
  ],
  [`touchstone-set:sysext:2:${a}`, { type: 'set', class: 'sysext', count: 2, sha256: a }],
  [`touchstone-merged:confext:${a}`, { type: 'merged', class: 'confext', sha256: a }],
  ['touchstone-unmerged:sysext', { type: 'unmerged', class: 'sysext' }],
  [
    `touchstone-violation:sysext:root-hash-mismatch:tools:${a}`,
    { type: 'violation', class: 'sysext', code: 'root-hash-mismatch', name: 'tools', rootHash: a },
  ],
  [
    'touchstone-violation:sysext:unsigned:tools:',
    { type: 'violation', class: 'sysext', code: 'unsigned', name: 'tools', rootHash: '' },
  ],
];

const unicode = fc.string({ unit: 'binary', maxLength: 40 });
const sha256 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);
const extensionClass = fc.constantFrom('sysext' as const, 'confext' as const);

// Events come back as ordinary objects, so that is what they are made as.
function plain<T>(fields: { [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<T> {
  return fc.record(fields, { noNullPrototype: true });
}

const events: fc.Arbitrary<ExtensionEvent> = fc.oneof(
  plain({ type: fc.constant('policy' as const), name: unicode, version: unicode, sha256 }),
  plain({
    type: fc.constant('extension' as const),
    class: extensionClass,
    name: unicode.filter((name) => name !== ''),
    version: unicode,
    hashAlgorithm: fc.constant('sha256'),
    rootHash: sha256,
    signer: fc.oneof(sha256, fc.constant('unsigned' as const)),
    rule: unicode,
  }),
  plain({ type: fc.constant('set' as const), class: extensionClass, count: fc.nat(999_999), sha256 }),
  plain({ type: fc.constant('merged' as const), class: extensionClass, sha256 }),
  plain({ type: fc.constant('unmerged' as const), class: extensionClass }),
  plain({
    type: fc.constant('violation' as const),
    class: extensionClass,
    code: unicode,
    name: unicode,
    rootHash: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 64 }).map(toHex), fc.constant('' as const)),
  }),
);

function refused(line: string): void {
  assert.throws(() => decodeExtensionEvent(line), Malformed, line);
}

test('each of the six events has its line, both ways', () => {
  for (const [line, event] of examples) {
    assert.equal(encodeExtensionEvent(event), line);
    assert.deepEqual(decodeExtensionEvent(line), event);
    assert.ok(isExtensionEvent(line));
  }
});

test('what systemd and others measure is not an event', () => {
  for (const line of ['os-separator', 'enter-initrd', ' touchstone-set', 'Touchstone-set', '']) {
    assert.equal(isExtensionEvent(line), false);
    refused(line);
  }
});

test('every event comes back from its line, unless it is too long for one', () => {
  fc.assert(
    fc.property(events, (event) => {
      try {
        assert.deepEqual(decodeExtensionEvent(encodeExtensionEvent(event)), event);
      } catch (error) {
        assert.ok(error instanceof Malformed && /not shorter/.test(error.message), String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test('lines are printable ASCII that the escaping of systemd leaves alone', () => {
  fc.assert(
    fc.property(events, (event) => {
      fc.pre(JSON.stringify(event).length < 400);
      const line = encodeExtensionEvent(event);
      assert.match(line, /^[ -~]*$/);
      assert.equal(escapeC(Buffer.from(line)), line);
    }),
  );
});

test('an edited line is refused or is the line of another event', () => {
  const places = fc.tuple(
    fc.constantFrom(...examples.map(([line]) => line)),
    fc.nat(),
    fc.string({ maxLength: 3 }),
  );
  fc.assert(
    fc.property(places, ([line, place, text]) => {
      const at = place % line.length;
      const edited = line.slice(0, at) + text + line.slice(at + 1);
      let event: ExtensionEvent;
      try {
        event = decodeExtensionEvent(edited);
      } catch (error) {
        assert.ok(error instanceof Malformed);
        return;
      }
      assert.equal(encodeExtensionEvent(event), edited);
    }),
    { numRuns: 5000 },
  );
});

test('separators, escapes, quotes and what is not printable ASCII are percent-encoded by the bytes of their UTF-8', () => {
  const line = encodeExtensionEvent({
    type: 'policy',
    name: ':%\\"\'\n\0\x7fé€😀\ufeff',
    version: ' ~',
    sha256: a,
  });
  const encoded = '%3A%25%5C%22%27%0A%00%7F%C3%A9%E2%82%AC%F0%9F%98%80%EF%BB%BF';
  assert.equal(line, `touchstone-policy:${encoded}: ~:${a}`);
});

test('a second spelling of a field is refused', () => {
  for (const name of [
    '%3a',
    '%41',
    '%20',
    '%',
    '%3',
    '%ZZ',
    '%C3',
    '%C0%80',
    '%ED%A0%80',
    '"',
    "'",
    '\\',
    'é',
    '\n',
  ]) {
    refused(`touchstone-policy:${name}:12:${a}`);
  }
  refused(`touchstone-set:sysext:02:${a}`);
  refused(`touchstone-set:sysext:+2:${a}`);
  refused(`touchstone-set:sysext:2.0:${a}`);
  refused(`touchstone-set:sysext::${a}`);
  refused(`touchstone-set:sysext:2:${a.toUpperCase()}`);
  refused('touchstone-unmerged:sys%65xt');
  refused('touchstone-%75nmerged:sysext');
});

test('a line has exactly the fields of its type, each of its form', () => {
  for (const [line] of examples) {
    refused(`${line}:`);
    refused(line.slice(0, line.lastIndexOf(':')));
    refused(`${line}\n`);
    refused(` ${line}`);
  }
  refused(`touchstone-extension:sysext::1:sha256:${a}:${b}:rule`);
  refused(`touchstone-extension:sysext:tools:1:sha512:${a}:${b}:rule`);
  refused(`touchstone-extension:sysext:tools:1:md5:${a}:${b}:rule`);
  refused(`touchstone-extension:sysext:tools:1:sha256:${a}:signed:rule`);
  refused(`touchstone-extension:portable:tools:1:sha256:${a}:${b}:rule`);
  refused(`touchstone-merged:sysext:${a}00`);
  refused(`touchstone-violation:sysext:unsigned:tools:0`);
  refused(`touchstone-other:sysext`);
});

test('what could not be read back is not written', () => {
  const write = (event: ExtensionEvent) => () => encodeExtensionEvent(event);
  assert.throws(write({ type: 'policy', name: '\ud800', version: '1', sha256: a }), Malformed);
  assert.throws(write({ type: 'merged', class: 'sysext', sha256: parseHex('00', 'test') }), Malformed);
  for (const count of [-1, 0.5, Number.NaN, 1e21]) {
    assert.throws(write({ type: 'set', class: 'sysext', count, sha256: a }), Malformed);
  }
});

test('a line of 999 bytes is the longest', () => {
  const policy = (name: string): ExtensionEvent => ({ type: 'policy', name, version: '', sha256: a });
  const most = 999 - encodeExtensionEvent(policy('')).length;
  assert.equal(encodeExtensionEvent(policy('x'.repeat(most))).length, 999);
  assert.throws(() => encodeExtensionEvent(policy('x'.repeat(most + 1))), Malformed);
  refused(`touchstone-policy:${'x'.repeat(most + 1)}::${a}`);
});

test('the digest of a set is that of its lines as sha256sum reads them from a file', () => {
  const lines = examples.map(([line]) => line).filter((line) => line.startsWith('touchstone-extension:'));
  const judge = execFileSync('sha256sum', { input: `${lines.join('\n')}\n`, encoding: 'utf8' }).slice(0, 64);
  assert.equal(setDigest(lines), judge);
  assert.notEqual(setDigest([...lines].reverse()), judge);
  assert.equal(setDigest([]), toHex(digest('sha256')));
});
