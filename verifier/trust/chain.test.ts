import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import {
  endEntity,
  firstCode,
  issuers,
  judgedAt,
  parse,
  vendor,
} from '../../test-vectors/generate/judge-chain.ts';
import { type CertificateRequest, type Issued, OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import type { TrustAnchors } from './anchors.ts';
import { verifyChain } from './chain.ts';

const pki = new OpensslPki();
after(() => pki.remove());
const { issue, leaf } = issuers(pki);
const root = issue('root', null);
const signer = leaf(root);
const past = '20260601000000Z';

const judge = (one: Issued, set: TrustAnchors, intermediates: readonly Issued[] = []) =>
  verifyChain(parse(one), intermediates.map(parse), set, judgedAt);
const codeOf = (one: Issued, anchors: readonly Issued[], edit: Partial<TrustAnchors> = {}) =>
  firstCode(judge(one, vendor(anchors, edit)));

test('pinned means the certificate itself', () => {
  const verdict = judge(signer, vendor([signer], { mode: 'pinned' }));
  assert.deepEqual(verdict.ok && verdict.chain.map(({ der }) => der), [signer.der]);
  assert.equal(codeOf(signer, [root], { mode: 'pinned' }), 'signer-untrusted');
});

test('pinned means the whole certificate, not its name or its key', () => {
  const twin = leaf(root, { key: signer });
  assert.equal(codeOf(signer, [twin], { mode: 'pinned' }), 'signer-untrusted');
});

test('issued does not mean the certificate itself', () => {
  const verdict = judge(root, vendor([root]));
  assert.equal(firstCode(verdict), 'signer-untrusted');
  assert.match(
    (!verdict.ok && verdict.reasons[0]?.message) || '',
    /is itself a certificate of "vendor".*pin it/,
  );
});

test('either means one or the other', () => {
  assert.equal(codeOf(signer, [signer], { mode: 'either' }), null);
  assert.equal(codeOf(signer, [root], { mode: 'either' }), null);
  assert.equal(codeOf(root, [root], { mode: 'either' }), null);
  assert.equal(codeOf(issue('stranger', null), [root], { mode: 'either' }), 'signer-untrusted');
});

test('a pinned certificate is held to its dates, its key and its usages, and to nothing else', () => {
  const pinned = (request: Partial<CertificateRequest>, extendedKeyUsage: readonly string[] = []) => {
    const one = issue('pinned', null, request);
    return codeOf(one, [one], { mode: 'pinned', extendedKeyUsage });
  };
  assert.equal(pinned({ notAfter: past }), 'certificate-expired');
  assert.equal(pinned({ notBefore: '20280601000000Z' }), 'certificate-expired');
  assert.equal(pinned({ key: 'rsa1024' }), 'signature-weak');
  assert.equal(pinned({}, ['1.3.6.1.5.5.7.3.3']), 'certificate-unfit');
  assert.equal(pinned({ extensions: ['extendedKeyUsage=codeSigning'] }, ['1.3.6.1.5.5.7.3.3']), null);
  assert.equal(
    pinned({ extensions: ['keyUsage=keyCertSign', '1.2.3.4=critical,DER:0500'], digest: 'sha1' }),
    null,
  );
});

test('no certificates vouch for nobody', () => {
  for (const mode of ['pinned', 'issued', 'either'] as const) {
    assert.equal(codeOf(signer, [], { mode }), 'signer-untrusted');
  }
});

test('of two paths the good one counts', () => {
  const old = issue('inter', root, { notAfter: past });
  const renewed = issue('inter', root, { key: old });
  for (const intermediates of [
    [old, renewed],
    [renewed, old],
  ]) {
    assert.equal(judge(leaf(old), vendor([root]), intermediates).ok, true);
  }
});

test('of two bad paths the one with fewer faults explains the refusal', () => {
  const old = issue('inter', root, { notAfter: past, extensions: endEntity });
  const renewed = issue('inter', root, { key: old, notAfter: past });
  for (const intermediates of [
    [old, renewed],
    [renewed, old],
  ]) {
    const verdict = judge(leaf(old), vendor([root]), intermediates);
    assert.deepEqual(!verdict.ok && verdict.reasons.map(({ code }) => code), ['certificate-expired']);
  }
});
