import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';

import fc from 'fast-check';

import { der } from '../../test-vectors/generate/der-writer.ts';
import { type CertificateRequest, OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { Malformed, Unsupported } from '../bytes/failures.ts';
import { parseCertificate, parseCertificates } from './certificate.ts';
import { parseDer } from './der.ts';

const pki = new OpensslPki();
after(() => pki.remove());

const issue = (request: Partial<CertificateRequest>) => pki.issue({ subject: '/CN=subject', ...request });
const parseNew = (request: Partial<CertificateRequest>) =>
  parseCertificate(issue(request).der, 'certificate');
const plain = issue({ serial: '00ff01' });
const printed = (file: string, ...what: string[]) =>
  pki
    .run('x509', '-noout', '-in', file, ...what)
    .toString('utf8')
    .trim();

test('the facts are those that openssl prints', () => {
  const certificate = parseCertificate(plain.der, 'certificate');
  assert.equal(printed(plain.certificate, '-serial'), 'serial=FF01');
  assert.equal(certificate.serial, 'ff01');
  const fingerprint = printed(plain.certificate, '-fingerprint', '-sha256').replaceAll(':', '').toLowerCase();
  assert.equal(fingerprint, `sha256 fingerprint=${certificate.sha256}`);
  assert.equal(certificate.notBefore.toISOString(), '2026-01-01T00:00:00.000Z');
  assert.equal(certificate.notAfter.toISOString(), '2036-01-01T00:00:00.000Z');
  const spki = pki.run(
    'pkey',
    '-pubin',
    '-in',
    pki.write(printed(plain.certificate, '-pubkey')),
    '-outform',
    'DER',
  );
  assert.deepEqual(certificate.publicKey.export({ format: 'der', type: 'spki' }), spki);
  assert.equal(certificate.selfIssued, true);
  assert.equal(certificate.keyUsage, null);
  assert.equal(certificate.basicConstraints, null);
});

test('dates after 2049 are read from generalized time', () => {
  assert.equal(parseNew({ notAfter: '20991231235959Z' }).notAfter.toISOString(), '2099-12-31T23:59:59.000Z');
});

const everyUsage = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
];
for (const usage of [...everyUsage, 'keyCertSign', 'cRLSign', 'encipherOnly', 'decipherOnly']) {
  test(`key usage ${usage} is read as openssl writes it`, () => {
    assert.deepEqual([...(parseNew({ extensions: [`keyUsage=${usage}`] }).keyUsage ?? [])], [usage]);
  });
}

test('constraints, usages and key identifiers are read as openssl writes them', () => {
  const issuer = issue({
    subject: '/CN=issuer',
    extensions: ['subjectKeyIdentifier=hash', 'basicConstraints=CA:TRUE'],
  });
  const certificate = parseNew({
    issuer,
    extensions: [
      'basicConstraints=critical,CA:TRUE,pathlen:300',
      'extendedKeyUsage=codeSigning,1.2.3.4',
      'subjectKeyIdentifier=0102ff',
      'authorityKeyIdentifier=keyid,issuer:always',
      'subjectAltName=critical,DNS:example.org,DNS:example.net',
    ],
  });
  assert.deepEqual(certificate.basicConstraints, { ca: true, pathLength: 300 });
  assert.deepEqual(certificate.extendedKeyUsage, ['1.3.6.1.5.5.7.3.3', '1.2.3.4']);
  assert.equal(certificate.subjectKeyIdentifier, '0102ff');
  assert.equal(
    certificate.authorityKeyIdentifier,
    parseCertificate(issuer.der, 'issuer').subjectKeyIdentifier,
  );
  assert.deepEqual(certificate.unhandledCriticalExtensions, []);
  assert.equal(certificate.selfIssued, false);
  assert.deepEqual(certificate.issuerDer, parseCertificate(issuer.der, 'issuer').subjectDer);
});

