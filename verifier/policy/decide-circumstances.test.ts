import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ImageFacts } from './facts.ts';
import type { Rule } from './policy.ts';
import { backupSigner, by, byBackup, byTwo, hash, outcome, vendorRule, vendorSigner } from './tests/asked.ts';
import { parseVersionRange } from './version-range.ts';

test('a rule that wants two trust sets wants a signer of each, and no third', () => {
  const rules: Rule[] = [{ ...vendorRule, admits: { kind: 'signed-by-all', sets: ['vendor', 'backup'] } }];
  const refused = ['vendor tools', 'signer-untrusted policy.yaml:8:5'];
  assert.deepEqual(outcome({ rules }, { signature: by(vendorSigner, backupSigner) }), ['vendor tools']);
  assert.deepEqual(outcome({ rules }, { signature: by(backupSigner, vendorSigner) }), ['vendor tools']);
  assert.deepEqual(outcome({ rules }, { signature: byBackup }), refused);
  const third = {
    ...backupSigner,
    sha256: hash('5'),
    key: hash('5'),
    trustedBy: new Map([['ops', [hash('5')]]]),
  };
  assert.deepEqual(outcome({ rules }, { signature: by(vendorSigner, backupSigner, third) }), refused);
});

test('one signer in two trust sets does not stand for two', () => {
  const rules: Rule[] = [{ ...vendorRule, admits: { kind: 'signed-by-all', sets: ['vendor', 'second'] } }];
  const refused = ['vendor tools', 'signer-untrusted policy.yaml:8:5'];
  assert.deepEqual(outcome({ rules }, { signature: byTwo }), refused);
  assert.deepEqual(outcome({ rules }, { signature: by(...byTwo.signers, ...byTwo.signers) }), refused);
  // The second can only be of the vendor, so the first has to be the one of the other set.
  assert.deepEqual(
    outcome(
      { rules },
      { signature: by(...byTwo.signers, { ...vendorSigner, sha256: hash('6'), key: hash('6') }) },
    ),
    ['vendor tools'],
  );
});

test('one key with a certificate of each party does not stand for two', () => {
  const rules: Rule[] = [{ ...vendorRule, admits: { kind: 'signed-by-all', sets: ['vendor', 'backup'] } }];
  const signature = by(vendorSigner, { ...backupSigner, key: vendorSigner.key });
  assert.deepEqual(outcome({ rules }, { signature }), ['vendor tools', 'signer-untrusted policy.yaml:8:5']);
});

test('a signer whose certificate is revoked does not stand for a trust set', () => {
  const rules: Rule[] = [{ ...vendorRule, admits: { kind: 'signed-by-all', sets: ['vendor', 'second'] } }];
  const other = {
    ...vendorSigner,
    sha256: hash('6'),
    key: hash('6'),
    trustedBy: new Map([['vendor', [hash('6'), hash('7')]]]),
  };
  const signature = by(...byTwo.signers, other);
  assert.deepEqual(outcome({ rules }, { signature }), ['vendor tools']);
  assert.equal(
    outcome({ rules, revokedCertificates: new Set([hash('4')]) }, { signature })[1],
    'signer-untrusted policy.yaml:8:5',
  );
  assert.equal(
    outcome({ rules, revokedCertificates: new Set([hash('7')]) }, { signature })[1],
    'certificate-revoked policy.yaml:6:3',
  );
});

test('a trust set that vouches for one of two signers is not enough', () => {
  const signature = by(vendorSigner, backupSigner);
  assert.deepEqual(outcome({}, { signature }), ['vendor tools', 'signer-untrusted policy.yaml:8:5']);
});

test('a certificate is revoked by issuer and serial number as by its digest', () => {
  const signature = by({ ...vendorSigner, trustedBy: new Map([['vendor', [hash('1'), '0a of cn=vendor']]]) });
  assert.deepEqual(outcome({ revokedCertificates: new Set(['0a of cn=vendor']) }, { signature }), [
    null,
    'certificate-revoked',
  ]);
  assert.deepEqual(outcome({ revokedCertificates: new Set(['0a of cn=other']) }, { signature }), [
    'vendor tools',
  ]);
});

test('a rule about labels is about hosts that have them all', () => {
  const labelled: Rule = {
    ...vendorRule,
    labels: new Map([
      ['env', ['staging', 'test']],
      ['region', ['eu']],
    ]),
  };
  const asked = (labels: Record<string, string>) =>
    outcome({ rules: [labelled] }, {}, { labels: new Map(Object.entries(labels)) })[0];
  assert.equal(asked({ env: 'test', region: 'eu', more: 'x' }), 'vendor tools');
  for (const labels of [{}, { env: 'test' }, { region: 'eu' }, { env: 'production', region: 'eu' }])
    assert.equal(asked(labels), null);
});

test('a rule out of force is as if it were not written', () => {
  const day = (text: string) => new Date(`${text}T00:00:00Z`);
  const limited = { ...vendorRule, validity: { notBefore: day('2026-01-01'), notAfter: day('2026-12-31') } };
  const at = (now: Date) => outcome({ rules: [limited] }, {}, { now });
  for (const text of ['2026-01-01', '2026-06-01', '2026-12-31'])
    assert.deepEqual(at(day(text)), ['vendor tools']);
  for (const now of [
    new Date(day('2026-01-01').getTime() - 1),
    new Date(day('2026-12-31').getTime() + 1),
    new Date(NaN),
  ])
    assert.deepEqual(at(now), [null, 'no-matching-rule']);
});

test('a version out of the range of the rule is refused, and so is none', () => {
  const version = parseVersionRange('>= 2.1, < 3');
  assert.ok(typeof version !== 'string');
  const asked = (found: string | null) =>
    outcome({ rules: [{ ...vendorRule, version }] }, { version: found });
  for (const found of ['2.1', '2.9', '2.10-1']) assert.deepEqual(asked(found), ['vendor tools']);
  for (const found of ['2.0', '3', '3.1', '', null])
    assert.deepEqual(asked(found), ['vendor tools', 'version-mismatch policy.yaml:8:5']);
});

test('where no downgrade is allowed an older version than the host has accepted is refused, and so is a lost record', () => {
  const rules = [{ ...vendorRule, noDowngrade: true }];
  const asked = (accepted: ImageFacts['accepted'], version: string | null = '2.1') =>
    outcome({ rules }, { accepted, version });
  for (const highest of [null, '2.0', '2.1']) assert.deepEqual(asked({ highest }), ['vendor tools']);
  assert.deepEqual(asked({ highest: '2.2' }), ['vendor tools', 'downgrade policy.yaml:8:5']);
  assert.deepEqual(asked({ highest: '1' }, ''), ['vendor tools', 'downgrade policy.yaml:8:5']);
  assert.deepEqual(asked({ highest: null }, null), ['vendor tools', 'downgrade policy.yaml:8:5']);
  assert.deepEqual(asked('lost'), ['vendor tools', 'history-lost policy.yaml:8:5']);
  assert.deepEqual(asked(null), ['vendor tools']);
  assert.deepEqual(outcome({}, { accepted: 'lost' }), ['vendor tools']);
});

test('of an image that nobody vouches for the version is not missed as well', () => {
  const version = parseVersionRange('>= 2.1');
  assert.ok(typeof version !== 'string');
  const asked = outcome(
    { rules: [{ ...vendorRule, version, noDowngrade: true }] },
    { signature: byBackup, version: null },
  );
  assert.deepEqual(asked, ['vendor tools', 'signer-untrusted policy.yaml:8:5']);
});
