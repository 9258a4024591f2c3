import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';

import { type Issued, OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { filesBy } from '../../test-vectors/generate/policy-files.ts';
import type { TrustAnchors } from '../trust/anchors.ts';
import { parseCertificates } from '../trust/certificate.ts';
import { parseRevocationLists, type RevocationList } from '../trust/revocation-list.ts';
import { checkPolicy } from './check-policy.ts';
import type { CheckCircumstances } from './check-problem.ts';
import { checkRevocationLists } from './check-revocation-lists.ts';

const pki = new OpensslPki();
after(() => pki.remove());

const isAuthority = 'basicConstraints=critical,CA:TRUE';
const ca = pki.issue({ subject: '/CN=ca', extensions: [isAuthority, 'keyUsage=keyCertSign,cRLSign'] });
const signer = pki.issue({ subject: '/CN=signer', issuer: ca });
const old = { notBefore: '20260101000000Z', notAfter: '20270101000000Z' };
const issued: Readonly<Record<string, Issued>> = {
  'ca.pem': ca,
  'signer.pem': signer,
  'leaf.pem': pki.issue({ subject: '/CN=leaf' }),
  'old.pem': pki.issue({ subject: '/CN=old', ...old }),
  'old-ca.pem': pki.issue({ subject: '/CN=old ca', extensions: [isAuthority], ...old }),
  'next.pem': pki.issue({ subject: '/CN=next', notBefore: '20280101000000Z' }),
  'weak.pem': pki.issue({ subject: '/CN=weak', key: 'rsa1024' }),
  'limited.pem': pki.issue({
    subject: '/CN=limited',
    extensions: [isAuthority, '1.2.3.4=critical,DER:0500'],
  }),
};
const files = new Map<string, Uint8Array>(
  Object.entries(issued).map(([name, { certificate }]) => [name, readFileSync(certificate)]),
);
files.set('ca+signer.pem', readFileSync(pki.bundle([ca, signer])));

interface ListRequest {
  readonly issuer?: Issued;
  readonly digest?: string;
  readonly revoked?: Issued;
  /** Lines of an extension section. */
  readonly extensions?: string;
}

/** A revocation list, in the words of openssl(1). */
function revocationList(
  last: string,
  next: string,
  { issuer = ca, digest = 'sha256', revoked, extensions }: ListRequest = {},
): Uint8Array {
  const serial =
    revoked === undefined
      ? ''
      : pki.run('x509', '-in', revoked.certificate, '-noout', '-serial').toString().slice(7, -1);
  const entry = serial === '' ? '' : `R\t360101000000Z\t270601000000Z\t${serial}\tunknown\t/CN=x\n`;
  const [database, out] = [pki.write(entry, 'txt'), pki.write('', 'crl')];
  const configuration = `[ca]\ndefault_ca = a\n[a]\ndatabase = ${database}\n[e]\n${extensions ?? ''}\n`;
  pki.run(
    ...['ca', '-gencrl', '-config', pki.write(configuration, 'cnf'), '-md', digest, '-out', out],
    ...[
      '-cert',
      issuer.certificate,
      '-keyfile',
      issuer.key,
      '-crl_lastupdate',
      last,
      '-crl_nextupdate',
      next,
    ],
    ...(extensions === undefined ? [] : ['-crlexts', 'e']),
  );
  return readFileSync(out);
}
files.set('now.crl', revocationList('20270601000000Z', '20270801000000Z'));
files.set('old.crl', revocationList('20270101000000Z', '20270201000000Z'));
files.set('soon.crl', revocationList('20270501000000Z', '20270615000000Z'));
files.set('weekly.crl', revocationList('20270610000000Z', '20270617000000Z'));
files.set('next.crl', revocationList('20270701000000Z', '20270801000000Z'));
files.set(
  'partial.crl',
  revocationList('20270601000000Z', '20270801000000Z', { extensions: '1.2.3.4 = critical,DER:0500' }),
);
files.set('weak.crl', revocationList('20270601000000Z', '20270801000000Z', { digest: 'sha1' }));

const circumstances: CheckCircumstances = {
  now: new Date('2027-06-12T00:00:00Z'),
  withinDays: 30,
  images: null,
};

async function check(text: string, more: Partial<CheckCircumstances> = {}): Promise<readonly string[]> {
  const read = (path: string): Promise<Uint8Array> => {
    const bytes = files.get(path);
    return bytes === undefined ? Promise.reject(new Error(`there is no ${path}`)) : Promise.resolve(bytes);
  };
  const { problems } = await checkPolicy(
    { text: Buffer.from(text), path: 'p', files: filesBy(read) },
    { ...circumstances, ...more },
  );
  return problems.map(({ severity, at, message }) => `${severity} ${at} ${message}`);
}

const head = 'apiVersion: touchstone/v1\nkind: ExtensionPolicy\nmetadata: { name: edge, version: 1 }\n';

/** Of a policy whose fourth line is a trust set, and its sixth a rule that asks for it. */
function checkTrust(set: string, more: Partial<CheckCircumstances> = {}): Promise<readonly string[]> {
  const rules = 'rules:\n- { name: all, match: {}, require: { signedBy: [vendor] } }\n';
  return check(`${head}trust: { vendor: ${set} }\n${rules}`, more);
}

test('trust sets that are as they should be have no problems', async () => {
  assert.deepEqual(await checkTrust('{ certificates: [ca.pem] }'), []);
  assert.deepEqual(await checkTrust('{ certificates: [ca.pem], crls: [now.crl] }'), []);
  assert.deepEqual(await checkTrust('{ certificates: [leaf.pem], pinned: true }'), []);
});

for (const [name, fault] of [
  ['old', 'expired on 2027-01-01T00:00:00.000Z; put its successor in its place'],
  ['next', 'is not valid before 2028-01-01T00:00:00.000Z; list its predecessor beside it'],
  [
    'weak',
    'has an RSA key of 1024 bits, so that nothing is accepted for its sake; trust one with a stronger key',
  ],
]) {
  test(`a certificate is an error if it ${fault} and there is no other, else a warning`, async () => {
    assert.deepEqual(await checkTrust(`{ certificates: [${name}.pem], pinned: true }`), [
      `error p:4:35 the certificate "CN=${name}" ${fault}`,
    ]);
    assert.deepEqual(await checkTrust(`{ certificates: [leaf.pem, ${name}.pem], pinned: true }`), [
      `warning p:4:45 the certificate "CN=${name}" ${fault}`,
    ]);
  });
}

test('a certificate that expires soon is warned of, as long before as is asked', async () => {
  const now = new Date('2026-12-01T12:00:00Z');
  const pinned = '{ certificates: [old.pem], pinned: true }';
  const message = (when: string): string =>
    `warning p:4:35 the certificate "CN=old" expires ${when}, on 2027-01-01T00:00:00.000Z; list its successor beside it`;
  assert.deepEqual(await checkTrust(pinned, { now }), []);
  assert.deepEqual(await checkTrust(pinned, { now, withinDays: 31 }), [message('in 30 days')]);
  const last = new Date('2026-12-31T12:00:00Z');
  assert.deepEqual(await checkTrust(pinned, { now: last }), [message('in less than a day')]);
  assert.deepEqual(await checkTrust(pinned, { now: last, withinDays: 0 }), []);
  assert.deepEqual(await checkTrust(pinned, { now: new Date('2026-12-30T12:00:00Z') }), [
    message('in a day'),
  ]);
});

test('the second certificate of a file is found at the file', async () => {
  const found = await checkTrust('{ certificates: [leaf.pem, ca+signer.pem], pinned: true }', {
    now: new Date('2035-12-20T00:00:00Z'),
  });
  const soon = (name: string): string =>
    `the certificate "CN=${name}" expires in 12 days, on 2036-01-01T00:00:00.000Z; list its successor beside it`;
  assert.deepEqual(found, [
    `warning p:4:35 ${soon('leaf')}`,
    `warning p:4:45 ${soon('ca')}`,
    `warning p:4:45 ${soon('signer')}`,
  ]);
});

test('an authority that limits what cannot be checked is said to be useless, unless it is pinned', async () => {
  assert.deepEqual(await checkTrust('{ certificates: [limited.pem] }'), [
    'error p:4:35 the certificate "CN=limited" has the extension 1.2.3.4, which cannot be enforced, so that nothing issued under it is accepted; pin what signs',
  ]);
  assert.deepEqual(await checkTrust('{ certificates: [limited.pem], pinned: true }'), []);
});

test('a pinned certificate without the usage that is asked for is said to be useless', async () => {
  assert.deepEqual(
    await checkTrust('{ certificates: [leaf.pem], pinned: true, extendedKeyUsage: [codeSigning] }'),
    [
      'error p:4:35 the certificate "CN=leaf" lacks the extended key usage 1.3.6.1.5.5.7.3.3, which this set asks of who signs; take that away, or have another issued',
    ],
  );
});

test('a certificate that is trusted and revoked is said to be so', async () => {
  const [leaf] = parseCertificates(files.get('leaf.pem') ?? new Uint8Array(), 'leaf');
  assert.ok(leaf);
  const trust = 'trust: { vendor: { certificates: [leaf.pem], pinned: true } }';
  const rules = 'rules:\n- { name: all, match: {}, require: { signedBy: [vendor] } }\n';
  const message =
    'error p:4:35 the certificate "CN=leaf" is trusted here, and the policy revokes it; take one of the two out';
  for (const revoked of [`sha256: ${leaf.sha256}`, `issuer: CN=leaf, serial: "${leaf.serial}"`])
    assert.deepEqual(await check(`${head}${trust}\n${rules}revoked: { certificates: [{ ${revoked} }] }\n`), [
      message,
    ]);
});

test('directories without certificates are warned of', async () => {
  assert.deepEqual(await checkTrust('{ directories: [/etc/verity.d], pinned: true }'), [
    'warning p:4:10 the trust set "vendor" trusts nobody here: there is no certificate in its directories; put one there, or check this on the host that it is for',
  ]);
});

for (const [name, fault] of [
  ['old', 'expired on 2027-02-01T00:00:00.000Z; take the next one from the issuer'],
  ['next', 'is not valid before 2027-07-01T00:00:00.000Z; keep its predecessor beside it'],
  ['partial', 'has the extension 1.2.3.4, so that it may not have all; take a complete one from the issuer'],
  ['weak', 'is signed with a weak algorithm, and is not believed; take one signed with a stronger one'],
]) {
  test(`a revocation list is an error if it ${fault} and there is no other, else a warning`, async () => {
    assert.deepEqual(await checkTrust(`{ certificates: [ca.pem], crls: [${name}.crl] }`), [
      `error p:4:51 the revocation list ${name}.crl ${fault}`,
    ]);
    assert.deepEqual(await checkTrust(`{ certificates: [ca.pem], crls: [now.crl, ${name}.crl] }`), [
      `warning p:4:60 the revocation list ${name}.crl ${fault}`,
    ]);
  });
}

test('a revocation list without an end is an error, and one of another issuer does not stand for it', () => {
  const [ours] = parseRevocationLists(files.get('now.crl') ?? new Uint8Array(), 'ours.crl');
  const other = pki.issue({ subject: '/CN=other', extensions: [isAuthority] });
  const [theirs] = parseRevocationLists(
    revocationList('20270601000000Z', '20270801000000Z', { issuer: other }),
    'theirs.crl',
  );
  assert.ok(ours && theirs);
  const endless = { ...ours, nextUpdate: null };
  const check = (...lists: readonly RevocationList[]) =>
    checkRevocationLists(
      [{ anchors: noAnchors, at: '', certificates: [], lists: lists.map((list) => ({ list, at: 'p:1:1' })) }],
      circumstances,
    ).map(({ severity, message }) => `${severity} ${message}`);
  const fault =
    'the revocation list ours.crl does not say until when it is valid, and is not believed; take one with a next update';
  assert.deepEqual(check(endless), [`error ${fault}`]);
  assert.deepEqual(check(endless, theirs), [`error ${fault}`]);
  assert.deepEqual(check(endless, ours), [`warning ${fault}`]);
});

const noAnchors: TrustAnchors = {
  ...{ name: 'vendor', mode: 'issued', certificates: [], extendedKeyUsage: [], revocationLists: [] },
};

test('a pinned certificate that a list revokes is said to be so', async () => {
  files.set('revoking.crl', revocationList('20270601000000Z', '20270801000000Z', { revoked: signer }));
  assert.deepEqual(
    await checkTrust('{ certificates: [signer.pem, ca.pem], pinned: true, crls: [revoking.crl] }'),
    [
      'warning p:4:35 the certificate "CN=signer" is revoked by a list under crls; take it out, and put its successor in its place',
    ],
  );
});

test('a revocation list that expires soon is warned of, in the last quarter of its time', async () => {
  assert.deepEqual(await checkTrust('{ certificates: [ca.pem], crls: [soon.crl] }'), [
    'warning p:4:51 the revocation list soon.crl expires in 3 days, on 2027-06-15T00:00:00.000Z; put the next one in its place before',
  ]);
  const weekly = '{ certificates: [ca.pem], crls: [weekly.crl] }';
  assert.deepEqual(await checkTrust(weekly), []);
  assert.equal((await checkTrust(weekly, { now: new Date('2027-06-15T12:00:00Z') })).length, 1);
  assert.deepEqual(await checkTrust(weekly, { now: new Date('2027-06-15T12:00:00Z'), withinDays: 1 }), []);
});

test('a trusted certificate that no list covers is said to be useless', async () => {
  assert.deepEqual(
    await checkTrust('{ certificates: [ca.pem, old-ca.pem], crls: [now.crl] }', {
      now: new Date('2027-06-12'),
    }),
    [
      'warning p:4:43 the certificate "CN=old ca" expired on 2027-01-01T00:00:00.000Z; put its successor in its place',
    ],
  );
  const early = { now: new Date('2026-06-12T00:00:00Z') };
  files.set('early.crl', revocationList('20260601000000Z', '20270801000000Z'));
  assert.deepEqual(await checkTrust('{ certificates: [ca.pem, old-ca.pem], crls: [early.crl] }', early), [
    'warning p:4:43 the certificate "CN=old ca" has no list under crls, so that nothing issued under it is accepted; add its revocation list',
  ]);
  const message = (name: string): string =>
    `the certificate "CN=${name}" is accepted only with a list of its issuer under crls, in date, and the issuer among the certificates here; add what is missing`;
  assert.deepEqual(await checkTrust('{ certificates: [signer.pem], pinned: true, crls: [now.crl] }'), [
    `error p:4:35 ${message('signer')}`,
  ]);
  assert.deepEqual(await checkTrust('{ certificates: [ca+signer.pem], pinned: true, crls: [now.crl] }'), []);
});
