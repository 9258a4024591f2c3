import assert from 'node:assert/strict';
import { mkdtempSync, openSync, closeSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { run, ToolFailed } from './run.ts';

const options = { timeoutMs: 5000 };

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

async function failureOf(work: Promise<unknown>): Promise<CouldNotDecide> {
  const error = await work.then(
    () => assert.fail('it succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof CouldNotDecide);
  return error;
}

test('a tool gets its arguments as they are, with no shell between', async () => {
  const hostile = ['$(id)', '`id`', '; id', 'a b', '*', ''];
  const { stdout } = await run('printf', ['%s\n', ...hostile], options);
  assert.equal(text(stdout), `${hostile.join('\n')}\n`);
});

test('a tool sees nothing of our environment', async () => {
  process.env['LD_PRELOAD_OF_THIS_TEST'] = 'x';
  const { stdout } = await run('env', [], { ...options, env: { TPM2TOOLS_TCTI: 'device:/dev/null' } });
  delete process.env['LD_PRELOAD_OF_THIS_TEST'];
  assert.deepEqual(
    text(stdout)
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0])
      .sort(),
    ['LC_ALL', 'PATH', 'TPM2TOOLS_TCTI'],
  );
});

test('tools are looked up in the standard directories, not along our PATH', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  writeFileSync(join(directory, 'touchstone-evil'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  const path = process.env['PATH'];
  process.env['PATH'] = `${directory}:${path ?? ''}`;
  try {
    assert.match((await failureOf(run('touchstone-evil', [], options))).message, /is not installed/);
  } finally {
    process.env['PATH'] = path;
    rmSync(directory, { recursive: true });
  }
});

test('a missing tool is named with the Debian package that has it', async () => {
  assert.equal(
    (await failureOf(run('tpm2_nosuchcommand', [], options))).message,
    'tpm2_nosuchcommand is not installed; install the Debian package tpm2-tools',
  );
  assert.equal((await failureOf(run('nosuchtool', [], options))).message, 'nosuchtool is not installed');
});

test('a tool that says no is named with its exit status and its last lines, made printable', async () => {
  const error = await failureOf(run('sh', ['-c', 'printf "first\\n\\033[2Jlast\\n" >&2; exit 7'], options));
  assert.ok(error instanceof ToolFailed);
  assert.equal(error.exitCode, 7);
  assert.equal(error.message, 'sh failed with exit status 7: first; ?[2Jlast');
});

test('a tool that hangs is killed at its time limit', async () => {
  const start = performance.now();
  const error = await failureOf(
    run('sh', ['-c', 'trap "" TERM; while :; do sleep 1; done'], { timeoutMs: 300 }),
  );
  assert.equal(error.message, 'sh did not end within 0.3 s and was killed');
  assert.ok(performance.now() - start < 2000);
});

test('a child of the tool that keeps its output open does not keep us past the time limit', async () => {
  const start = performance.now();
  await failureOf(run('sh', ['-c', 'sleep 8 & wait'], { timeoutMs: 300 }));
  assert.ok(performance.now() - start < 2000);
});

test('a tool that prints too much is stopped', async () => {
  const endless = await failureOf(run('yes', [], { timeoutMs: 5000, maxOutputBytes: 1000 }));
  assert.equal(endless.message, 'yes printed more than it may and was stopped');
  const print = (bytes: number) => run('printf', [`%0${bytes}d`, '0'], { ...options, maxOutputBytes: 1000 });
  assert.equal((await print(1000)).stdout.length, 1000);
  await failureOf(print(1001));
});

test('a tool that a signal ends is a failure', async () => {
  assert.match(
    (await failureOf(run('sh', ['-c', 'kill -9 $$'], options))).message,
    /^sh was ended by SIGKILL/,
  );
});

test('an argument that cannot be passed is a failure, not a shorter argument', async () => {
  assert.match((await failureOf(run('printf', ['a\0b'], options))).message, /^printf cannot be started/);
});

test('input and an open file reach the tool', async () => {
  const { stdout } = await run('cat', [], { ...options, input: Buffer.from([0, 255, 10]) });
  assert.deepEqual([...stdout], [0, 255, 10]);
  const fd = openSync('package.json', 'r');
  try {
    const { stdout: inherited } = await run('sh', ['-c', 'head -c 1 <&3'], { ...options, inheritFd: fd });
    assert.equal(text(inherited), '{');
  } finally {
    closeSync(fd);
  }
});

test('a tool that reads its input gets none unless given', async () => {
  assert.equal((await run('cat', [], options)).stdout.length, 0);
});
