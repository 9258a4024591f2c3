import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { makeHost } from './tests/host-tree.ts';
import { lintCertificates } from './verity-certificates.ts';

let pem = '';
let other = '';
before(() => {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  const make = (name: string): string => {
    const out = join(directory, name);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', '/dev/null', '-nodes'];
    spawnSync('openssl', ['req', '-x509', ...key, '-subj', `/CN=${name}`, '-out', out]);
    return readFileSync(out, 'latin1');
  };
  [pem, other] = [make('one'), make('two')];
  rmSync(directory, { recursive: true });
});

// The content of the files, the one that is warned of, and why.
const cases: [string, () => Parameters<typeof makeHost>[1], string, RegExp][] = [
  [
    'a .pem file',
    () => ({ '/etc/verity.d/a.pem': pem }),
    '/etc/verity.d/a.pem',
    /only files that end in \.crt/,
  ],
  ['a .crt in a directory below', () => ({ '/etc/verity.d/a/a.crt': pem }), '/etc/verity.d/a', /only files/],
  ['a backup', () => ({ '/run/verity.d/a.crt~': pem }), '/run/verity.d/a.crt~', /only files/],
  ['a hidden file', () => ({ '/etc/verity.d/.a.crt': pem }), '/etc/verity.d/.a.crt', /hidden/],
  [
    'a link to nowhere',
    () => ({ '/etc/verity.d/a.crt': { link: 'gone' } }),
    '/etc/verity.d/a.crt',
    /leads nowhere/,
  ],
  ['a directory', () => ({ '/etc/verity.d/a.crt': null }), '/etc/verity.d/a.crt', /is no file/],
  [
    'something else than PEM',
    () => ({ '/etc/verity.d/a.crt': '\x30\x82' }),
    '/etc/verity.d/a.crt',
    /no certificate in PEM/,
  ],
  [
    'a certificate that is none',
    () => ({ '/etc/verity.d/a.crt': pem.replace(/\n[A-Za-z0-9+/=]{8}/, '\nAAAAAAAA') }),
    '/etc/verity.d/a.crt',
    /cannot be parsed/,
  ],
  [
    'a second certificate',
    () => ({ '/usr/lib/verity.d/a.crt': pem + other }),
    '/usr/lib/verity.d/a.crt',
    /has 2 certificates/,
  ],
  [
    'a large file',
    () => ({ '/etc/verity.d/a.crt': pem + ' '.repeat(1024 * 1024) }),
    '/etc/verity.d/a.crt',
    /too large/,
  ],
  [
    'a masked certificate',
    () => ({ '/etc/verity.d/a.crt': '', '/usr/lib/verity.d/a.crt': pem }),
    '/usr/lib/verity.d/a.crt',
    /masked by \/etc\/verity\.d\/a\.crt/,
  ],
  [
    'one masked by a link',
    () => ({ '/run/verity.d/a.crt': { link: '/dev/null' }, '/usr/lib/verity.d/a.crt': pem }),
    '/usr/lib/verity.d/a.crt',
    /masked by \/run/,
  ],
  [
    'a certificate hidden by another',
    () => ({ '/etc/verity.d/a.crt': pem, '/usr/local/lib/verity.d/a.crt': other }),
    '/usr/local/lib/verity.d/a.crt',
    /\/etc\/verity\.d\/a\.crt has the same name/,
  ],
];
for (const [what, entries, path, message] of cases) {
  test(`${what} in a verity.d directory verifies nothing`, async (context) => {
    const warnings = await lintCertificates(makeHost(context, entries()));
    assert.deepEqual(
      warnings.map((one) => `${one.code} ${one.path}`),
      [`ignored-certificate ${path}`],
    );
    assert.match(warnings[0]?.message ?? '', message);
  });
}

test('a certificate that systemd reads is no reason to warn', async (context) => {
  const root = makeHost(context, {
    '/etc/verity.d/a.crt': `-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n${pem}`,
    '/etc/verity.d/b.crt': { link: '/srv/b.pem' },
    '/etc/verity.d/c.crt': { link: '/dev/null' },
    '/usr/lib/verity.d/a.crt': `-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n${pem}`,
    '/etc/verity.d/d.crt': { link: 'gone' },
    '/srv/b.pem': pem,
  });
  assert.deepEqual(
    (await lintCertificates(root)).map(({ path }) => path),
    ['/etc/verity.d/d.crt'],
  );
});

test('what is masked by nothing counts', async (context) => {
  const root = makeHost(context, { '/etc/verity.d/a.crt': null, '/usr/lib/verity.d/a.crt': pem });
  assert.deepEqual(
    (await lintCertificates(root)).map(({ path }) => path),
    ['/etc/verity.d/a.crt'],
  );
});