test('unknown critical extensions are unhandled, other extensions are not', () => {
  const unhandled = (line: string) => parseNew({ extensions: [line] }).unhandledCriticalExtensions;
  assert.deepEqual(unhandled('1.2.3.4=critical,DER:0500'), ['1.2.3.4']);
  assert.deepEqual(unhandled('1.2.3.4=DER:0500'), []);
  assert.deepEqual(unhandled('nameConstraints=critical,permitted;DNS:example.org'), []);
  assert.deepEqual(unhandled('policyConstraints=critical,requireExplicitPolicy:0'), ['2.5.29.36']);
});

test('a name cannot move a cursor or turn text around', () => {
  const { subject } = parseNew({ subject: '/CN=a\u001b[2Jb\nc\u202ed' });
  assert.equal(subject, 'CN=a\\1B[2Jb\\0Ac\\E2\\80\\AEd');
});

const refuses = (problem: RegExp, bytes: Uint8Array) =>
  assert.throws(
    () => parseCertificate(bytes, 'vendor.pem'),
    (error) =>
      error instanceof Malformed && error.message.startsWith('vendor.pem') && problem.test(error.message),
  );

test('bytes after the certificate are refused', () =>
  refuses(/bytes after/, Buffer.concat([plain.der, Buffer.of(0)])));

test('a certificate over 64 KiB is refused unread', () =>
  refuses(/larger than 65536/, new Uint8Array(65_537)));

test('the same extension twice is refused', () => {
  const twice = ['1.2.3.4=DER:0500', '1.2.3.5=DER:0500'];
  const bytes = Buffer.from(issue({ extensions: twice }).der);
  const at = bytes.indexOf(Buffer.from('06032a0305', 'hex'));
  bytes[at + 4] = 0x04;
  refuses(/extension twice/, bytes);
});

test('a date that only one of two parsers understands is refused', () => {
  const bytes = Buffer.from(plain.der);
  bytes.write('261301', bytes.indexOf('260101'));
  refuses(/read differently by two parsers/, bytes);
});

test('a certificate does not change when the input does', () => {
  const input = new Uint8Array(plain.der);
  const certificate = parseCertificate(input, 'certificate');
  input.fill(0);
  assert.deepEqual(certificate.der, plain.der);
  assert.deepEqual(certificate.subjectDer, parseCertificate(plain.der, 'certificate').subjectDer);
});

test('extensions in a certificate that is not version 3 are refused', () => {
  const bytes = Buffer.from(issue({ extensions: ['1.2.3.4=DER:0500'] }).der);
  bytes[bytes.indexOf(Buffer.from('a003020102', 'hex')) + 4] = 1;
  refuses(/extensions without being version 3/, bytes);
});

const misfits: readonly (readonly [string, string, RegExp])[] = [
  [
    'basic constraints of another type',
    '2.5.29.19=DER:0500',
    /extension 2\.5\.29\.19: is not of its own type/,
  ],
  ['basic constraints of three fields', '2.5.29.19=DER:30090101ff020100020100', /is not of its own type/],
  ['basic constraints in BER', '2.5.29.19=DER:30800101ff0000', /indefinite/],
  [
    'a key usage that is no bit string',
    '2.5.29.15=DER:040106',
    /extension 2\.5\.29\.15: is not of its own type/,
  ],
  [
    'an extended key usage without usages',
    '2.5.29.37=DER:3000',
    /extension 2\.5\.29\.37: is not of its own type/,
  ],
  ['a key identifier with more after it', '2.5.29.14=DER:0401010500', /bytes after its end/],
  ['a path length without an authority', '2.5.29.19=DER:3003020100', /path length that means nothing/],
  ['a negative path length', '2.5.29.19=DER:30060101ff0201ff', /path length that means nothing/],
  [
    'a path length of 2^64',
    '2.5.29.19=DER:300e0101ff0209010000000000000000',
    /path length that means nothing/,
  ],
];
for (const [what, line, problem] of misfits) {
  test(`${what} is refused`, () => refuses(problem, issue({ extensions: [line] }).der));
}

test('a serial number that is negative or over 20 octets is refused', () => {
  const bytes = Buffer.from(issue({ serial: '7fff01' }).der);
  bytes[bytes.indexOf(Buffer.from('02037fff01', 'hex')) + 2] = 0xff;
  refuses(/serial number: is (negative|not)|not minimal/, bytes);
  refuses(/serial number over 20/, issue({ serial: `01${'00'.repeat(20)}` }).der);
});

