import { invalid } from './policy-case.ts';
import type { PolicyCase } from './policy-group.ts';

const siteRequire = 'require: { signedBy: [vendor, ops] }';
const versions = (range: string) => ['architecture: [x86-64] }', `version: '${range}' }`] as const;

/** Policies that must not load for what they say of signers, hosts, times and versions. */
export const invalidCircumstanceCases: readonly PolicyCase[] = [
  invalid(
    ['Closed', 'minimum-above-version', 'a policy that rules itself out'],
    ['version: 1 }', 'version: 1, minimum: 2 }'],
    'policy.yaml:3:49',
  ),
  invalid(
    ['Closed', 'version-range-without-operator', 'a range that says no comparison'],
    versions('2.1'),
    'policy.yaml:10:45',
  ),
  invalid(
    ['Closed', 'version-range-empty-part', 'a comma with nothing after it'],
    versions('>= 2.1,'),
    'policy.yaml:10:45',
  ),
  invalid(
    ['Closed', 'two-party-of-one', 'two signatures of one trust set'],
    [siteRequire, 'require: { signedByAll: [vendor] }'],
    'policy.yaml:13:29',
  ),
  invalid(
    ['Closed', 'two-party-unknown-set', 'the second trust set is not there'],
    [siteRequire, 'require: { signedByAll: [vendor, opps] }'],
    'policy.yaml:13:38',
  ),
  invalid(
    ['Closed', 'signer-of-one-and-all', 'two answers to who must sign'],
    [siteRequire, 'require: { signedBy: [vendor], signedByAll: [vendor, ops] }'],
    'policy.yaml:13:14',
  ),
  invalid(
    ['Closed', 'no-such-day', 'the 30th of February'],
    ['match: { class: confext }', "match: { class: confext }\n    validity: { notAfter: '2026-02-30' }"],
    'policy.yaml:13:27',
  ),
  invalid(
    ['Closed', 'local-time', 'a moment that means another one elsewhere'],
    [
      'match: { class: confext }',
      "match: { class: confext }\n    validity: { notAfter: '2026-02-01T12:00:00' }",
    ],
    'policy.yaml:13:27',
  ),
  invalid(
    ['Closed', 'label-with-space', 'a label value that no host can have'],
    ['match: { class: confext }', "match: { class: confext, labels: { env: 'a b' } }"],
    'policy.yaml:12:45',
  ),
  invalid(
    ['Closed', 'issuer-without-serial', 'a revocation of everything that an issuer issued'],
    ['rules:', 'revoked: { certificates: [{ issuer: CN=authority }] }\nrules:'],
    'policy.yaml:7:27',
  ),
  invalid(
    ['Closed', 'trust-set-of-nothing', 'a trust set without certificates or directories'],
    ['{ certificates: [authority.pem] }', '{ pinned: true }'],
    'policy.yaml:5:11',
  ),
  invalid(
    ['Closed', 'crl-missing', 'a revocation list that is not there'],
    ['[authority.pem]', '[authority.pem], crls: [missing.crl]'],
    'policy.yaml:5:51',
  ),
  invalid(
    ['Closed', 'crl-is-a-certificate', 'a certificate in the place of a revocation list'],
    ['[authority.pem]', '[authority.pem], crls: [authority.pem]'],
    'policy.yaml:5:51',
  ),
];
