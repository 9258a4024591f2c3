import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findCertificateFiles } from './verity-directories.ts';

const file = (name: string, masks = false) => ({ name, masks });

test('files of all directories count, in the order of their names', () => {
  const found = findCertificateFiles([
    { path: '/etc/verity.d', files: [file('b.crt')] },
    { path: '/usr/lib/verity.d/', files: [file('c.crt'), file('a.crt')] },
  ]);
  assert.deepEqual(found, ['/usr/lib/verity.d/a.crt', '/etc/verity.d/b.crt', '/usr/lib/verity.d/c.crt']);
});

test('of files of one name that of the earlier directory counts', () => {
  const found = findCertificateFiles([
    { path: '/etc/verity.d', files: [file('a.crt')] },
    { path: '/usr/lib/verity.d', files: [file('a.crt')] },
  ]);
  assert.deepEqual(found, ['/etc/verity.d/a.crt']);
});

test('a mask counts as none and hides later files of its name, not earlier ones', () => {
  const [masked, plain] = [file('a.crt', true), file('a.crt')];
  assert.deepEqual(
    findCertificateFiles([
      { path: '/etc', files: [masked] },
      { path: '/usr', files: [plain] },
    ]),
    [],
  );
  assert.deepEqual(
    findCertificateFiles([
      { path: '/etc', files: [plain] },
      { path: '/usr', files: [masked] },
    ]),
    ['/etc/a.crt'],
  );
});

test('other endings and hidden files are not certificates', () => {
  assert.deepEqual(
    findCertificateFiles([{ path: '/etc', files: [file('a.pem'), file('.a.crt'), file('crt')] }]),
    [],
  );
});

test('more than a thousand files are too many to be what anybody means', () => {
  const files = Array.from({ length: 1001 }, (_, index) => file(`${index}.crt`));
  assert.equal(findCertificateFiles([{ path: '/etc', files }]), null);
  assert.equal(findCertificateFiles([{ path: '/etc', files: files.slice(1) }])?.length, 1000);
});
