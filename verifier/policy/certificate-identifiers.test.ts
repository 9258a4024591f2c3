import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';

import { der } from '../../test-vectors/generate/der-writer.ts';
import { issuers, judgedAt, parse, vendor } from '../../test-vectors/generate/judge-chain.ts';
import { type Issued, type KeyKind, OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { parseHex } from '../bytes/hex.ts';
import { parseDer } from '../trust/der.ts';
import { verifyRootHashSignature } from '../trust/root-hash-signature.ts';
import { decide } from './decide.ts';
import { signatureFacts } from './facts.ts';
import { certificateIdentifiers, issuerAndSerial } from './certificate-identifiers.ts';
import { trustOnlyPolicy } from './trust-only-policy.ts';

const pki = new OpensslPki();
after(() => pki.remove());
const { issue, leaf } = issuers(pki);
const rootHash = parseHex('0123456789abcdef'.repeat(4), 'root hash');
const curves = {
  p256: 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  p384: 'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  p521:
    '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51' +
    '868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
} as const;

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What an attacker who has the certificate, and no key, makes of it. */
function mirror(certificate: Issued, order: string): Issued {
  const [body, algorithm, bits] = parseDer(certificate.der, 'test').children;
  const [r, s] = parseDer(bits!.content.subarray(1), 'test').children;
  const mirrored = BigInt(`0x${order}`) - BigInt(`0x${Buffer.from(s!.content).toString('hex')}`);
  const padded = Buffer.from(mirrored.toString(16).padStart(order.length, '0'), 'hex');
  const start = padded.findIndex((octet) => octet !== 0);
  const digits = padded.subarray((padded[start] ?? 0) & 0x80 ? start - 1 : start);
  const number = (padded[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), padded]) : digits;
  const signature = der(0x03, Uint8Array.of(0), der(0x30, r!.raw, der(0x02, number)));
  return rewritten(certificate, der(0x30, body!.raw, algorithm!.raw, signature));
}

function rewritten(certificate: Issued, bytes: Uint8Array): Issued {
  const file = pki.run('x509', '-inform', 'DER', '-in', pki.write(Buffer.from(bytes), 'der'));
  return { ...certificate, certificate: pki.write(file, 'pem'), der: bytes };
}

function digests(chain: Parameters<typeof certificateIdentifiers>[0]): string[] {
  return certificateIdentifiers(chain).filter((one) => !one.includes(' of '));
}

test('issuer and serial number are identifiers, as openssl prints them', () => {
  const root = issue('root', null);
  const signer = leaf(root);
  const printed = pki
    .run('x509', '-in', signer.certificate, '-noout', '-serial')
    .toString()
    .trim()
    .toLowerCase();
  const named = certificateIdentifiers([parse(signer), parse(root)]).filter((one) => one.includes(' of '));
  assert.equal(named[0], `${printed.replace('serial=', '')} of cn=root`);
  assert.equal(named.length, 2);
});

test('a serial number with zeros before it, and a name as another tool spaces it, are the same identifier', () => {
  const plain = issuerAndSerial({ issuer: 'CN=Vendor CA, O=Example', serial: 'ff01' });
  assert.equal(issuerAndSerial({ issuer: 'CN = Vendor  CA,O = EXAMPLE', serial: '00ff01' }), plain);
  assert.notEqual(issuerAndSerial({ issuer: 'CN=Vendor CA, O=Example', serial: '01ff01' }), plain);
  assert.match(issuerAndSerial({ issuer: 'CN=a', serial: '00' }), /^00 of /);
});

for (const [key, order] of Object.entries(curves)) {
  test(`a certificate signed with ${key} has a second digest, of a certificate that openssl accepts as well`, () => {
    const root = issue('root', null, { key: key as KeyKind });
    // Short numbers and their signs come up by chance.
    for (let attempt = 0; attempt < 6; attempt++) {
      const signer = leaf(root);
      const twin = mirror(signer, order);
      assert.notEqual(sha256(twin.der), sha256(signer.der));
      assert.ok(pki.accepts('verify', '-no_check_time', '-CAfile', root.certificate, twin.certificate));
      const expected = [signer, twin, root].map((one) => sha256(one.der));
      assert.deepEqual(digests([parse(signer), parse(root)]), expected);
      assert.deepEqual(new Set(digests([parse(twin), parse(root)])), new Set(expected));
    }
  });
}

