import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { CouldNotDecide } from '../bytes/failures.ts';
import { loadPolicy } from './load.ts';
import { PolicyInvalid } from './policy-text.ts';
import { filesBy } from '../../test-vectors/generate/policy-files.ts';

/** Loads what nobody means; the only failure allowed is a list of problems. */
async function refuse(text: string | Uint8Array): Promise<PolicyInvalid> {
  const files = filesBy((path) => Promise.reject(new CouldNotDecide(`${path} does not exist`)));
  const load = loadPolicy({ text: Buffer.from(text), path: 'policy.yaml', files });
  const error: unknown = await load.catch((one: unknown) => one);
  assert.ok(error instanceof PolicyInvalid, String(error));
  assert.ok(error.problems.length > 0 && error.problems.length <= 100);
  for (const { at, message } of error.problems) {
    assert.match(at, /^policy\.yaml:[1-9]\d*:[1-9]\d*$/);
    assert.ok(message.length < 4000, message.slice(0, 200));
  }
  return error;
}

const skeleton = `apiVersion: touchstone/v1
kind: ExtensionPolicy
metadata: { name: edge, version: 12 }
trust:
  vendor: { certificates: [vendor.pem], extendedKeyUsage: [codeSigning] }
rules:
  - name: vendor tools
    match: { class: sysext, name: "vendor-*" }
    require: { signedBy: [vendor], architecture: [x86-64] }
`;

// Before its depth was bounded, this ended the process: not an exception, but an abort inside V8.
for (const [what, text] of Object.entries({
  sequences: '['.repeat(500_000),
  'closed sequences': '['.repeat(5000) + ']'.repeat(5000),
  mappings: '{a: '.repeat(200_000),
  'block sequences': '- '.repeat(400_000),
  'explicit keys': '? '.repeat(400_000),
  indentation: Array.from({ length: 1400 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
})) {
  test(`${what} nested without end are refused at once`, async () => {
    const { problems } = await refuse(text);
    assert.deepEqual(
      problems.map(({ message }) => message),
      ['is nested deeper than 32 levels'],
    );
  });
}

test('an alias bomb is refused before it is expanded', async () => {
  const levels = Array.from({ length: 25 }, (_, level) =>
    level === 0 ? 'a0: &a0 [x, x]' : `a${level}: &a${level} [*a${level - 1}, *a${level - 1}]`,
  );
  assert.match((await refuse(levels.join('\n'))).message, /aliases are not allowed/);
});

for (const [what, text] of Object.entries({
  'unknown keys': Array.from({ length: 20_000 }, (_, index) => `key${index}:`).join('\n'),
  'equal keys': 'key: 1\n'.repeat(20_000),
  'unknown trust sets': skeleton.replace('[vendor], arch', `[${'x,'.repeat(50_000)}], arch`),
  'rules of one name': `${skeleton}${'  - { name: vendor tools, match: {}, require: { signedBy: [vendor] } }\n'.repeat(990)}`,
  'trust sets': skeleton.replace(
    'rules:',
    `${Array.from({ length: 5000 }, (_, set) => `  s${set}: {certificates: [a]}\n`).join('')}rules:`,
  ),
  'a key': `${'k'.repeat(500_000)}: 1`,
  'a name': skeleton.replace('[vendor], arch', `["${'x'.repeat(500_000)}"], arch`),
  braces: '}'.repeat(20_000),
})) {
  test(`a policy of ${what} without end is refused in seconds`, async () => {
    const start = performance.now();
    await refuse(text);
    assert.ok(performance.now() - start < 20_000);
  });
}

test('there are bounds to the sets of a policy and to the names of a rule', async () => {
  const sets = Array.from({ length: 100 }, (_, set) => `  s${set}: {certificates: [a]}\n`).join('');
  assert.match(
    (await refuse(skeleton.replace('rules:', `${sets}rules:`))).message,
    /trust: has more than 100 sets$/,
  );
  const named = skeleton.replace('[vendor], arch', `[${'vendor,'.repeat(101)}], arch`);
  assert.match((await refuse(named)).message, /signedBy: names more than 100$/);
});

test('nothing is suggested for more misspelled names than are reported', async () => {
  const sets = Array.from(
    { length: 99 },
    (_, set) => `  ${'n'.repeat(60)}${set}: {certificates: [a]}\n`,
  ).join('');
  const names = `[${'misspelt,'.repeat(100)}]`;
  const rules = Array.from(
    { length: 900 },
    (_, index) => `  - { name: r${index}, match: {}, require: { signedBy: ${names} } }\n`,
  ).join('');
  const start = performance.now();
  await refuse(`${skeleton.replace('rules:', `${sets}rules:`)}${rules}`);
  assert.ok(performance.now() - start < 20_000);
});

test('a file that is not UTF-8, or too large, is refused unread', async () => {
  assert.equal((await refuse(Uint8Array.of(0x61, 0xff))).message, 'policy.yaml:1:1: the file is not UTF-8');
  assert.match((await refuse(new Uint8Array(1024 * 1024 + 1))).message, /larger than 1048576 bytes$/);
});

test('keys that JavaScript gives a meaning never become properties', async () => {
  for (const key of ['__proto__', '"__proto__"', '"\\x5f_proto__"', '? __proto__\n']) {
    const { message } = await refuse(`${skeleton}${key}: { onRefused: abort }\n`);
    assert.match(message, /a key must be plain text/);
  }
  for (const key of ['constructor', 'toString', 'hasOwnProperty'])
    assert.match((await refuse(`${skeleton}${key}: {}\n`)).message, new RegExp(`unknown key "${key}"`));
});

test('whatever is edited in a policy, the answer is a list of problems', async () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.constantFrom(
      '\n',
      '- ',
      ': ',
      '&a ',
      '*a',
      '!!map ',
      '? ',
      '{',
      '[',
      '"',
      "'",
      '|\n',
      '>\n',
      '\t',
      '#',
      '---\n',
    ),
  );
  const edit = fc.record({ at: fc.nat(skeleton.length), drop: fc.nat(6), put: piece });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
      // The certificate is never there, so that no edit makes a policy that loads.
      await refuse(
        edits.reduce((text, { at, drop, put }) => text.slice(0, at) + put + text.slice(at + drop), skeleton),
      );
    }),
    { numRuns: 300 },
  );
});

test('whatever values stand in a policy, the answer is a list of problems', async () => {
  const words = [
    'apiVersion',
    'metadata',
    'trust',
    'revoked',
    'rules',
    'match',
    'require',
    'signedBy',
    'vendor',
  ];
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.constantFrom(...words)),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.constantFrom(...words), fc.string()), tie('tree'), { maxKeys: 5 }),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(tree, async (value) => {
      await refuse(JSON.stringify(value));
    }),
    { numRuns: 300 },
  );
});
