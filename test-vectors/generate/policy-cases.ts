import type { PolicyCase } from './policy-group.ts';
import {
  accept,
  authority,
  byBoth,
  byNoRule,
  byNobody,
  byOps,
  bySiteRule,
  byVendor,
  byVendorRule,
  digest,
  leaf,
  refuse,
  site,
  tools,
  byRevokedRootHash,
  byRevokedCertificate,
} from './policy-case.ts';

/** Policies that load, and what they say of an image. */
export const decidedCases: readonly PolicyCase[] = [
  accept(['Rules', 'vendor-tools', 'the first rule fits and its trust set vouches'], 'vendor tools', tools),
  accept(
    ['Rules', 'second-rule', 'the first rule does not fit, the second does'],
    'site configuration',
    site,
  ),
  accept(['Signer', 'any-of-the-named', 'one of two named trust sets vouches'], 'site configuration', {
    ...site,
    signature: byVendor,
  }),
  refuse(['Rules', 'no-rule', 'no rule fits the name'], 'no-matching-rule', byNoRule, {
    ...tools,
    name: 'tools',
  }),
  refuse(['Rules', 'case-of-names', 'names differ in case'], 'no-matching-rule', byNoRule, {
    ...tools,
    name: 'Vendor-tools',
  }),
  refuse(
    ['Rules', 'first-match-decides', 'the first rule that fits refuses, a later one would accept'],
    'certificate-expired',
    byVendorRule,
    { ...tools, signature: byOps },
    ['match: { class: confext }', 'match: {}'],
  ),
  refuse(
    ['Rules', 'glob-is-anchored', 'the glob fits a part of the name only'],
    'no-matching-rule',
    byNoRule,
    { ...tools, name: 'my-vendor-tools' },
  ),
  accept(
    ['Rules', 'escaped-star', 'a backslash takes the star as it is'],
    'vendor tools',
    { ...tools, name: 'vendor-*' },
    ['vendor-*', 'vendor-\\*'],
  ),
  refuse(
    ['Rules', 'escaped-star-is-no-run', 'an escaped star fits nothing but itself'],
    'no-matching-rule',
    byNoRule,
    tools,
    ['vendor-*', 'vendor-\\*'],
  ),
  refuse(['Signer', 'unsigned', 'the image is not signed'], 'unsigned', byVendorRule, {
    ...tools,
    signature: byNobody('unsigned'),
  }),
  refuse(['Signer', 'bad-signature', 'the signature does not verify'], 'signature-invalid', bySiteRule, {
    ...site,
    signature: byNobody('signature-invalid'),
  }),
  refuse(
    ['Signer', 'telling-reason', 'the reason of the trust set that the rule names'],
    'certificate-expired',
    byVendorRule,
    {
      ...tools,
      signature: byOps,
    },
  ),
  refuse(
    ['Architecture', 'other-architecture', 'the rule lists another'],
    'wrong-architecture',
    byVendorRule,
    {
      ...tools,
      architecture: 'arm64',
    },
  ),
  accept(['Architecture', 'any-architecture', 'the rule lists none'], 'site configuration', {
    ...site,
    architecture: 'arm64',
  }),
  refuse(
    ['Revocation', 'root-hash', 'the root hash is revoked, the rule would accept'],
    'root-hash-revoked',
    byRevokedRootHash,
    tools,
    ['rules:', `revoked: { rootHashes: [${digest('a')}] }\nrules:`],
  ),
  refuse(
    ['Revocation', 'signer', 'the certificate of the signer is revoked'],
    'certificate-revoked',
    byRevokedCertificate,
    tools,
    ['rules:', `revoked: { certificates: [{ sha256: '${leaf}' }] }\nrules:`],
  ),
  refuse(
    ['Revocation', 'authority', 'a certificate above the signer is revoked'],
    'certificate-revoked',
    byRevokedCertificate,
    tools,
    ['rules:', `revoked: { certificates: [{ sha256: '${authority}' }] }\nrules:`],
  ),
  accept(
    ['Revocation', 'other-chain', 'one of two named trust sets vouches without the revoked certificate'],
    'site configuration',
    { ...site, signature: byBoth },
    ['rules:', `revoked: { certificates: [{ sha256: '${authority}' }] }\nrules:`],
  ),
  refuse(
    [
      'Revocation',
      'chain-the-rule-does-not-name',
      'the chain without the revoked certificate is of another set',
    ],
    'certificate-revoked',
    { rule: 'vendor tools', at: 'policy.yaml:7:27' },
    { ...tools, signature: byBoth },
    ['rules:', `revoked: { certificates: [{ sha256: '${authority}' }] }\nrules:`],
  ),
  accept(
    ['Revocation', 'others', 'another root hash and another certificate are revoked'],
    'vendor tools',
    tools,
    [
      'rules:',
      `revoked: { rootHashes: [${digest('b')}], certificates: [{ sha256: '${digest('4')}' }] }\nrules:`,
    ],
  ),
];
