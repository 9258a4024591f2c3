import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseHex } from '../bytes/hex.ts';
import type { Approval } from '../image-verdict.ts';
import type { Policy, Rule } from '../policy/policy.ts';
import { trustOnlyPolicy } from '../policy/trust-only-policy.ts';
import { compileEnforcement } from './compile.ts';
import { compiledText, isCompiled, plainName } from './compiled-file.ts';

const policy: Policy = { ...trustOnlyPolicy([]), name: 'edge', version: 12 };
const [signed] = policy.rules;
assert.ok(signed !== undefined);
const rootHash = parseHex('ab'.repeat(32), 'digest');
const byDigest = (form: 'bare' | 'directory'): Rule => ({
  ...{ ...signed, class: 'confext', form },
  admits: { kind: 'digest', form, values: new Set([rootHash]) },
});
const facts = {
  class: 'sysext',
  name: 'tools',
  version: '1',
  signer: 'unsigned',
  rule: 'r',
  cms: null,
} as const;
// What is allowed here is of no consequence, so that no real image is needed.
const approval = { ...facts, hashAlgorithm: 'sha256', rootHash } as unknown as Approval;
const given = { policy, systemd: 259, approvals: [approval], events: ['touchstone-policy:edge:12:00'] };

test('the same input gives the same files, and each says what it was made from', () => {
  const { files, warnings } = compileEnforcement(given);
  assert.deepEqual(compileEnforcement(given), { files, warnings });
  assert.deepEqual(warnings, []);
  for (const { path, content } of files) {
    assert.ok(isCompiled(content), path);
    assert.ok(content.includes('version 12, sha256:'), path);
    assert.match(path, /^(?:[A-Za-z0-9_@-][A-Za-z0-9._@-]*\/)*[A-Za-z0-9_@-][A-Za-z0-9._@-]*$/);
  }
});

test('without images nothing is said of the PCR', () => {
  const paths = (input: typeof given) => compileEnforcement(input).files.map(({ path }) => path);
  assert.equal(paths(given).filter((path) => path.endsWith('.pcrlock')).length, 1);
  const none = paths({ ...given, approvals: [], events: [] });
  assert.deepEqual(
    none,
    paths(given).filter((path) => !path.endsWith('.pcrlock')),
  );
});

test('it warns of what systemd and the kernel do not keep out, or do not let in', () => {
  const warningsOf = (input: Partial<typeof given>) =>
    compileEnforcement({ ...given, ...input }).warnings.join('\n');
  const rules = [byDigest('bare'), byDigest('directory')];
  assert.match(warningsOf({ policy: { ...policy, rules } }), /bare file systems as confext.*"unprotected"/);
  assert.match(warningsOf({ policy: { ...policy, rules } }), /directories as confext.*no image policy/);
  assert.match(warningsOf({ policy: { ...policy, mode: 'audit' } }), /audit mode/);
  const treeless = { ...facts, hashAlgorithm: 'tree-sha256', rootHash } as unknown as Approval;
  assert.match(warningsOf({ approvals: [treeless] }), /"tools" has no hash tree/);
});

test('a file that only mentions the tool is not taken for a compiled one', () => {
  const [first = ''] = compiledText(policy, [], []).split('\n');
  assert.ok(isCompiled(first));
  for (const other of ['', `#${first}`, `\n${first}`, '{"generated": "by hand"}', '{}'])
    assert.ok(!isCompiled(other), other);
});

test('whatever is in a name, the files are lines of printable ASCII', () => {
  const name = 'x\n\u009b2J\u202e"ä';
  const odd = { ...policy, name };
  const { files } = compileEnforcement({
    ...given,
    policy: odd,
    approvals: [{ ...approval, name, version: name }],
  });
  for (const { path, content } of files) {
    assert.match(content, /^[\n -~]*$/, path);
    assert.ok(content.includes('x%0A%C2%9B2J%E2%80%AE%22%C3%A4'), path);
  }
});

test('a name of a policy is one word, and two names are two', () => {
  assert.equal(plainName(policy), 'edge');
  const names = ['a b', 'a/b', 'a_b', 'ä', '.a', '-a', '_a', '..'].map((name) =>
    plainName({ ...policy, name }),
  );
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^[A-Za-z0-9_][A-Za-z0-9._-]*$/);
});
