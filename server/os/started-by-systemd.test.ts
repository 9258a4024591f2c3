import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { activatedSocket, serviceManager } from './started-by-systemd.ts';

/** The service manager's end of NOTIFY_SOCKET: prints each datagram on a line, its own line ends as `|`. */
const receiver = `
use Socket; $| = 1;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, sockaddr_un($ARGV[0])) or die;
print "bound\\n";
while (defined recv($s, my $text, 4096, 0)) { $text =~ s/\\n/|/g; print "$text\\n"; }
`;

async function withManager(
  use: (socket: string, heard: (count: number) => Promise<string[]>) => Promise<void>,
) {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-notify-'));
  const socket = join(directory, 'notify');
  const child = spawn('perl', ['-e', receiver, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  const heard = async (count: number): Promise<string[]> => {
    for (let turn = 0; turn < 500; turn++) {
      const lines = text
        .split('\n')
        .slice(1, -1)
        .filter((line) => line !== '');
      if (text.startsWith('bound') && lines.length >= count) return lines;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return [];
  };
  try {
    while (!text.startsWith('bound')) await once(child.stdout, 'data');
    await use(socket, heard);
  } finally {
    child.kill();
    rmSync(directory, { recursive: true });
  }
}

const fail = (message: string): never => assert.fail(message);

test('the manager hears what sd_notify(3) would say', () =>
  withManager(async (socket, heard) => {
    const manager = serviceManager({ NOTIFY_SOCKET: socket }, fail);
    await manager.ready('serving at\nhttp://x');
    await manager.reloading();
    await manager.stopping();
    // systemd-notify also sends a barrier, which has no variables of ours.
    const said = (await heard(3)).filter((line) => /READY|RELOADING|STOPPING/.test(line));
    assert.match(said[0] ?? '', /READY=1/);
    assert.match(said[0] ?? '', /STATUS=serving at http:\/\/x/);
    assert.match(said[1] ?? '', /RELOADING=1\|MONOTONIC_USEC=\d+/);
    assert.match(said[2] ?? '', /STOPPING=1/);
  }));

test('the watchdog is told twice in its time that we are alive', () =>
  withManager(async (socket, heard) => {
    serviceManager(
      { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '200000', WATCHDOG_PID: String(process.pid) },
      () => undefined,
    );
    const said = await heard(2);
    assert.ok(said.filter((line) => line.includes('WATCHDOG=1')).length >= 1, said.join('; '));
  }));

test('without a manager nothing is said', async () => {
  const manager = serviceManager({ WATCHDOG_USEC: '1000' }, fail);
  await manager.ready('x');
  await manager.stopping();
});

test('a manager that does not listen is a message, and nothing else', async () => {
  const messages: string[] = [];
  const manager = serviceManager({ NOTIFY_SOCKET: '/nonexistent/notify' }, (message) =>
    messages.push(message),
  );
  await manager.ready('x');
  assert.match(messages[0] ?? '', /systemd-notify/);
});

test('a socket is taken only if it is one, and for us', () => {
  const ours = String(process.pid);
  assert.equal(activatedSocket({ LISTEN_PID: ours, LISTEN_FDS: '1' }), 3);
  for (const env of [
    {},
    { LISTEN_FDS: '1' },
    { LISTEN_PID: '1', LISTEN_FDS: '1' },
    { LISTEN_PID: ours },
    { LISTEN_PID: ours, LISTEN_FDS: '0' },
    { LISTEN_PID: ours, LISTEN_FDS: '2' },
  ]) {
    assert.throws(() => activatedSocket(env), CouldNotDecide);
  }
});