test('a curve spelled out instead of named is refused', () => {
  const key = pki.write('', 'key');
  pki.run(
    ...['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    '-pkeyopt',
    'ec_param_enc:explicit',
    '-out',
    key,
  );
  const explicit = issue({ key: { key, certificate: '', der: new Uint8Array() } });
  assert.throws(() => parseCertificate(explicit.der, 'c'), Unsupported);
});

test('the point at infinity, which aborts Node when it is asked about the key, is refused', () => {
  const [tbs, signatureAlgorithm, signature] = parseDer(plain.der, 'test').children;
  const spkiAt = tbs!.children.length - 1;
  const algorithm = tbs!.children[spkiAt]!.children[0]!;
  const nothing = der(0x30, algorithm.raw, der(0x03, Uint8Array.of(0, 0)));
  const fields = tbs!.children.map((one, at) => (at === spkiAt ? nothing : one.raw));
  refuses(
    /public key: is no point of a curve/,
    der(0x30, der(0x30, ...fields), signatureAlgorithm!.raw, signature!.raw),
  );
});

test('a date with a fraction of a second is refused', () => {
  const [tbs, ...rest] = parseDer(plain.der, 'test').children;
  const text = Buffer.from('20260101000000.5Z');
  const datesAt = tbs!.children.length - 3;
  const dates = der(0x30, der(0x18, text), tbs!.children[datesAt]!.children[1]!.raw);
  const fields = tbs!.children.map((one, at) => (at === datesAt ? dates : one.raw));
  refuses(
    /time that is not written YYYYMMDDHHMMSSZ/,
    der(0x30, der(0x30, ...fields), ...rest.map(({ raw }) => raw)),
  );
});

test('a file holds one certificate in DER or any number in PEM', () => {
  assert.equal(parseCertificates(plain.der, 'file').length, 1);
  const other = issue({ subject: '/CN=other' });
  const pem = Buffer.concat([
    Buffer.from('some text\n'),
    pki.run('x509', '-in', plain.certificate, '-text'),
    Buffer.from(readFileSync(other.certificate, 'utf8').replaceAll('\n', '\r\n')),
  ]);
  assert.deepEqual(
    parseCertificates(pem, 'file').map(({ subject }) => subject),
    ['CN=subject', 'CN=other'],
  );
});

const pem = readFileSync(plain.certificate, 'utf8');
const files: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ['an empty file', '', /is empty/],
  ['a file without a block', 'hello\n', /has no certificate/],
  ['a file with a private key', pem + readFileSync(plain.key, 'utf8'), /has a PRIVATE KEY block/],
  [
    'a file with a trusted certificate block',
    pem.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'),
    /has a TRUSTED/,
  ],
  ['a block without an end', pem.replace(/-----END.*\n/, ''), /without an end/],
  ['a block in a block', `-----BEGIN CERTIFICATE-----\n${pem}`, /inside another/],
  ['an end without a begin', `-----END CERTIFICATE-----\n${pem}`, /inside another/],
  ['a block with other characters', pem.replace('\nM', '\n*'), /base64/],
  ['DER with a second certificate after it', Buffer.concat([plain.der, plain.der]), /bytes after/],
  ['a file over 4 MiB', new Uint8Array(4 * 1024 * 1024 + 1), /larger/],
];
for (const [what, bytes, problem] of files) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => parseCertificates(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, 'trust.pem'),
      (error) => error instanceof Malformed && problem.test(error.message),
    );
  });
}

test('a certificate changed in any one bit is still read alike by both parsers, or refused', () => {
  for (let bit = 0; bit < plain.der.length * 8; bit++) {
    const bytes = new Uint8Array(plain.der);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    onlyOwnErrors(() => parseCertificate(bytes, 'certificate'));
  }
});

test('random structures are refused with our own errors', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 64 }), (a, b) => {
      onlyOwnErrors(() =>
        parseCertificate(der(0x30, der(0x30, a), der(0x30, b), der(0x03, a)), 'certificate'),
      );
    }),
  );
});

function onlyOwnErrors(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof Malformed || error instanceof Unsupported, String(error));
  }
}
