import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Unsupported } from '../../bytes/failures.ts';
import { EntryTable, maximumDirectoryBytes } from './entry-names.ts';
import { ParsedDirectories } from './parsed-directories.ts';

test('a directory is parsed once, and all together are not larger than one may be', async () => {
  const directories = new ParsedDirectories<number, number>();
  let parsed = 0;
  const parse = () => {
    parsed++;
    return Promise.resolve(new EntryTable<number>('x'));
  };
  const first = await directories.read(1, maximumDirectoryBytes / 2, parse);
  assert.equal(await directories.read(1, maximumDirectoryBytes / 2, parse), first);
  await directories.read(2, maximumDirectoryBytes / 2, parse);
  assert.equal(parsed, 2);
  await assert.rejects(directories.read(3, 1, parse), Unsupported);
  assert.equal(parsed, 2);
});
