import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { EntryTable, parseEntryName, parseLinkTarget } from './entry-names.ts';
import { checkFileSize, readRuns } from './file-range.ts';

test('names are what a path can have in one part', () => {
  assert.equal(parseEntryName(Buffer.from('a\xff', 'latin1'), 'x'), 'a\xff');
  for (const name of ['', 'a/b', '/', 'a\0'])
    assert.throws(() => parseEntryName(Buffer.from(name), 'x'), Malformed);
});

test('a directory has each name once, and not more than are wanted', () => {
  const table = new EntryTable<number>('x');
  for (const [name, number] of [
    ['.', 1],
    ['..', 2],
    ['a', 3],
    ['b', 4],
  ] as const)
    table.add(name, number);
  assert.deepEqual([table.names(2), table.get('a'), table.get('.')], [['a', 'b'], 3, undefined]);
  assert.throws(() => table.names(1), Unsupported);
  assert.throws(() => {
    table.add('a', 5);
  }, Malformed);
});

test('links point somewhere', () => {
  assert.equal(parseLinkTarget(Buffer.from('a/b'), 'x'), 'a/b');
  for (const target of ['', 'a\0b'])
    assert.throws(() => parseLinkTarget(Buffer.from(target), 'x'), Malformed);
});

test('runs make up the whole of a file, no more and no less', async () => {
  const source = bytesSource(Buffer.from('0123456789'));
  const read = (size: number, ...runs: Parameters<typeof readRuns>[1]) => readRuns(source, runs, size, 'x');
  const runs = [
    { offset: 8, length: 2 },
    { offset: null, length: 2 },
    { offset: 0, length: 1 },
  ];
  assert.equal(Buffer.from(await read(5, ...runs)).toString('latin1'), '89\0\x000');
  await assert.rejects(read(4, ...runs), /more data than its size/);
  await assert.rejects(read(6, ...runs), /less data than its size/);
  await assert.rejects(read(2, { offset: 9, length: 2 }), Malformed);
  checkFileSize(5, 5, 'x');
  assert.throws(() => {
    checkFileSize(6, 5, 'x');
  }, Unsupported);
});
