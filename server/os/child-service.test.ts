import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { startService } from './child-service.ts';

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}/exe`);

test('a service runs until it is stopped, and stopping it twice is harmless', async () => {
  const service = startService('sleep', ['60']);
  assert.equal(service.ended(), null);
  assert.ok(isAlive(service.pid));
  await service.stop();
  await service.stop();
  assert.equal(isAlive(service.pid), false);
  assert.notEqual(service.ended(), null);
});

test('a service that ends by itself says how', async () => {
  const service = startService('sh', ['-c', 'echo the port is taken >&2; exit 3']);
  while (service.ended() === null) await sleep(10);
  assert.match(service.ended() ?? '', /exit code 3.*the port is taken/);
});

test('a service that ignores SIGTERM is killed', async () => {
  const service = startService('sh', ['-c', 'trap "" TERM; while :; do sleep 0.2; done']);
  await sleep(100);
  await service.stop();
  assert.equal(isAlive(service.pid), false);
});

test('a service that is not installed cannot be decided', () => {
  assert.throws(() => startService('nosuchtool', []), CouldNotDecide);
});

test('a service does not outlive our process', async () => {
  const module = resolve(import.meta.dirname, 'child-service.js');
  const script = `import { startService } from ${JSON.stringify(module)};
    console.log(startService('sleep', ['60']).pid); setTimeout(() => process.exit(0), 100);`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
  const pid = Number(child.stdout.toString());
  assert.ok(pid > 0, child.stderr.toString());
  await sleep(100);
  assert.equal(isAlive(pid), false);
});
