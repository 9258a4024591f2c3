import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Unsupported } from '../bytes/failures.ts';
import { parseHex } from '../bytes/hex.ts';
import type { Approval } from '../image-verdict.ts';
import type { Policy } from '../policy/policy.ts';
import { trustOnlyPolicy } from '../policy/trust-only-policy.ts';
import { compileIpePolicy } from './ipe-policy.ts';

const hash = (byte: string, bytes = 32) => parseHex(byte.repeat(bytes), 'hash');
const policy: Policy = { ...trustOnlyPolicy([]), name: 'edge', version: 12 };

function approval(name: string, hashAlgorithm: string, rootHash = hash('ab')): Approval {
  const facts = {
    class: 'sysext',
    name,
    version: name,
    hashAlgorithm,
    rootHash,
    signer: 'unsigned',
  } as const;
  // What is allowed here is of no consequence, so that no real image is needed.
  return { ...facts, rule: 'tools', cms: null } as unknown as Approval;
}

interface ParsedIpePolicy {
  readonly name: string;
  readonly version: readonly number[];
  readonly rules: readonly string[];
  readonly defaults: readonly string[];
}

/**
 * The grammar of Documentation/admin-guide/LSM/ipe.rst and security/ipe/policy_parser.c, no looser than either: the header first,
 * then rules from op to action and defaults, each default once, one for every operation; comments and blank lines anywhere.
 */
function parseIpePolicy(text: string): ParsedIpePolicy {
  const lines = text
    .split(/[\n\r]/)
    .map((line) => line.replace(/#.*/, '').trimEnd())
    .filter((line) => line !== '');
  const [head, ...statements] = lines;
  const header = /^policy_name=(\S+) policy_version=(\d+)\.(\d+)\.(\d+)$/.exec(head ?? '');
  assert.ok(header !== null, `not a header: ${head ?? ''}`);
  const [, name = '', ...numbers] = header;
  const version = numbers.map(Number);
  assert.ok(version.every((number) => number <= 0xffff));
  const operation = 'op=(?:EXECUTE|FIRMWARE|KMODULE|KEXEC_IMAGE|KEXEC_INITRAMFS|POLICY|X509_CERT)';
  const action = 'action=(?:ALLOW|DENY)';
  const property =
    '(?:boot_verified=(?:TRUE|FALSE)|dmverity_signature=(?:TRUE|FALSE)|dmverity_roothash=[a-z0-9-]+:(?:[0-9a-f]{2})+)';
  const isDefault = new RegExp(`^DEFAULT (?:${operation} )?${action}$`);
  const isRule = new RegExp(`^${operation} (?:${property} )*${action}$`);
  for (const line of statements) assert.ok(isDefault.test(line) || isRule.test(line), `not a rule: ${line}`);
  const defaults = statements.filter((line) => isDefault.test(line));
  const subjects = defaults.map((line) => line.replace(/ action=.*/, ''));
  assert.equal(new Set(subjects).size, subjects.length, 'a default twice');
  assert.ok(subjects.includes('DEFAULT'), 'an operation without a default');
  return { name, version, rules: statements.filter((line) => isRule.test(line)), defaults };
}

function compiled(from: Policy, ...approvals: readonly Approval[]): ParsedIpePolicy {
  return parseIpePolicy(compileIpePolicy(from, approvals).content);
}

test('nothing is executed but what is allowed, and nothing else is decided', () => {
  assert.deepEqual(compiled(policy).defaults, ['DEFAULT action=ALLOW', 'DEFAULT op=EXECUTE action=DENY']);
});

test('an approved image is allowed by its root hash', () => {
  const { rules } = compiled(policy, approval('tools', 'sha256'), approval('more', 'sha512', hash('cd', 64)));
  assert.deepEqual(rules.slice(-2), [
    `op=EXECUTE dmverity_roothash=sha256:${hash('ab')} action=ALLOW`,
    `op=EXECUTE dmverity_roothash=sha512:${hash('cd', 64)} action=ALLOW`,
  ]);
});

test('the digest of a file or a tree is no root hash, and allows nothing', () => {
  const { rules } = compiled(policy, approval('bare', 'file-sha256'), approval('tree', 'tree-sha256'));
  assert.deepEqual(
    rules.filter((rule) => rule.includes('roothash')),
    [],
  );
});

test('signatures are trusted only where a rule of the policy trusts signers', () => {
  const bySignature = 'op=EXECUTE dmverity_signature=TRUE action=ALLOW';
  assert.ok(compiled(policy).rules.includes(bySignature));
  assert.ok(!compiled({ ...policy, rules: [] }, approval('tools', 'sha256')).rules.includes(bySignature));
});

test('revoked root hashes are denied before anything is allowed', () => {
  const revoked = { ...policy, revokedRootHashes: new Set([hash('ee'), hash('ff', 64)]) };
  const { rules } = compiled(revoked, approval('tools', 'sha256', hash('ee')));
  assert.deepEqual(rules.slice(0, 2), [
    `op=EXECUTE dmverity_roothash=sha256:${hash('ee')} action=DENY`,
    `op=EXECUTE dmverity_roothash=sha512:${hash('ff', 64)} action=DENY`,
  ]);
  assert.ok(rules.slice(2).every((rule) => rule.endsWith('action=ALLOW')));
});

test('it says that revoked certificates are not denied', () => {
  const { content } = compileIpePolicy({ ...policy, revokedCertificates: new Set([hash('ee')]) }, []);
  assert.match(content, /^# IPE cannot deny by signer: .* keyrings of the kernel\.$/m);
});

test('a newer version of the policy is a newer one for the kernel', () => {
  const version = (number: number) => compiled({ ...policy, version: number }).version;
  assert.deepEqual(version(12), [0, 0, 12]);
  assert.deepEqual(version(65535), [0, 0, 65535]);
  assert.deepEqual(version(65536), [0, 1, 0]);
  assert.deepEqual(version(70000), [0, 1, 4464]);
  assert.deepEqual(version(65536 ** 3 - 1), [65535, 65535, 65535]);
  assert.throws(() => version(65536 ** 3), Unsupported);
});

test('names that would break a line or a path are written as others, and stay different', () => {
  const names = ['edge site', 'edge/site', 'edge#site', 'edge\tsite', '..', 'Ünïcode', 'edge_site'];
  const written = names.map((name) => compiled({ ...policy, name }).name);
  assert.equal(new Set(written).size, names.length);
  for (const name of written) assert.match(name, /^touchstone-[A-Za-z0-9._-]+$/);
});

test('no name or version of an image, and no name of a policy, adds a rule', () => {
  const line = 'x\nop=EXECUTE action=ALLOW\r\nop=EXECUTE action=ALLOW';
  const { rules } = compiled({ ...policy, name: line, rules: [] }, approval(line, 'sha256'));
  assert.deepEqual(rules, [
    'op=EXECUTE boot_verified=TRUE action=ALLOW',
    `op=EXECUTE dmverity_roothash=sha256:${hash('ab')} action=ALLOW`,
  ]);
});
