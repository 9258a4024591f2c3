import type { PolicyCase } from './policy-group.ts';
import { digest, invalid } from './policy-case.ts';

const signers = 'require: { signedBy: [vendor, ops] }';

/** Policies that must not load. */
export const invalidCases: readonly PolicyCase[] = [
  invalid(
    ['Closed', 'admits-anything', 'a rule that asks for nothing'],
    [signers, 'require: {}'],
    'policy.yaml:13:14',
  ),
  invalid(
    ['Closed', 'signer-and-digest', 'a rule that asks for what no image can have'],
    [signers, `require: { signedBy: [ops], treeDigest: ['sha256:${digest('d')}'] }`],
    'policy.yaml:13:14',
  ),
  invalid(
    ['Closed', 'digest-without-algorithm', 'a digest whose algorithm is to be guessed'],
    [signers, `require: { treeDigest: ['${digest('d')}'] }`],
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
    ['architecture: [x86-64]', 'neverOnFridays: true'],
    'policy.yaml:10:36',
  ),
  invalid(
    ['Closed', 'misspelled-key', 'a misspelled key that would leave the default'],
    ['pinned: true', 'pined: true'],
    'policy.yaml:6:38',
  ),
  invalid(
    ['Closed', 'unknown-mode', 'a mode that this version does not know'],
    ['rules:', 'mode: permissive\nrules:'],
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
