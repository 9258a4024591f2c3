import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { CouldNotDecide } from '../bytes/failures.ts';
import { openFileSource } from './file-source.ts';

const directory = mkdtempSync(join(tmpdir(), 'touchstone-file-'));
after(() => rmSync(directory, { recursive: true }));
let files = 0;

function file(content: string): string {
  const path = join(directory, String(files++));
  writeFileSync(path, content);
  return path;
}

test('the bytes of a file are read, through symbolic links too', async () => {
  const link = join(directory, 'link');
  symlinkSync(file('0123456789'), link);
  const source = await openFileSource(link);
  assert.equal(source.size, 10);
  assert.equal(Buffer.from(await source.read(3, 4)).toString(), '3456');
  assert.equal((await source.read(10, 0)).length, 0);
  await source.close();
});

test('what was opened is read, whatever its path leads to later', async () => {
  const path = file('genuine');
  const source = await openFileSource(path);
  renameSync(file('forgery'), path);
  assert.equal(Buffer.from(await source.read(0, 7)).toString(), 'genuine');
  await source.close();
});

test('a file that becomes shorter gives no answer', async () => {
  const path = file('0123456789');
  const source = await openFileSource(path);
  truncateSync(path, 5);
  await assert.rejects(
    source.read(0, 10),
    (error) => error instanceof CouldNotDecide && error.message.includes('changed while being read'),
  );
  await source.close();
});

test('a source that was closed gives no answer', async () => {
  const source = await openFileSource(file('0123456789'));
  await source.close();
  await assert.rejects(
    source.read(0, 4),
    (error) => error instanceof CouldNotDecide && error.message.includes('cannot be read'),
  );
});

test('what is not a regular file is refused, and a FIFO does not block', async () => {
  const fifo = join(directory, 'fifo');
  execFileSync('mkfifo', [fifo]);
  for (const path of [directory, '/dev/null', fifo]) {
    await assert.rejects(
      openFileSource(path),
      (error) => error instanceof CouldNotDecide && error.message.includes('not a regular file'),
      path,
    );
  }
});

test('failures to open are in plain words', async () => {
  const loop = join(directory, 'loop');
  symlinkSync(loop, loop);
  for (const [path, words] of [
    [join(directory, 'none'), 'there is no such file'],
    [join(file(''), 'x'), 'a part of its path is not a directory'],
    [loop, 'too many symbolic links'],
  ] as const) {
    await assert.rejects(
      openFileSource(path),
      (error) => error instanceof CouldNotDecide && error.message === `${path} cannot be opened: ${words}`,
    );
  }
});
