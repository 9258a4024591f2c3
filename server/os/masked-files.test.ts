import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { listMaskableFiles } from './masked-files.ts';

const root = mkdtempSync(join(tmpdir(), 'touchstone-masked-'));
after(() => rmSync(root, { recursive: true, force: true }));
const directory = join(root, 'etc/verity.d');
mkdirSync(directory, { recursive: true });

test('regular files with the ending are listed, links followed, and masks are known', async () => {
  writeFileSync(join(directory, 'good.crt'), 'x');
  writeFileSync(join(directory, 'empty.crt'), '');
  writeFileSync(join(directory, 'other.pem'), 'x');
  mkdirSync(join(directory, 'directory.crt'));
  symlinkSync('/dev/null', join(directory, 'masked.crt'));
  symlinkSync('good.crt', join(directory, 'link.crt'));
  symlinkSync('/etc/verity.d/good.crt', join(directory, 'inside.crt'));
  symlinkSync('nowhere', join(directory, 'dangling.crt'));
  const files = await listMaskableFiles(root, '/etc/verity.d', '.crt');
  assert.deepEqual(files.map(({ name, masks }) => `${name} ${masks}`).sort(), [
    'empty.crt true',
    'good.crt false',
    'inside.crt false',
    'link.crt false',
    'masked.crt true',
  ]);
});

test('a directory that is not there has no files', async () => {
  assert.deepEqual(await listMaskableFiles(root, '/run/verity.d', '.crt'), []);
});
