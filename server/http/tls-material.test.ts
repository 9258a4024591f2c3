import assert from 'node:assert/strict';
import { chmodSync, chownSync, copyFileSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';

import { OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { CouldNotDecide, Malformed } from '../../verifier/bytes/failures.ts';
import { readTlsMaterial, type TlsFiles } from './tls-material.ts';

const pki = new OpensslPki();
after(() => {
  pki.remove();
});

const authority = pki.issue({ subject: '/CN=clients', extensions: ['basicConstraints=critical,CA:TRUE'] });
const host = pki.issue({ subject: '/CN=host', extensions: ['basicConstraints=CA:FALSE'] });
const good: TlsFiles = { certificate: host.certificate, key: host.key, clientCa: authority.certificate };
for (const file of [host.key]) chmodSync(file, 0o600);
for (const file of [host.certificate, authority.certificate]) chmodSync(file, 0o644);

test('the key digest is SHA-256 over the DER SubjectPublicKeyInfo, as openssl has it', async () => {
  const pem = pki.run('x509', '-in', host.certificate, '-pubkey', '-noout');
  const der = pki.run('pkey', '-pubin', '-in', pki.write(pem), '-outform', 'DER');
  const judged = pki.run('dgst', '-sha256', '-r', pki.write(der)).toString('latin1').slice(0, 64);
  assert.equal((await readTlsMaterial(good)).keySha256, judged);
});

test('a key that others may read is refused, and said so without a word of it', async () => {
  for (const mode of [0o640, 0o604, 0o660, 0o620]) {
    const key = pki.path(`mode-${mode}`);
    copyFileSync(host.key, key);
    chmodSync(key, mode);
    await assert.rejects(readTlsMaterial({ ...good, key }), (error: Error) => {
      assert.ok(error instanceof CouldNotDecide);
      assert.match(error.message, /can be read by others \(mode 06[0-9]0?\d?\); chmod 0600 it/);
      return true;
    });
  }
});

test('a certificate or an authority that others may change is refused', async () => {
  for (const which of ['certificate', 'clientCa'] as const) {
    const path = pki.path(`writable-${which}`);
    copyFileSync(good[which], path);
    chmodSync(path, 0o664);
    await assert.rejects(readTlsMaterial({ ...good, [which]: path }), /can be changed by others/);
  }
});

test('a file of another user is refused: he can change it', { skip: process.geteuid?.() !== 0 }, async () => {
  for (const which of ['certificate', 'key', 'clientCa'] as const) {
    const path = pki.path(`foreign-${which}`);
    copyFileSync(good[which], path);
    chmodSync(path, 0o600);
    chownSync(path, 65534, 65534);
    await assert.rejects(readTlsMaterial({ ...good, [which]: path }), /belongs to another user/);
  }
});

test('what a symbolic link leads to is judged, not the link', async () => {
  const open = pki.path('open-key');
  copyFileSync(host.key, open);
  chmodSync(open, 0o644);
  symlinkSync(open, pki.path('link-to-open'));
  symlinkSync(host.key, pki.path('link-to-private'));
  await assert.rejects(readTlsMaterial({ ...good, key: pki.path('link-to-open') }), /can be read by others/);
  await readTlsMaterial({ ...good, key: pki.path('link-to-private') });
});

test('files that do not fit together are refused', async () => {
  const other = pki.issue({ subject: '/CN=other' });
  chmodSync(other.key, 0o600);
  await assert.rejects(readTlsMaterial({ ...good, key: other.key }), (error: Error) => {
    assert.ok(error instanceof Malformed);
    assert.match(error.message, /is not the key of the certificate/);
    return true;
  });
  await assert.rejects(
    readTlsMaterial({ ...good, clientCa: host.certificate }),
    /has a certificate that is not an authority's: CN=host/,
  );
  const mixed = pki.path('mixed');
  writeFileSync(mixed, Buffer.concat([readFileSync(authority.certificate), readFileSync(host.certificate)]));
  await assert.rejects(readTlsMaterial({ ...good, clientCa: mixed }), /is not an authority's/);
});

test('what is no certificate and no key is refused', async () => {
  const junk = pki.path('junk');
  writeFileSync(junk, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', { mode: 0o600 });
  await assert.rejects(readTlsMaterial({ ...good, certificate: junk }), /is not a certificate in PEM/);
  await assert.rejects(readTlsMaterial({ ...good, clientCa: junk }), /is not a certificate in PEM/);
  await assert.rejects(readTlsMaterial({ ...good, key: junk }), /is not an unencrypted private key in PEM/);
  const encrypted = pki.path('encrypted');
  pki.run('pkey', '-in', host.key, '-aes256', '-passout', 'pass:x', '-out', encrypted);
  chmodSync(encrypted, 0o600);
  await assert.rejects(
    readTlsMaterial({ ...good, key: encrypted }),
    /is not an unencrypted private key in PEM/,
  );
});

test('a file that is not there, a directory and one that is too large are refused', async () => {
  await assert.rejects(readTlsMaterial({ ...good, key: pki.path('nothing') }), /does not exist/);
  await assert.rejects(readTlsMaterial({ ...good, key: '/proc/self' }), CouldNotDecide);
  const large = pki.path('large');
  writeFileSync(large, Buffer.alloc(300_000), { mode: 0o600 });
  await assert.rejects(readTlsMaterial({ ...good, key: large }), /has more than/);
});
