import assert from 'node:assert/strict';

import type { ReasonCode } from '../../verifier/reasons.ts';
import type { PolicyCase } from './policy-group.ts';

type Facts = NonNullable<PolicyCase['inputs']['facts']>;

/** The policy of every case; a case edits it in one place at most. */
const policy = `apiVersion: touchstone/v1
kind: ExtensionPolicy
metadata: { name: vectors, version: 1 }
trust:
  vendor: { certificates: [authority.pem] }
  ops: { certificates: [pinned.pem], pinned: true }
rules:
  - name: vendor tools
    match: { class: sysext, name: 'vendor-*' }
    require: { signedBy: [vendor], architecture: [x86-64] }
  - name: site configuration
    match: { class: confext }
    require: { signedBy: [vendor, ops] }
`;
const vendorRule = 'policy.yaml:8:5';
const siteRule = 'policy.yaml:11:5';

const digest = (digit: string): string => digit.repeat(64);
const leaf = digest('1');
const authority = digest('2');
const pinned = digest('3');

const byVendor: Facts['signature'] = {
  ...{ signer: leaf, trustedBy: { vendor: [leaf, authority] }, reasons: [] },
  distrustedBy: { ops: ['signer-untrusted'] },
};
const byOps: Facts['signature'] = {
  ...{ signer: pinned, trustedBy: { ops: [pinned] }, reasons: [] },
  distrustedBy: { vendor: ['certificate-expired'] },
};
const byBoth: Facts['signature'] = {
  ...{ signer: leaf, trustedBy: { vendor: [leaf, authority], ops: [leaf] }, reasons: [] },
  distrustedBy: {},
};
const byNobody = (...reasons: ReasonCode[]): Facts['signature'] => ({
  ...{ signer: null, trustedBy: {}, distrustedBy: {}, reasons },
});

const tools: Facts = {
  ...{
    class: 'sysext',
    name: 'vendor-tools',
    form: 'ddi',
    hashType: 1,
    architecture: 'x86-64',
    rootHash: digest('a'),
  },
  signature: byVendor,
};
const site: Facts = { ...tools, class: 'confext', name: 'site', signature: byOps };

type Edit = readonly [from: string, to: string];
type Title = readonly [flag: string, id: string, comment: string];

function edited(edit: Edit | null): string {
  if (edit === null) return policy;
  assert.ok(policy.includes(edit[0]), edit[0]);
  return policy.replace(edit[0], () => edit[1]);
}

function accept(
  [flag, id, comment]: Title,
  rule: string,
  facts: Facts,
  edit: Edit | null = null,
): PolicyCase {
  return {
    ...{ id, comment, flags: [flag], inputs: { policy: edited(edit), facts } },
    expect: { verdict: 'accepted', rule, code: null, stage: null },
  };
}

function refuse(
  [flag, id, comment]: Title,
  code: ReasonCode,
  { rule, at }: { readonly rule: string | null; readonly at: string | null },
  facts: Facts,
  edit: Edit | null = null,
): PolicyCase {
  return {
    ...{ id, comment, flags: [flag], inputs: { policy: edited(edit), facts } },
    expect: { verdict: 'refused', rule, code, at, stage: 'policy' },
  };
}

function invalid([flag, id, comment]: Title, edit: Edit, ...at: string[]): PolicyCase {
  return {
    ...{ id, comment, flags: [flag], inputs: { policy: edited(edit), facts: null } },
    expect: { verdict: 'invalid', code: null, at, stage: 'load' },
  };
}

const byVendorRule = { rule: 'vendor tools', at: vendorRule };
const bySiteRule = { rule: 'site configuration', at: siteRule };
const byNoRule = { rule: null, at: null };

const twoSigners = 'require: { signedBy: [vendor, ops] }';
const listed = `sha256:${digest('d')}`;
const byTree: Edit = [twoSigners, `require: { treeDigest: ['${listed}'] }`];
const byFile: Edit = [twoSigners, `require: { fileDigest: ['${listed}'] }`];
const directory: Facts = {
  ...{ ...site, form: 'directory', hashType: null, architecture: null, rootHash: digest('d') },
  signature: byNobody('unsigned'),
};
const bare: Facts = { ...directory, form: 'bare' };

