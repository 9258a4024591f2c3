import assert from 'node:assert/strict';

import { parseHex } from '../../bytes/hex.ts';
import { reason } from '../../reasons.ts';
import { decide } from '../decide.ts';
import type { ImageFacts, SignatureFacts, SignerFacts } from '../facts.ts';
import type { DecisionContext } from '../match.ts';
import type { Policy, Rule } from '../policy.ts';

/* A policy of two rules, an image that it accepts, and what it says of either when one thing is changed. */

export const hash = (digit: string) => parseHex(digit.repeat(64), 'test');

export const vendorRule: Rule = {
  name: 'vendor tools',
  class: 'sysext',
  nameGlob: 'vendor-*',
  form: null,
  ...{ labels: new Map(), validity: { notBefore: null, notAfter: null } },
  admits: { kind: 'signed-by', sets: ['vendor'] },
  ...{ rootHashes: null, architecture: null, hashTypes: [1], version: null, noDowngrade: false },
  at: 'policy.yaml:8:5',
};

export const opsRule: Rule = {
  ...{ ...vendorRule, name: 'ops', class: null, nameGlob: null },
  ...{ admits: { kind: 'signed-by', sets: ['ops', 'backup'] }, at: 'policy.yaml:11:5' },
};

export const policy: Policy = {
  name: 'test',
  version: 1,
  sha256: hash('0'),
  path: 'policy.yaml',
  anchors: [],
  rules: [vendorRule, opsRule],
  revokedRootHashes: new Set(),
  revokedCertificates: new Set(),
  revocationPlaces: new Map(Array.from('123467a', (digit) => [hash(digit), 'policy.yaml:6:3'])),
  ...{
    minimum: null,
    replaces: null,
    mode: 'enforce',
    onRefused: 'abort',
    measurePcr: 13,
    withoutTpm: 'refuse',
    warnings: [],
    document: null,
  },
};

export const vendorSigner: SignerFacts = {
  ...{ sha256: hash('1'), key: hash('e') },
  trustedBy: new Map([['vendor', [hash('1'), hash('2')]]]),
  distrustedBy: new Map([
    ['ops', [reason('signer-untrusted', 'Not of ops.')]],
    ['backup', [reason('certificate-expired', 'It expired.')]],
  ]),
};
export const backupSigner: SignerFacts = {
  ...{ sha256: hash('3'), key: hash('f'), trustedBy: new Map([['backup', [hash('3')]]]) },
  distrustedBy: new Map([['vendor', [reason('signer-untrusted', 'Not of the vendor.')]]]),
};
export const by = (...signers: SignerFacts[]): SignatureFacts => ({ signers, reasons: [] });
export const byVendor = by(vendorSigner);
export const byBackup = by(backupSigner);
export const context: DecisionContext = { now: new Date('2026-06-01T00:00:00Z'), labels: new Map() };

export const facts: ImageFacts = {
  class: 'sysext',
  name: 'vendor-tools',
  form: 'ddi',
  hashType: 1,
  architecture: 'x86-64',
  rootHash: hash('a'),
  ...{ version: '2.1', accepted: null, signature: byVendor },
};

/** The rule that decided, and the reasons with their places; the first alone if accepted. */
export function outcome(
  changedPolicy: Partial<Policy>,
  changedFacts: Partial<ImageFacts>,
  changedContext: Partial<DecisionContext> = {},
): (string | null)[] {
  const verdict = decide(
    { ...policy, ...changedPolicy },
    { ...facts, ...changedFacts },
    { ...context, ...changedContext },
  );
  assert.equal(verdict.verdict, verdict.reasons.length === 0 ? 'accepted' : 'refused');
  return [verdict.rule, ...verdict.reasons.map(({ code, at }) => (at === null ? code : `${code} ${at}`))];
}

export const byTwo = by({
  ...vendorSigner,
  trustedBy: new Map([
    ['vendor', [hash('1'), hash('2')]],
    ['second', [hash('1'), hash('4')]],
  ]),
});
