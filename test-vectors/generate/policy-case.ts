import assert from 'node:assert/strict';

import type { ReasonCode } from '../../verifier/reasons.ts';
import type { PolicyCase } from './policy-group.ts';

export type Facts = NonNullable<PolicyCase['inputs']['facts']>;

/** The policy of every case; a case edits it in one place at most. */
export const policy = `apiVersion: touchstone/v1
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

export const digest = (digit: string): string => digit.repeat(64);
export const leaf = digest('1');
export const authority = digest('2');
export const pinned = digest('3');

type Signer = Facts['signature']['signers'][number];

export const vendorSigner: Signer = {
  ...{ sha256: leaf, key: digest('e'), trustedBy: { vendor: [leaf, '0a of cn=authority', authority] } },
  distrustedBy: { ops: ['signer-untrusted'] },
};
export const opsSigner: Signer = {
  ...{ sha256: pinned, key: digest('f'), trustedBy: { ops: [pinned] } },
  distrustedBy: { vendor: ['certificate-expired'] },
};
export const bothSigner: Signer = {
  ...{ sha256: leaf, key: digest('e'), trustedBy: { vendor: [leaf, authority], ops: [leaf] } },
  distrustedBy: {},
};
export const by = (...signers: Signer[]): Facts['signature'] => ({ signers, reasons: [] });
export const byVendor = by(vendorSigner);
export const byOps = by(opsSigner);
export const byBoth = by(bothSigner);
export const byNobody = (...reasons: ReasonCode[]): Facts['signature'] => ({ signers: [], reasons });

export const tools: Facts = {
  ...{
    class: 'sysext',
    name: 'vendor-tools',
    form: 'ddi',
    hashType: 1,
    architecture: 'x86-64',
    rootHash: digest('a'),
  },
  ...{ version: '2.1', accepted: null, signature: byVendor },
};
export const site: Facts = { ...tools, class: 'confext', name: 'site', signature: byOps };

type Context = PolicyCase['inputs']['context'];

const usual: Context = { now: '2026-06-01T00:00:00Z', labels: {} };

export type Edit = readonly [from: string, to: string];
type Title = readonly [flag: string, id: string, comment: string];

function edited(edit: Edit | null): string {
  if (edit === null) return policy;
  assert.ok(policy.includes(edit[0]), edit[0]);
  return policy.replace(edit[0], () => edit[1]);
}

export function accept(
  [flag, id, comment]: Title,
  rule: string,
  facts: Facts,
  edit: Edit | null = null,
  context: Partial<Context> = {},
): PolicyCase {
  return {
    ...{ id, comment, flags: [flag] },
    inputs: { policy: edited(edit), facts, context: { ...usual, ...context } },
    expect: { verdict: 'accepted', rule, code: null, stage: null },
  };
}

export function refuse(
  [flag, id, comment]: Title,
  code: ReasonCode,
  { rule, at }: { readonly rule: string | null; readonly at: string | null },
  facts: Facts,
  edit: Edit | null = null,
  context: Partial<Context> = {},
): PolicyCase {
  return {
    ...{ id, comment, flags: [flag] },
    inputs: { policy: edited(edit), facts, context: { ...usual, ...context } },
    expect: { verdict: 'refused', rule, code, at, stage: 'policy' },
  };
}

export function invalid([flag, id, comment]: Title, edit: Edit, ...at: string[]): PolicyCase {
  return {
    ...{ id, comment, flags: [flag], inputs: { policy: edited(edit), facts: null, context: usual } },
    expect: { verdict: 'invalid', code: null, at, stage: 'load' },
  };
}

export const byVendorRule = { rule: 'vendor tools', at: vendorRule };
export const bySiteRule = { rule: 'site configuration', at: siteRule };
/** Where the rules begin, of which none fits. */
export const byNoRule = { rule: null, at: 'policy.yaml:8:3' };
/** Where a root hash or a certificate is revoked, in a line that stands before the rules. */
export const byRevokedRootHash = { rule: null, at: 'policy.yaml:7:25' };
export const byRevokedCertificate = { rule: null, at: 'policy.yaml:7:27' };
