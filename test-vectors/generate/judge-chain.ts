import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ReasonCode } from '../../verifier/reasons.ts';
import { type TrustAnchors } from '../../verifier/trust/anchors.ts';
import { parseCertificate } from '../../verifier/trust/certificate.ts';
import { type ChainVerdict, verifyChain } from '../../verifier/trust/chain.ts';
import type { CertificateRequest, Issued, OpensslPki } from './openssl-pki.ts';

/** One chain that both `verifyChain` and `openssl verify` judge. */
export interface ChainCase {
  readonly signer: Issued;
  readonly intermediates?: readonly Issued[];
  readonly anchors: readonly Issued[];
  readonly usages?: readonly string[];
  /** What openssl is asked to judge the signer for. */
  readonly purpose?: 'sslclient' | 'smimesign';
  /** What the first reason must say. */
  readonly says?: RegExp;
  /** Why openssl decides otherwise; absent: it must not. */
  readonly opensslDiffers?: string;
  /** Why openssl's answer depends on its version, so that there is nothing to compare with. */
  readonly opensslVaries?: string;
}

/** When every chain is judged, unless a test says otherwise. */
export const judgedAt = new Date('2027-01-01T00:00:00Z');

/** Extension lines of an authority, and of a certificate that signs data. */
export const authority = [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign',
  'subjectKeyIdentifier=hash',
];
export const endEntity = ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'];

/** Two short ways of asking a PKI for a certificate. */
export function issuers(pki: OpensslPki) {
  const issue = (name: string, issuer: Issued | null, request: Partial<CertificateRequest> = {}): Issued =>
    pki.issue({ subject: `/CN=${name}`, extensions: authority, ...(issuer && { issuer }), ...request });
  const leaf = (issuer: Issued, request: Partial<CertificateRequest> = {}): Issued =>
    issue('leaf', issuer, { extensions: endEntity, ...request });
  return { issue, leaf };
}

export function vendor(certificates: readonly Issued[], edit: Partial<TrustAnchors> = {}): TrustAnchors {
  return {
    name: 'vendor',
    mode: 'issued',
    certificates: certificates.map(parse),
    extendedKeyUsage: [],
    revocationLists: null,
    ...edit,
  };
}

export function parse({ der }: Issued) {
  return parseCertificate(der, 'certificate');
}

export function firstCode(verdict: ChainVerdict): ReasonCode | null {
  return verdict.ok ? null : (verdict.reasons[0]?.code ?? null);
}

/** Two tests of one kind of chain: what we say of it, and whether openssl says the same. */
export function judges(pki: OpensslPki) {
  return (title: string, expected: ReasonCode | null, make: () => ChainCase): void => {
    void test(`${title}: ${expected ?? 'accepted'}`, () => {
      const { signer, intermediates = [], anchors, usages = [], says = /./, ...rest } = make();
      const set = vendor(anchors, { extendedKeyUsage: usages });
      const verdict = verifyChain(parse(signer), intermediates.map(parse), set, judgedAt);
      assert.equal(firstCode(verdict), expected);
      if (!verdict.ok) assert.match(verdict.reasons[0]?.message ?? '', says);
      if (rest.opensslVaries !== undefined) return;
      const opensslAgrees = opensslAccepts(pki, { signer, intermediates, anchors, ...rest }) === verdict.ok;
      assert.equal(opensslAgrees, rest.opensslDiffers === undefined, 'openssl verify');
    });
  };
}

function opensslAccepts(
  pki: OpensslPki,
  { signer, intermediates = [], anchors, purpose }: ChainCase,
): boolean {
  return pki.accepts(
    ...['verify', '-partial_chain', '-auth_level', '2', '-attime', (judgedAt.getTime() / 1000).toString()],
    ...['-no-CAfile', '-no-CApath', '-no-CAstore', '-trusted', pki.bundle(anchors)],
    ...(intermediates.length > 0 ? ['-untrusted', pki.bundle(intermediates)] : []),
    ...(purpose === undefined ? [] : ['-purpose', purpose]),
    signer.certificate,
  );
}
