import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { ownSocket } from './own-socket.ts';

test('a socket counts only if nobody else could have put it there', async (context) => {
  const top = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  const directory = join(top, 'inner');
  mkdirSync(directory);
  const path = join(directory, 'socket');
  const server = createServer();
  await new Promise<void>((done) => server.listen(path, done));
  context.after(async () => {
    await new Promise((done) => server.close(done));
    rmSync(top, { recursive: true });
  });
  assert.equal(await ownSocket(path), path);
  assert.equal(await ownSocket(join(directory, 'nothing')), null);
  assert.equal(await ownSocket(join(path, 'below')), null);
  writeFileSync(join(directory, 'file'), '');
  assert.equal(await ownSocket(join(directory, 'file')), null);
  symlinkSync(path, join(directory, 'link'));
  assert.equal(await ownSocket(join(directory, 'link')), null);
  symlinkSync(directory, join(top, 'around'));
  assert.equal(await ownSocket(join(top, 'around', 'socket')), null);
  chmodSync(directory, 0o777);
  assert.equal(await ownSocket(path), null);
  chmodSync(directory, 0o1777);
  assert.equal(await ownSocket(path), path);
  chmodSync(directory, 0o755);
  chmodSync(top, 0o770);
  assert.equal(await ownSocket(path), null);
  chmodSync(top, 0o700);
  if (process.geteuid?.() !== 0) return;
  chownSync(path, 65534, 65534);
  assert.equal(await ownSocket(path), null);
  chownSync(path, 0, 0);
  chownSync(directory, 65534, 65534);
  assert.equal(await ownSocket(path), null);
});
