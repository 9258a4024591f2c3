import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';

import { OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { loadPolicy } from './load.ts';

const pki = new OpensslPki();
after(() => pki.remove());
const files: Readonly<Record<string, string>> = {
  'ca.pem': pki.issue({ subject: '/CN=ca', extensions: ['basicConstraints=critical,CA:TRUE'] }).certificate,
  'leaf.pem': pki.issue({ subject: '/CN=leaf' }).certificate,
};

/** What the loader warns of, for trust sets `vendor` and `ops` and these rules, of which each begins a line. */
async function warnings(ops: string, ...rules: readonly string[]): Promise<string[]> {
  const text = `apiVersion: touchstone/v1
kind: ExtensionPolicy
metadata: { name: edge, version: 1 }
trust:
  vendor: { certificates: [ca.pem] }
  ops: ${ops}
rules:
${rules.map((rule, index) => `- { name: rule ${index + 1}, ${rule} }\n`).join('')}`;
  const policy = await loadPolicy({
    text: Buffer.from(text),
    path: 'p',
    readCertificate: (path) => Promise.resolve(readFileSync(files[path] ?? '')),
  });
  return policy.warnings.map(({ at, message }) => `${at}: ${message}`);
}

const pinned = '{ certificates: [leaf.pem], pinned: true }';
const both = 'require: { signedBy: [vendor, ops] }';

test('a policy that means what it says has no warnings', async () => {
  const names = [
    'match: { name: a }',
    'match: { name: "b*" }',
    'match: { class: sysext, name: "*" }',
    'match: {}',
  ];
  assert.deepEqual(await warnings(pinned, ...names.map((match) => `${match}, ${both}`)), []);
});

test('a trust set that no rule asks for is warned of', async () => {
  assert.deepEqual(await warnings(pinned, 'match: {}, require: { signedBy: [vendor] }'), [
    'p:6:3: no rule asks for the trust set "ops"',
  ]);
});

test('an anchor that can issue nothing is warned of, and only if it is not pinned', async () => {
  assert.deepEqual(await warnings('{ certificates: [ca.pem, leaf.pem] }', `match: {}, ${both}`), [
    'p:6:24: "CN=leaf" is no certificate authority, so nothing is issued under it; did you mean pinned: true?',
  ]);
});

for (const [wide, narrow, isCovered] of [
  ['{}', '{}', true],
  ['{}', '{ class: confext }', true],
  ['{ name: "*" }', '{ name: a }', true],
  ['{ name: "**" }', '{}', true],
  ['{ class: sysext }', '{ class: sysext, name: a }', true],
  ['{ class: sysext, name: "a*" }', '{ class: sysext, name: "a*" }', true],
  ['{ name: "a*" }', '{ class: sysext, name: "a*" }', true],
  ['{ class: sysext }', '{ class: confext }', false],
  ['{ class: sysext }', '{}', false],
  ['{ class: sysext, name: "*" }', '{ name: "*" }', false],
  ['{ name: a }', '{ name: b }', false],
  ['{ name: "?*" }', '{}', false],
] as const) {
  test(`after ${wide}, ${narrow} is ${isCovered ? 'never' : 'still'} asked`, async () => {
    const found = await warnings(pinned, `match: ${wide}, ${both}`, `match: ${narrow}, ${both}`);
    const message = 'the rule "rule 2" never decides: "rule 1" fits all that it fits, and comes first';
    assert.deepEqual(found, isCovered ? [`p:9:3: ${message}`] : []);
  });
}
