import assert from 'node:assert/strict';
import { test } from 'node:test';

import { authorship, marked } from './written-file.ts';

test('a file is ours as long as nothing in it was changed', () => {
  const content = marked('[Unit]\nWants=a.service\n');
  assert.equal(authorship(content), 'ours');
  assert.equal(authorship(content.replace('a.service', 'b.service')), 'changed');
  assert.equal(authorship(`${content}# more\n`), 'changed');
  assert.equal(authorship(content.slice(0, 40)), 'foreign');
  assert.equal(authorship(content.slice(0, content.indexOf('\n'))), 'changed');
  assert.equal(authorship('[Unit]\nWants=a.service\n'), 'foreign');
  assert.equal(authorship(''), 'foreign');
});
