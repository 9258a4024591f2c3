import type { PolicyCase } from './policy-group.ts';
import {
  accept,
  authority,
  by,
  byBoth,
  byNoRule,
  byOps,
  bySiteRule,
  byVendor,
  byVendorRule,
  digest,
  leaf,
  opsSigner,
  refuse,
  site,
  tools,
  vendorSigner,
  byRevokedCertificate,
} from './policy-case.ts';

const siteRequire = 'require: { signedBy: [vendor, ops] }';
const both = [siteRequire, 'require: { signedByAll: [vendor, ops] }'] as const;
const labelled = [
  'match: { class: confext }',
  'match: { class: confext, labels: { env: [staging, test] } }',
] as const;
const inYear = [
  'match: { class: confext }',
  "match: { class: confext }\n    validity: { notBefore: '2026-01-01', notAfter: '2026-12-31' }",
] as const;
const versions = (range: string) => ['architecture: [x86-64] }', `version: '${range}' }`] as const;
const noDowngrade = ['architecture: [x86-64] }', 'noDowngrade: true }'] as const;

/** Two signatures, labels, validity, versions: what a decision can depend on besides who signed. */
export const circumstanceCases: readonly PolicyCase[] = [
  accept(
    ['TwoParty', 'one-of-each', 'two signers, one of each trust set'],
    'site configuration',
    {
      ...site,
      signature: by(vendorSigner, opsSigner),
    },
    both,
  ),
  refuse(
    ['TwoParty', 'one-only', 'the second signer is missing'],
    'signer-untrusted',
    bySiteRule,
    {
      ...site,
      signature: byVendor,
    },
    both,
  ),
  refuse(
    ['TwoParty', 'one-for-two', 'one signer whom both trust sets vouch for'],
    'signer-untrusted',
    bySiteRule,
    {
      ...site,
      signature: byBoth,
    },
    both,
  ),
  refuse(
    ['TwoParty', 'two-certificates-one-key', 'two signers with certificates of either party over one key'],
    'signer-untrusted',
    bySiteRule,
    { ...site, signature: by(vendorSigner, { ...opsSigner, key: vendorSigner.key }) },
    both,
  ),
  refuse(
    ['TwoParty', 'one-twice', 'the same signer twice'],
    'signer-untrusted',
    bySiteRule,
    { ...site, signature: by(...byBoth.signers, ...byBoth.signers) },
    both,
  ),
  refuse(
    ['TwoParty', 'third-signer', 'a signer beyond the two, whom another trust set vouches for'],
    'signer-untrusted',
    { rule: 'site configuration', at: 'policy.yaml:12:5' },
    {
      ...site,
      signature: by(vendorSigner, opsSigner, {
        ...opsSigner,
        sha256: digest('5'),
        key: digest('5'),
        trustedBy: { spare: [digest('5')] },
        distrustedBy: {},
      }),
    },
    [
      "ops: { certificates: [pinned.pem], pinned: true }\nrules:\n  - name: vendor tools\n    match: { class: sysext, name: 'vendor-*' }\n    require: { signedBy: [vendor], architecture: [x86-64] }\n  - name: site configuration\n    match: { class: confext }\n    require: { signedBy: [vendor, ops] }",
      "ops: { certificates: [pinned.pem], pinned: true }\n  spare: { certificates: [pinned.pem], pinned: true }\nrules:\n  - name: vendor tools\n    match: { class: sysext, name: 'vendor-*' }\n    require: { signedBy: [vendor], architecture: [x86-64] }\n  - name: site configuration\n    match: { class: confext }\n    require: { signedByAll: [vendor, ops] }",
    ],
  ),
  refuse(
    ['TwoParty', 'signed-by-one-of-two-signers', 'two signers, and the rule names the trust set of one'],
    'certificate-expired',
    byVendorRule,
    { ...tools, signature: by(vendorSigner, opsSigner) },
  ),
  refuse(
    ['TwoParty', 'second-signer-revoked', 'the certificate of the second signer is revoked'],
    'certificate-revoked',
    byRevokedCertificate,
    { ...site, signature: by(vendorSigner, opsSigner) },
    ['rules:', `revoked: { certificates: [{ sha256: '${opsSigner.sha256}' }] }\nrules:`],
  ),
  refuse(
    ['Revocation', 'issuer-and-serial', 'a certificate of the chain is revoked by issuer and serial number'],
    'certificate-revoked',
    byRevokedCertificate,
    tools,
    ['rules:', "revoked: { certificates: [{ issuer: CN=authority, serial: '0a' }] }\nrules:"],
  ),
  accept(
    ['Revocation', 'other-serial', 'another serial number of the issuer is revoked'],
    'vendor tools',
    tools,
    ['rules:', "revoked: { certificates: [{ issuer: CN=authority, serial: '0b' }] }\nrules:"],
  ),
  accept(['Labels', 'label-listed', 'the host has one of the values'], 'site configuration', site, labelled, {
    labels: { env: 'test' },
  }),
  refuse(
    ['Labels', 'label-missing', 'the host has no such label'],
    'no-matching-rule',
    byNoRule,
    site,
    labelled,
  ),
  refuse(
    ['Labels', 'label-other', 'the host has another value'],
    'no-matching-rule',
    byNoRule,
    site,
    labelled,
    {
      labels: { env: 'production' },
    },
  ),
  refuse(
    ['Labels', 'label-inherited', 'a label by the name of what every object has'],
    'no-matching-rule',
    byNoRule,
    site,
    ['match: { class: confext }', 'match: { class: confext, labels: { constructor: Object } }'],
  ),
  accept(
    ['Validity', 'first-moment', 'the first moment of the first day'],
    'site configuration',
    site,
    inYear,
    {
      now: '2026-01-01T00:00:00Z',
    },
  ),
  accept(['Validity', 'last-second', 'the last second of the last day'], 'site configuration', site, inYear, {
    now: '2026-12-31T23:59:59Z',
  }),
  refuse(['Validity', 'not-yet', 'the second before'], 'no-matching-rule', byNoRule, site, inYear, {
    now: '2025-12-31T23:59:59Z',
  }),
  refuse(['Validity', 'no-longer', 'the second after'], 'no-matching-rule', byNoRule, site, inYear, {
    now: '2027-01-01T00:00:00Z',
  }),
  refuse(
    ['Validity', 'later-rule-decides', 'the rule that would accept is out of force, and a later one decides'],
    'signer-untrusted',
    { rule: 'site configuration', at: 'policy.yaml:12:5' },
    { ...tools, signature: by({ ...vendorSigner, trustedBy: { other: [leaf] }, distrustedBy: {} }) },
    [
      "match: { class: sysext, name: 'vendor-*' }\n    require: { signedBy: [vendor], architecture: [x86-64] }\n  - name: site configuration\n    match: { class: confext }",
      "match: { class: sysext, name: 'vendor-*' }\n    validity: { notAfter: '2026-05-31' }\n    require: { signedBy: [vendor], architecture: [x86-64] }\n  - name: site configuration\n    match: {}",
    ],
  ),
  accept(['Version', 'in-range', 'both comparisons hold'], 'vendor tools', tools, versions('>= 2.1, < 3')),
  accept(
    ['Version', 'numbers-not-text', '2.10 is newer than 2.9'],
    'vendor tools',
    { ...tools, version: '2.10' },
    versions('> 2.9'),
  ),
  refuse(
    ['Version', 'pre-release', 'a tilde makes a version older than without'],
    'version-mismatch',
    byVendorRule,
    { ...tools, version: '2.1~rc1' },
    versions('>= 2.1'),
  ),
  refuse(
    ['Version', 'too-old', 'older than the range'],
    'version-mismatch',
    byVendorRule,
    { ...tools, version: '2.0' },
    versions('>= 2.1'),
  ),
  refuse(
    ['Version', 'too-new', 'the second comparison does not hold'],
    'version-mismatch',
    byVendorRule,
    { ...tools, version: '3' },
    versions('>= 2.1, < 3'),
  ),
  refuse(
    ['Version', 'no-version', 'the extension has no version'],
    'version-mismatch',
    byVendorRule,
    { ...tools, version: '' },
    versions('!= 2.2'),
  ),
  refuse(
    ['Version', 'version-not-read', 'nobody read the version'],
    'version-mismatch',
    byVendorRule,
    { ...tools, version: null },
    versions('>= 1'),
  ),
  accept(
    ['Downgrade', 'same-version', 'the version that was accepted before'],
    'vendor tools',
    { ...tools, accepted: { highest: '2.1' } },
    noDowngrade,
  ),
  accept(
    ['Downgrade', 'first-of-its-name', 'nothing of this name was accepted before'],
    'vendor tools',
    { ...tools, accepted: { highest: null } },
    noDowngrade,
  ),
  accept(['Downgrade', 'no-host', 'no host is asked about'], 'vendor tools', tools, noDowngrade),
  accept(['Downgrade', 'downgrade-allowed', 'older, and the rule does not mind'], 'vendor tools', {
    ...tools,
    accepted: { highest: '3' },
  }),
  refuse(
    ['Downgrade', 'older', 'older than what was accepted before'],
    'downgrade',
    byVendorRule,
    { ...tools, accepted: { highest: '2.2' } },
    noDowngrade,
  ),
  refuse(
    ['Downgrade', 'no-version-after-one', 'without a version, after one was accepted'],
    'downgrade',
    byVendorRule,
    { ...tools, version: '', accepted: { highest: '1' } },
    noDowngrade,
  ),
  refuse(
    ['Downgrade', 'record-lost', 'the record of the host is gone'],
    'history-lost',
    byVendorRule,
    { ...tools, accepted: 'lost' },
    noDowngrade,
  ),
  refuse(
    ['Signer', 'version-not-missed-twice', 'unsigned, so that its version is not known either'],
    'certificate-expired',
    byVendorRule,
    { ...tools, version: null, signature: byOps },
    versions('>= 2.1'),
  ),
  accept(
    ['Digest', 'root-hash-listed', 'signed, and the root hash is one that the rule lists'],
    'vendor tools',
    tools,
    ['architecture: [x86-64] }', `rootHash: ['${digest('a')}'] }`],
  ),
  refuse(
    ['Digest', 'root-hash-not-listed', 'signed, and the root hash is another than the rule lists'],
    'digest-mismatch',
    byVendorRule,
    tools,
    ['architecture: [x86-64] }', `rootHash: ['${digest('b')}'] }`],
  ),
  accept(['Mode', 'audit', 'in audit mode verdicts are as ever'], 'vendor tools', tools, [
    'rules:',
    'mode: audit\nrules:',
  ]),
  refuse(
    [
      'Mode',
      'audit-refuses',
      'what is refused is refused in audit mode too; the gate merges it all the same',
    ],
    'certificate-revoked',
    { rule: null, at: 'policy.yaml:8:27' },
    tools,
    ['rules:', `mode: audit\nrevoked: { certificates: [{ sha256: '${authority}' }] }\nrules:`],
  ),
  accept(['Mode', 'minimum', 'the policy rules out its predecessors'], 'vendor tools', tools, [
    'version: 1 }',
    'version: 3, minimum: 2 }',
  ]),
];
