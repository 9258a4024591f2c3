import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';

import { freePortPair } from './loopback-ports.ts';

test('both ports of a pair can be listened on', async () => {
  const port = await freePortPair();
  for (const candidate of [port, port + 1]) {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(candidate, '127.0.0.1', resolve);
    });
    await new Promise((resolve) => server.close(resolve));
  }
  assert.ok(port > 1023);
});