const formCases: readonly PolicyCase[] = [
  accept(
    ['Digest', 'listed-directory', 'the rule lists the tree digest'],
    'site configuration',
    directory,
    byTree,
  ),
  accept(
    ['Digest', 'listed-file', 'the rule lists the digest of the file'],
    'site configuration',
    bare,
    byFile,
  ),
  refuse(
    ['Digest', 'other-directory', 'the rule lists another tree digest'],
    'digest-mismatch',
    bySiteRule,
    { ...directory, rootHash: digest('e') },
    byTree,
  ),
  refuse(
    ['Digest', 'file-for-directory', 'a file has the digest that the rule lists for a directory'],
    'digest-mismatch',
    bySiteRule,
    bare,
    byTree,
  ),
  refuse(
    ['Digest', 'directory-for-file', 'a directory has the digest that the rule lists for a file'],
    'digest-mismatch',
    bySiteRule,
    directory,
    byFile,
  ),
  refuse(
    [
      'Digest',
      'root-hash-for-file',
      'a hash tree has the root hash that the rule lists as the digest of a file',
    ],
    'digest-mismatch',
    bySiteRule,
    { ...site, rootHash: digest('d') },
    byFile,
  ),
  refuse(
    ['Signer', 'directory-has-no-signer', 'a rule for signers meets a directory'],
    'unsigned',
    bySiteRule,
    directory,
  ),
  refuse(
    ['Revocation', 'revoked-tree-digest', 'the digest is listed and revoked'],
    'root-hash-revoked',
    byNoRule,
    directory,
    ['rules:\n', `revoked: { rootHashes: ['${digest('d')}'] }\nrules:\n`],
  ),
  accept(['Form', 'form-fits', 'the rule is about this form'], 'vendor tools', tools, [
    "name: 'vendor-*' }",
    "name: 'vendor-*', form: ddi }",
  ]),
  refuse(['Form', 'form-differs', 'the rule is about another form'], 'no-matching-rule', byNoRule, tools, [
    "name: 'vendor-*' }",
    "name: 'vendor-*', form: sidecar }",
  ]),
  accept(
    ['Form', 'form-not-told', 'evidence does not tell the forms with a hash tree apart'],
    'vendor tools',
    { ...tools, form: 'verity', hashType: null, architecture: null },
    ["name: 'vendor-*' }", "name: 'vendor-*', form: sidecar }"],
  ),
  refuse(
    ['Form', 'tree-is-not-bare', 'a rule for bare files does not fit a hash tree'],
    'no-matching-rule',
    byNoRule,
    { ...tools, form: 'verity', hashType: null },
    ["name: 'vendor-*' }", "name: 'vendor-*', form: bare }"],
  ),
  refuse(['HashType', 'type-0', 'no rule names hash type 0'], 'unsupported', byVendorRule, {
    ...tools,
    hashType: 0,
  }),
  accept(
    ['HashType', 'type-0-named', 'the rule names hash type 0'],
    'vendor tools',
    { ...tools, hashType: 0 },
    ['architecture: [x86-64] }', 'architecture: [x86-64], hashType: [0, 1] }'],
  ),
  refuse(
    ['HashType', 'only-type-0', 'the rule names hash type 0 alone'],
    'unsupported',
    byVendorRule,
    tools,
    ['architecture: [x86-64] }', 'architecture: [x86-64], hashType: [0] }'],
  ),
];