test('a certificate signed otherwise, or trusted by its bytes, has its own digest alone', () => {
  for (const key of ['rsa2048', 'rsa-pss', 'ed25519'] as const) {
    const root = issue('root', null, { key });
    const signer = leaf(root);
    assert.deepEqual(digests([parse(signer), parse(root)]), [sha256(signer.der), sha256(root.der)]);
  }
  const pinned = leaf(issue('root', null));
  assert.deepEqual(digests([parse(pinned)]), [sha256(pinned.der)]);
  assert.deepEqual(digests([]), []);
});

/** The verdict on an image signed by `signer`, with these certificates in the message, while `revoked` is revoked. */
function judge(signer: Issued, embed: readonly Issued[], root: Issued, revoked: Issued): string {
  const cms = pki.sign(rootHash, { signers: [signer], embed, tool: 'cms' });
  const verdict = verifyRootHashSignature(rootHash, cms, [vendor([root], { name: '--trust' })], judgedAt);
  const policy = {
    ...trustOnlyPolicy([parse(root)]),
    revokedCertificates: new Set([parseHex(sha256(revoked.der), 'test')]),
  };
  const facts = {
    class: 'sysext',
    name: 'tools',
    form: 'ddi',
    hashType: 1,
    architecture: null,
    ...{ rootHash, version: null, accepted: null },
  } as const;
  const context = { now: judgedAt, labels: new Map<string, string>() };
  const { reasons } = decide(policy, { ...facts, signature: signatureFacts(verdict) }, context);
  return reasons.map(({ code }) => code).join() || 'accepted';
}

test('who holds a revoked key cannot evade revocation by the other form of its certificate', () => {
  const root = issue('root', null);
  const [signer, stranger] = [leaf(root), leaf(root)];
  const twin = mirror(signer, curves.p256);
  assert.equal(judge(signer, [], root, stranger), 'accepted');
  assert.equal(judge(twin, [], root, stranger), 'accepted');
  assert.equal(judge(signer, [], root, signer), 'certificate-revoked');
  assert.equal(judge(twin, [], root, signer), 'certificate-revoked');
  assert.equal(judge(signer, [], root, twin), 'certificate-revoked');
});

test('nor by the other form of a revoked intermediate', () => {
  const root = issue('root', null);
  const between = issue('between', root);
  const signer = leaf(between);
  const twin = mirror(between, curves.p256);
  assert.equal(judge(signer, [between], root, signer), 'certificate-revoked');
  assert.equal(judge(signer, [twin], root, root), 'certificate-revoked');
  assert.equal(judge(signer, [twin], root, between), 'certificate-revoked');
  assert.equal(judge(signer, [twin], root, leaf(root)), 'accepted');
});

test('other ways to write the signature of a certificate make no certificate that is believed', () => {
  for (const key of ['p256', 'rsa2048', 'ed25519'] as const) {
    const root = issue('root', null, { key });
    const signer = leaf(root);
    const [body, algorithm, bits] = parseDer(signer.der, 'test').children;
    const [name, parameters] = algorithm!.children;
    const otherParameters = parameters === undefined ? [name!.raw, der(0x05)] : [name!.raw];
    const value = bits!.content.subarray(1);
    const others = {
      'other parameters': der(0x30, body!.raw, der(0x30, ...otherParameters), bits!.raw),
      'one octet more': der(0x30, body!.raw, algorithm!.raw, der(0x03, Uint8Array.of(0, 0), value)),
      'an octet behind': der(
        0x30,
        body!.raw,
        algorithm!.raw,
        der(0x03, Uint8Array.of(0), value, Uint8Array.of(0)),
      ),
    };
    for (const [what, bytes] of Object.entries(others)) {
      const outcome = judge(rewritten(signer, bytes), [], root, root);
      assert.match(outcome, /^(signer-untrusted|malformed)$/, `${key}: ${what}`);
    }
  }
});
