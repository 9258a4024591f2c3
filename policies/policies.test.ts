import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { testPolicies } from '../server/cli/commands/policy-test.ts';
import { hostTestJsonSchema } from '../verifier/appraisal-policy/host-test-schema.ts';
import { loadAppraisalPolicy } from '../verifier/appraisal-policy/load-appraisal-policy.ts';
import { appraisalPolicyJsonSchema } from '../verifier/appraisal-policy/schema.ts';
import { policyTestJsonSchema } from '../verifier/authoring/policy-test-schema.ts';
import { loadPolicy } from '../verifier/policy/load.ts';
import type { Policy } from '../verifier/policy/policy.ts';
import { extensionPolicyJsonSchema } from '../verifier/policy/schema.ts';

const directory = 'policies';
const present = readdirSync(directory);
const isAboutHosts = (name: string): boolean => name.endsWith('-hosts.yaml');
const policies = present.filter((name) => name.endsWith('.yaml') && !isAboutHosts(name));
const hostPolicies = present.filter(isAboutHosts);
const readme = readFileSync(join(directory, 'README.md'), 'utf8');

/** Without the certificates of this host, to which a policy may refer. */
function load(name: string): Promise<Policy> {
  return loadPolicy({
    text: readFileSync(join(directory, name)),
    path: name,
    files: { read: (path) => readFile(join(directory, path)), list: () => Promise.resolve([]) },
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

  test(`${name} says what its tests expect, each rule is tested, and each refusal names its reason`, async () => {
    await runTests(name, 'policy-test', ['accepted', 'refused']);
  });
}

for (const name of hostPolicies) {
  test(`${name} loads without warnings, names the schema for editors, and is in the README`, () => {
    const text = readFileSync(join(directory, name));
    assert.match(text.toString(), /^# yaml-language-server: \$schema=appraisal-policy\.schema\.json\n/);
    const policy = loadAppraisalPolicy({ text, path: name });
    assert.deepEqual(policy.warnings, []);
    assert.equal(`${policy.name}.yaml`, name);
    assert.ok(readme.includes(`\`${name}\``));
  });

  test(`${name} says what its tests expect, each rule is tested, and each answer names its reason`, async () => {
    await runTests(name, 'appraisal-policy-test', ['not-trustworthy', 'trustworthy', 'undecided']);
  });
}

/** Runs the tests of an example: all pass, say all that they can, and give each of the answers. */
async function runTests(name: string, schema: string, answers: readonly string[]): Promise<void> {
  const file = join(directory, 'tests', name.replace(/yaml$/, 'test.yaml'));
  const heading = `# yaml-language-server: $schema=../${schema}.schema.json\n`;
  assert.ok(readFileSync(file, 'utf8').startsWith(heading));
  const written = { out: '', err: '' };
  const code = await testPolicies(
    [file],
    { json: true },
    { out: (text) => (written.out += text), err: (text) => (written.err += text) },
  );
  assert.equal(code, 0, written.out);
  const { files, warnings, summary } = JSON.parse(written.out);
  assert.equal(files[0].policy.path, join(directory, name));
  assert.deepEqual(warnings, []);
  assert.equal(written.err, '');
  assert.ok(summary.passed >= 5);
  for (const { advice } of files[0].cases) assert.equal(advice, null);
  const verdicts = files[0].cases.map((one: { answer: { verdict: string } }) => one.answer.verdict);
  assert.deepEqual([...new Set(verdicts)].sort(), answers);
}

test('every test file is of a policy that is there', () => {
  const tests = readdirSync(join(directory, 'tests'));
  assert.equal(tests.length, policies.length + hostPolicies.length);
  for (const name of tests) assert.ok(existsSync(join(directory, name.replace(/test\.yaml$/, 'yaml'))), name);
});

test('every example certificate is used, is valid for years, and comes without its key', async () => {
  const loaded = await Promise.all(policies.map(load));
  const used = new Set(loaded.flatMap(({ anchors }) => anchors.flatMap(({ certificates }) => certificates)));
  const pem = present.filter((name) => name.endsWith('.pem'));
  assert.equal(new Set([...used].map(({ sha256 }) => sha256)).size, pem.length);
  for (const { notAfter } of used) assert.ok(notAfter > new Date('2055-01-01'));
  for (const name of pem) assert.doesNotMatch(readFileSync(join(directory, name), 'latin1'), /PRIVATE/);
});

const schemas = [
  ['extension-policy.schema.json', extensionPolicyJsonSchema(), '## Keys'],
  ['policy-test.schema.json', policyTestJsonSchema(), '## Test files'],
  ['appraisal-policy.schema.json', appraisalPolicyJsonSchema(), '## Keys of policies about hosts'],
  ['appraisal-policy-test.schema.json', hostTestJsonSchema(), '## Test files of policies about hosts'],
] as const;

for (const [name, schema, heading] of schemas) {
  test(`${name} is the schema that the parser uses`, () => {
    assert.deepEqual(JSON.parse(readFileSync(join(directory, name), 'utf8')), schema);
  });

  test(`the README names every key of ${name}`, () => {
    const keys = new Set(keysOf(schema));
    assert.ok(keys.has('apiVersion'));
    const section = readme.slice(readme.indexOf(`${heading}\n`)).split('\n## ', 1)[0]!;
    const table = section
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .join('\n');
    for (const key of keys) assert.match(table, new RegExp(`[\`.]${key}\\b`), key);
  });
}

/** The names of all properties in a JSON Schema, at any depth. */
function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => [
    ...(key === 'properties' ? Object.keys(value) : []),
    ...keysOf(value),
  ]);
}