/** Policies that load, and what they say of an image. */
export const decidedCases: readonly PolicyCase[] = [
  ...formCases,
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
    byNoRule,
    tools,
    ['rules:', `revoked: { rootHashes: [${digest('a')}] }\nrules:`],
  ),
  refuse(
    ['Revocation', 'signer', 'the certificate of the signer is revoked'],
    'certificate-revoked',
    byNoRule,
    tools,
    ['rules:', `revoked: { certificates: [{ sha256: '${leaf}' }] }\nrules:`],
  ),
  refuse(
    ['Revocation', 'authority', 'a certificate above the signer is revoked'],
    'certificate-revoked',
    byNoRule,
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
    { rule: 'vendor tools', at: 'policy.yaml:9:5' },
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

/** Policies that must not load. */
export const invalidCases: readonly PolicyCase[] = [
  invalid(
    ['Closed', 'admits-anything', 'a rule that asks for nothing'],
    [twoSigners, 'require: {}'],
    'policy.yaml:13:14',
  ),
  invalid(
    ['Closed', 'signer-and-digest', 'a rule that asks for what no image can have'],
    [twoSigners, `require: { signedBy: [ops], treeDigest: ['${listed}'] }`],
    'policy.yaml:13:14',
  ),
  invalid(
    ['Closed', 'digest-without-algorithm', 'a digest whose algorithm is to be guessed'],
    [twoSigners, `require: { treeDigest: ['${digest('d')}'] }`],
    'policy.yaml:13:29',
  ),
  invalid(
    ['Closed', 'hash-type-2', 'a hash type that does not exist'],
    ['architecture: [x86-64] }', 'hashType: [2] }'],
    'policy.yaml:10:47',
  ),
  invalid(
    ['Closed', 'unsigned-rule', 'a rule that would admit unsigned images'],
    ['signedBy: [vendor]', 'signedBy: []'],
    'policy.yaml:10:26',
  ),
  invalid(
    ['Closed', 'unknown-requirement', 'a requirement that this version does not know'],
    ['architecture: [x86-64]', 'noDowngrade: true'],
    'policy.yaml:10:36',
  ),
  invalid(
    ['Closed', 'misspelled-key', 'a misspelled key that would leave the default'],
    ['pinned: true', 'pined: true'],
    'policy.yaml:6:38',
  ),
  invalid(
    ['Closed', 'audit-mode', 'a mode that would merge what is refused'],
    ['rules:', 'mode: audit\nrules:'],
    'policy.yaml:7:7',
  ),
  invalid(
    ['Closed', 'resettable-pcr', 'a PCR that any root process can reset'],
    ['rules:', 'measure: { pcr: 23 }\nrules:'],
    'policy.yaml:7:17',
  ),
  invalid(
    ['Closed', 'trust-set-unknown', 'a rule names a trust set that is not there'],
    ['signedBy: [vendor, ops]', 'signedBy: [vendor, opps]'],
    'policy.yaml:13:35',
  ),
  invalid(
    ['Closed', 'certificate-missing', 'a certificate file is not there'],
    ['[authority.pem]', '[authority.pem, missing.pem]'],
    'policy.yaml:5:43',
  ),
  invalid(
    ['Closed', 'certificate-malformed', 'a certificate file holds none'],
    ['[pinned.pem]', '[not-a-certificate.pem]'],
    'policy.yaml:6:25',
  ),
  invalid(
    ['Closed', 'two-problems', 'both are reported, in the order of the file'],
    [
      "name: 'vendor-*' }\n    require: { signedBy",
      "name: '[' }\n    require: { signedby: [vendor], signedBy",
    ],
    'policy.yaml:9:35',
    'policy.yaml:10:16',
  ),
  invalid(
    ['Ambiguous', 'key-twice', 'a key twice, in two spellings'],
    ['signedBy: [vendor]', 'signedBy: [ops], "\\x73ignedBy": [vendor]'],
    'policy.yaml:10:33',
  ),
  invalid(
    ['Ambiguous', 'rule-twice', 'two rules of one name'],
    ['site configuration', 'vendor tools'],
    'policy.yaml:11:11',
  ),
  invalid(
    ['Ambiguous', 'yaml-version', 'a directive that gives the same text other values'],
    ['apiVersion', '%YAML 1.1\n---\napiVersion'],
    'policy.yaml:1:1',
  ),
  invalid(
    ['Ambiguous', 'alias', 'an anchor and an alias'],
    ['[vendor], architecture: [x86-64] }\n  - name: site configuration', '&a [vendor] }\n  - name: *a'],
    'policy.yaml:10:29',
    'policy.yaml:11:11',
  ),
  invalid(
    ['Ambiguous', 'control-character', 'the name of a rule has a control character'],
    ['name: vendor tools', 'name: "vendor\\etools"'],
    'policy.yaml:8:11',
  ),
];
