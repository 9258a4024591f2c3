import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { parsePolicyDocument } from './document.ts';
import { type DocumentComment, writeDocument } from './write-document.ts';

function readBack(text: string): unknown {
  const parsed = parsePolicyDocument(text, 'written.yaml');
  assert.ok('document' in parsed, JSON.stringify({ parsed, text }));
  return parsed.document.value;
}

test('a document is written as a person would', () => {
  const value = {
    metadata: { name: 'site', version: 1 },
    rules: [
      { name: 'tools', require: { signedBy: ['vendor'], rootHash: ['a'.repeat(64)] } },
      { name: 'other', require: { fileDigest: [`sha256:${'b'.repeat(64)}`, `sha256:${'c'.repeat(64)}`] } },
    ],
  };
  const comments: DocumentComment[] = [
    { path: [], text: 'What this is.\n\nAnd more.' },
    { path: ['metadata', 'version'], text: 'Count up.' },
    { path: ['rules'], text: 'In order.' },
    { path: ['rules', 1], text: 'The second.' },
    { path: ['rules', 1, 'require', 'fileDigest', 1], text: 'The last one.' },
    { path: ['nowhere', 3], text: 'Not to be seen.' },
  ];
  assert.equal(
    writeDocument(value, comments),
    `# What this is.

# And more.

metadata:
  name: site
  # Count up.
  version: 1
# In order.
rules:
  - name: tools
    require:
      signedBy: [ vendor ]
      rootHash: [ ${'a'.repeat(64)} ]
  # The second.
  - name: other
    require:
      fileDigest:
        - sha256:${'b'.repeat(64)}
        # The last one.
        - sha256:${'c'.repeat(64)}
`,
  );
});

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(
    ...['', ' ', '~', 'null', 'yes', '1e3', '0x10', '- a', 'a: b', '# c', '*x', '&x', '!!str x', '%YAML 1.1'],
    ...['---', '...', '? x', '| x', '> x', '`', '@', '"', "'", '\\', '{', '}', '[', ']', ',', 'a\nrules: []'],
    ...['\r\nx: y', 'x\u2028y', 'x\u0085y', '\ufeff', '\u202e', '\0', 'x\ty', 'x ', '<<', '=', 'a\n\n  b\n'],
  ),
);
const key = hostile.filter((text) => text !== '__proto__');

test('whatever the text in it, what is written is read back as the same value', () => {
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      hostile,
      fc.integer(),
      fc.boolean(),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(key, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true }), (document) => {
      const text = writeDocument(document, []);
      assert.deepEqual(readBack(text), document);
      assert.doesNotMatch(text, /[^\P{C}\n]|[\u2028\u2029]/u);
    }),
    { numRuns: 1000 },
  );
});

test('no text in a comment becomes anything else', () => {
  const value = { a: { b: ['c', 'd'], e: 'f' }, g: [{ h: 1 }, { i: [] }] };
  const places: DocumentComment['path'][] = [[], ['a'], ['a', 'b'], ['a', 'b', 1], ['g', 0], ['g', 1, 'i']];
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.array(hostile, { maxLength: 4 }), (path, lines) => {
      const text = writeDocument(value, [{ path, text: lines.join('\n') }]);
      assert.deepEqual(readBack(text), value);
      assert.doesNotMatch(text, /[^\P{C}\n]|[\u2028\u2029]/u);
    }),
    { numRuns: 1000 },
  );
});
