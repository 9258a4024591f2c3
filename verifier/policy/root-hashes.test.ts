import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ruleSchema } from './rule-schema.ts';
import { byBackup, hash, outcome, vendorRule } from './tests/asked.ts';
import { toRule } from './to-rule.ts';

const rules = [{ ...vendorRule, rootHashes: new Set([hash('a'), hash('b')]) }];

test('a rule that lists root hashes accepts those, and no other of the same signer', () => {
  assert.deepEqual(outcome({ rules }, {}), ['vendor tools']);
  assert.deepEqual(outcome({ rules }, { rootHash: hash('b') }), ['vendor tools']);
  for (const rootHash of [hash('c'), null])
    assert.deepEqual(outcome({ rules }, { rootHash }), ['vendor tools', 'digest-mismatch policy.yaml:8:5']);
});

test('a root hash that is listed is of no use without the signature', () => {
  const signature = { signers: [], reasons: [] };
  assert.deepEqual(outcome({ rules }, { signature }), ['vendor tools', 'signer-untrusted policy.yaml:8:5']);
  assert.deepEqual(outcome({ rules }, { signature: byBackup }), [
    'vendor tools',
    'signer-untrusted policy.yaml:8:5',
  ]);
});

const written = (require: object) => ruleSchema.safeParse({ name: 'r', match: {}, require });

test('root hashes are written in lowercase hexadecimal, beside signers and nothing else', () => {
  const parsed = written({ signedBy: ['vendor'], rootHash: [hash('a'), 'b'.repeat(128)] });
  assert.ok(parsed.success);
  assert.deepEqual(toRule(parsed.data, 'p:1:1').rootHashes, new Set([hash('a'), 'b'.repeat(128)]));
  const plain = written({ signedBy: ['vendor'] });
  assert.ok(plain.success);
  assert.equal(toRule(plain.data, 'p:1:1').rootHashes, null);
  assert.ok(written({ signedByAll: ['vendor', 'ops'], rootHash: [hash('a')] }).success);
  for (const rootHash of [[], ['A'.repeat(64)], ['a'.repeat(63)], hash('a'), Array(1001).fill(hash('a'))])
    assert.equal(written({ signedBy: ['vendor'], rootHash }).success, false);
  for (const key of ['treeDigest', 'fileDigest']) {
    const issues = written({ [key]: [`sha256:${hash('a')}`], rootHash: [hash('a')] }).error?.issues;
    assert.deepEqual(
      issues?.map(({ path, message }) => [path.join('.'), message]),
      [['require.rootHash', 'is about what is signed; a digest says by itself what is admitted']],
    );
  }
  assert.deepEqual(
    written({ rootHash: [hash('a')] }).error?.issues.map(({ message }) => message),
    ['needs one of signedBy, signedByAll, treeDigest, fileDigest: no rule can admit just anything'],
  );
});
