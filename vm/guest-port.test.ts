import assert from 'node:assert/strict';
import { rmSync, mkdtempSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { type GuestPort, openGuestPort } from './guest-port.ts';

/** Plays the guest: `answer` gets each line that comes in, and the connection. */
async function withGuest(
  answer: (line: string, socket: Socket) => void,
  use: (port: GuestPort, server: Server) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-port-'));
  const server = createServer((socket) => {
    socket.on('data', (data) => {
      for (const line of data.toString().trim().split('\n')) answer(line, socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(join(directory, 'port'), resolve));
  const port = await openGuestPort(join(directory, 'port'));
  try {
    await use(port, server);
  } finally {
    port.close();
    server.close();
    rmSync(directory, { recursive: true });
  }
}

function reply(id: string, stdout: string): string {
  return `${JSON.stringify({ id: Number(id), status: 0, stdout: Buffer.from(stdout).toString('base64'), stderr: '' })}\n`;
}

test('each script gets its own answer, whatever came before it', async () => {
  const echo = (line: string, socket: Socket): void => {
    const [id = '', , script = ''] = line.split(' ');
    // An answer that nobody waits for, and one that a reboot cut off.
    socket.write(`${reply('999', 'stale')}{"id":1,"sta\n`);
    socket.write(reply(id, `ran ${Buffer.from(script, 'base64').toString()}`));
  };
  await withGuest(echo, async (port) => {
    const answers = await Promise.all([port.run('one', 5), port.run('two', 5)]);
    assert.deepEqual(
      answers.map(({ stdout }) => stdout),
      ['ran one', 'ran two'],
    );
  });
});

test('a boot is waited for, and one that does not come has a deadline', async () => {
  const announce = (_line: string, socket: Socket): void => {
    socket.write('{"boot":"7c4f2a64-3a43-4e39-9d0e-2f6a5a1f6a11"}\n');
  };
  await withGuest(announce, async (port) => {
    const booted = port.nextBoot(5);
    port.send('systemctl reboot');
    assert.equal(await booted, '7c4f2a64-3a43-4e39-9d0e-2f6a5a1f6a11');
    await assert.rejects(port.nextBoot(0.05), { name: 'CouldNotDecide', message: /nothing came within/ });
  });
});

test('when the machine goes away, whoever waits is told, then and later', async () => {
  const hangUp = (_line: string, socket: Socket): void => void socket.destroy();
  await withGuest(hangUp, async (port) => {
    const gone = { name: 'CouldNotDecide', message: /the virtual machine is gone/ };
    await assert.rejects(port.run('poweroff', 5), gone);
    await assert.rejects(port.run('true', 5), gone);
  });
});
