import type { PolicyCase } from './policy-group.ts';
import {
  accept,
  byNoRule,
  byNobody,
  bySiteRule,
  byVendorRule,
  digest,
  refuse,
  site,
  tools,
  type Edit,
  type Facts,
  byRevokedRootHash,
} from './policy-case.ts';

const twoSigners = 'require: { signedBy: [vendor, ops] }';
const listed = `sha256:${digest('d')}`;
const byTree: Edit = [twoSigners, `require: { treeDigest: ['${listed}'] }`];
const byFile: Edit = [twoSigners, `require: { fileDigest: ['${listed}'] }`];
const directory: Facts = {
  ...{ ...site, form: 'directory', hashType: null, architecture: null, rootHash: digest('d') },
  signature: byNobody('unsigned'),
};
const bare: Facts = { ...directory, form: 'bare' };

/** What rules say of the forms of an image, and of what nobody can sign. */
export const formCases: readonly PolicyCase[] = [
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
    byRevokedRootHash,
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
  refuse(
    ['Form', 'tree-is-not-bare', 'a rule for bare files does not fit a hash tree'],
    'no-matching-rule',
    byNoRule,
    tools,
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
