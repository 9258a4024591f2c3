import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { parseHex } from '../verifier/bytes/hex.ts';
import { decide } from '../verifier/policy/decide.ts';
import { noSignatureFacts, type SignatureFacts } from '../verifier/policy/facts.ts';
import { loadPolicy } from '../verifier/policy/load.ts';
import type { Policy } from '../verifier/policy/policy.ts';
import { extensionPolicyJsonSchema } from '../verifier/policy/schema.ts';
import { reason } from '../verifier/reasons.ts';

const directory = 'policies';
const present = readdirSync(directory);
const policies = present.filter((name) => name.endsWith('.yaml'));
const readme = readFileSync(join(directory, 'README.md'), 'utf8');

function load(name: string): Promise<Policy> {
  return loadPolicy({
    text: readFileSync(join(directory, name)),
    path: name,
    readCertificate: (path) => readFile(join(directory, path)),
  });
}

for (const name of policies) {
  test(`${name} loads without warnings, names the schema for editors, and is in the README`, async () => {
    const text = readFileSync(join(directory, name), 'utf8');
    assert.match(text, /^# yaml-language-server: \$schema=extension-policy\.schema\.json\n/);
    const policy = await load(name);
    assert.deepEqual(policy.warnings, []);
    assert.equal(`${policy.name}.yaml`, name);
    assert.ok(readme.includes(`\`${name}\``));
  });
}

test('every example certificate is used, is valid for years, and comes without its key', async () => {
  const loaded = await Promise.all(policies.map(load));
  const used = new Set(loaded.flatMap(({ anchors }) => anchors.flatMap(({ certificates }) => certificates)));
  const pem = present.filter((name) => name.endsWith('.pem'));
  assert.equal(new Set([...used].map(({ sha256 }) => sha256)).size, pem.length);
  for (const { notAfter } of used) assert.ok(notAfter > new Date('2055-01-01'));
  for (const name of pem) assert.doesNotMatch(readFileSync(join(directory, name), 'latin1'), /PRIVATE/);
});

test('the schema for editors is the one the parser uses', () => {
  const written: unknown = JSON.parse(readFileSync(join(directory, 'extension-policy.schema.json'), 'utf8'));
  assert.deepEqual(written, extensionPolicyJsonSchema());
});

/** The names of all properties in a JSON Schema, at any depth. */
function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => [
    ...(key === 'properties' ? Object.keys(value) : []),
    ...keysOf(value),
  ]);
}

test('the README names every key there is', () => {
  const keys = new Set(keysOf(extensionPolicyJsonSchema()));
  assert.ok(keys.has('extendedKeyUsage') && keys.has('pcr'));
  const table = readme
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .join('\n');
  for (const key of keys) assert.match(table, new RegExp(`[\`.]${key}\\b`), key);
});

const signer = parseHex('1'.repeat(64), 'test');

function signedBy(set: string | null): SignatureFacts {
  if (set === null) return noSignatureFacts(reason('unsigned', 'There is no signature.'));
  return { signer, trustedBy: new Map([[set, [signer]]]), distrustedBy: new Map(), reasons: [] };
}

/** What each policy says of an image, by whom it is signed; the README promises as much. */
const decisions: readonly (readonly [policy: string, image: string, set: string | null, outcome: string])[] =
  [
    ['signed-by-vendor.yaml', 'sysext tools', 'vendor', 'vendor images'],
    ['signed-by-vendor.yaml', 'confext tools', 'vendor', 'vendor images'],
    ['signed-by-vendor.yaml', 'sysext tools', 'ops', 'signer-untrusted'],
    ['signed-by-vendor.yaml', 'sysext tools', null, 'unsigned'],
    ['two-teams.yaml', 'sysext vendor-tools', 'vendor', 'vendor tools'],
    ['two-teams.yaml', 'sysext vendor-tools', 'ops', 'signer-untrusted'],
    ['two-teams.yaml', 'sysext vendor-tools', null, 'unsigned'],
    ['two-teams.yaml', 'sysext tools', 'vendor', 'no-matching-rule'],
    ['two-teams.yaml', 'confext site', 'ops', 'site configuration'],
    ['two-teams.yaml', 'confext vendor-site', 'vendor', 'signer-untrusted'],
  ];

for (const [policy, image, set, outcome] of decisions) {
  test(`${policy}: ${image}, signed by ${set ?? 'nobody'}: ${outcome}`, async () => {
    const [extensionClass = '', name = ''] = image.split(' ');
    const facts = {
      name,
      form: 'ddi',
      hashType: 1,
      architecture: 'x86-64',
      rootHash: null,
      signature: signedBy(set),
    } as const;
    const verdict = decide(await load(policy), {
      ...facts,
      class: extensionClass === 'sysext' ? 'sysext' : 'confext',
    });
    assert.equal(verdict.reasons[0]?.code ?? verdict.rule, outcome);
  });
}
