import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';

import { type CertificateRequest, type Issued, OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { join, tpm2b, u16, u32, writePublic } from '../../test-vectors/generate/tpm-writer.ts';
import { parsePublicArea, type PublicArea } from '../tpm/public-area.ts';
import { parseCertificate } from '../trust/certificate.ts';
import { verifyEndorsement } from './endorsement-certificate.ts';

const pki = new OpensslPki();
after(() => {
  pki.remove();
});

const now = new Date('2026-06-01T00:00:00Z');
const authority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
const root = pki.issue({ subject: '/CN=maker root', extensions: authority });
const middle = pki.issue({ subject: '/CN=maker line 7', issuer: root, extensions: authority });

const usage = 'extendedKeyUsage=2.23.133.8.1';
const names = 'subjectAltName=critical,dirName:tpm';
const leaf = 'basicConstraints=critical,CA:FALSE';
const forAgreement = 'keyUsage=critical,keyAgreement';
// What openssl takes for a number before the first point, to tell one attribute from another, it leaves out.
const model = ['[tpm]', 'a.2.23.133.2.1=id:00001014', 'a.2.23.133.2.2=sample', 'a.2.23.133.2.3=id:00010002'];
const whole = [usage, names, leaf, forAgreement, ...model];

function issue(extensions: readonly string[], more: Partial<CertificateRequest> = {}): Issued {
  return pki.issue({ subject: '/CN=tpm', issuer: middle, extensions, ...more });
}

/** The public area of a storage key with the key of a certificate. */
function areaOf(issued: Issued): PublicArea {
  const jwk = new X509Certificate(readFileSync(issued.certificate)).publicKey.export({ format: 'jwk' });
  const part = (text: unknown): Uint8Array => tpm2b(Buffer.from(String(text), 'base64url'));
  const rsa = { type: 0x0001, parameters: join(u16(2048), u32(0)), unique: part(jwk.n) };
  const ecc = { type: 0x0023, parameters: join(u16(3), u16(0x0010)), unique: join(part(jwk.x), part(jwk.y)) };
  const symmetric = join(u16(0x0006), u16(128), u16(0x0043));
  return parsePublicArea(
    writePublic({ ...(jwk.kty === 'RSA' ? rsa : ecc), attributes: 0x000300b2, symmetric }),
  );
}

function codes(issued: Issued, roots: readonly Issued[] = [root, middle], area = areaOf(issued)): string[] {
  const certificates = roots.map(({ der }) => parseCertificate(der, 'root'));
  const verdict = verifyEndorsement(issued.der, area, certificates, now);
  return verdict.endorsed ? [] : verdict.reasons.map(({ code }) => code);
}

test('a certificate under a maker that is trusted vouches for the key, and says which TPM it is', () => {
  const issued = issue(whole);
  const roots = [root, middle].map(({ der }) => parseCertificate(der, 'root'));
  const verdict = verifyEndorsement(issued.der, areaOf(issued), roots, now);
  assert.ok(verdict.endorsed);
  assert.deepEqual(verdict.endorsement.model, {
    manufacturer: 'id:00001014',
    model: 'sample',
    version: 'id:00010002',
  });
});

test('so does one for an RSA key, and one whose alternative name is not critical', () => {
  const forKeys = 'keyUsage=critical,keyEncipherment';
  assert.deepEqual(codes(issue([usage, names, leaf, forKeys, ...model], { key: 'rsa2048' })), []);
  assert.deepEqual(codes(issue([usage, 'subjectAltName=dirName:tpm', leaf, forAgreement, ...model])), []);
});

test('one for another key vouches for nothing here', () => {
  const [one, two] = [issue(whole), issue(whole)];
  assert.deepEqual(codes(one, [root, middle], areaOf(two)), ['endorsement-mismatch']);
});

test('one under a maker that is not trusted, or that nobody issued, does not', () => {
  const stranger = pki.issue({ subject: '/CN=maker line 7', extensions: authority });
  assert.deepEqual(codes(issue(whole, { issuer: stranger })), ['endorsement-untrusted']);
  assert.deepEqual(codes(pki.issue({ subject: '/CN=tpm', extensions: whole })), ['endorsement-untrusted']);
  assert.deepEqual(codes(issue(whole), [root]), ['endorsement-untrusted']);
});

test('one of the certificates trusted is not itself a TPM', () => {
  const issued = issue(whole);
  assert.deepEqual(codes(issued, [issued]), ['endorsement-untrusted']);
});

test('dates count, of the root too', () => {
  const dates = { notBefore: '20200101000000Z', notAfter: '20250101000000Z' };
  assert.deepEqual(codes(issue(whole, dates)), ['certificate-expired']);
  const old = pki.issue({ subject: '/CN=old root', extensions: authority, ...dates });
  assert.deepEqual(codes(issue(whole, { issuer: old }), [old]), ['certificate-expired']);
  assert.deepEqual(codes(issue(whole, { notAfter: '99991231235959Z' })), []);
});

test('what the maker signs for another purpose is no endorsement', () => {
  const without = (...gone: readonly string[]): string[] => whole.filter((one) => !gone.includes(one));
  assert.deepEqual(codes(issue(without(usage))), ['certificate-unfit']);
  assert.deepEqual(codes(issue(['extendedKeyUsage=clientAuth', ...without(usage)])), ['certificate-unfit']);
  assert.deepEqual(codes(issue(['extendedKeyUsage=2.23.133.8.3', ...without(usage)])), ['certificate-unfit']);
  assert.deepEqual(codes(issue(['extendedKeyUsage=anyExtendedKeyUsage', ...without(usage)])), [
    'certificate-unfit',
  ]);
  assert.deepEqual(codes(issue(['keyUsage=critical,digitalSignature', ...without(forAgreement)])), [
    'certificate-unfit',
  ]);
  assert.deepEqual(codes(issue(['basicConstraints=critical,CA:TRUE', ...without(leaf)])), [
    'certificate-unfit',
  ]);
});

test('a maker that limits what is below it must allow endorsements', () => {
  const limited = pki.issue({
    subject: '/CN=attestation keys only',
    issuer: root,
    extensions: [...authority, 'extendedKeyUsage=2.23.133.8.3'],
  });
  assert.deepEqual(codes(issue(whole, { issuer: limited }), [limited]), ['certificate-unfit']);
});

test('one that does not name its TPM is none', () => {
  const named = (...lines: readonly string[]) => [usage, names, leaf, forAgreement, '[tpm]', ...lines];
  const [, manufacturer = '', name = '', version = ''] = model;
  assert.deepEqual(codes(issue([usage, leaf, forAgreement])), ['malformed']);
  assert.deepEqual(codes(issue(named(manufacturer, name))), ['malformed']);
  assert.deepEqual(codes(issue(named(manufacturer, name, version, name.replace('a.', 'b.')))), ['malformed']);
  assert.deepEqual(codes(issue(named(manufacturer, `a.2.23.133.2.2=${'x'.repeat(65)}`, version))), [
    'malformed',
  ]);
});

test('bytes that are no certificate are malformed', () => {
  const issued = issue(whole);
  const verdict = verifyEndorsement(issued.der.subarray(1), areaOf(issued), [], now);
  assert.deepEqual(verdict.endorsed ? [] : verdict.reasons.map(({ code }) => code), ['malformed']);
});
