import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';

import { issuers, judgedAt, parse, vendor } from '../../test-vectors/generate/judge-chain.ts';
import { type KeyKind, OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { Malformed, Unsupported } from '../bytes/failures.ts';
import { verifyDetachedSignature } from './detached-signature.ts';
import { signDetached } from './sign-detached.ts';

const pki = new OpensslPki();
after(() => pki.remove());
const { issue, leaf } = issuers(pki);
const content = Buffer.from('kind: ExtensionPolicy\r\nbytes as they are\n');
const keyOf = (path: string) => createPrivateKey(readFileSync(path));

for (const kind of ['rsa2048', 'p256', 'p384', 'p521', 'ed25519'] as const satisfies readonly KeyKind[]) {
  // OpenSSL 3.0 has no Ed25519 in messages without attributes.
  const judged = kind !== 'ed25519';
  test(`what is signed with ${kind} ${judged ? 'openssl verifies, and so do we' : 'we verify'}`, () => {
    const root = issue('root', null);
    const signer = leaf(root, { key: kind });
    const cms = signDetached(content, keyOf(signer.key), parse(signer));
    const [message, file] = [pki.write(Buffer.from(cms), 'p7s'), pki.write(content, 'txt')];
    const verify = ['cms', '-verify', '-binary', '-inform', 'DER', '-in', message, '-content'];
    const trust = ['-CAfile', root.certificate, '-purpose', 'any', '-no_check_time', '-out', '/dev/null'];
    assert.equal(pki.accepts(...verify, file, ...trust), judged);
    assert.ok(!pki.accepts(...verify, pki.write(Buffer.from('other'), 'txt'), ...trust));
    const judge = (bytes: Uint8Array) =>
      verifyDetachedSignature({ bytes, called: 'policy' }, cms, [vendor([root])], judgedAt).signed;
    assert.equal(judge(content), true);
    assert.equal(judge(Buffer.from(content.toString().replace('\r', ''))), false);
  });
}

test('further certificates go into the message, for the chain', () => {
  const root = issue('root', null);
  const inter = issue('inter', root);
  const signer = leaf(inter);
  const judge = (cms: Uint8Array) =>
    verifyDetachedSignature({ bytes: content, called: 'policy' }, cms, [vendor([root])], judgedAt).signed;
  assert.equal(judge(signDetached(content, keyOf(signer.key), parse(signer), [parse(inter)])), true);
  assert.equal(judge(signDetached(content, keyOf(signer.key), parse(signer))), false);
});

test('a key that is not that of the certificate signs nothing', () => {
  const [one, other] = [issue('one', null), issue('other', null)];
  assert.throws(() => signDetached(content, keyOf(one.key), parse(other)), Malformed);
});

test('a key whose signatures would be refused signs nothing', () => {
  for (const key of ['rsa1024', 'rsa-pss'] as const) {
    const weak = issue('weak', null, { key });
    assert.throws(() => signDetached(content, keyOf(weak.key), parse(weak)), Unsupported);
  }
});
