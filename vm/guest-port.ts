import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { CouldNotDecide } from '../verifier/bytes/failures.ts';
import { AwaitedFrames } from './awaited-frames.ts';
import { type Answer, readFrames } from './frame.ts';

/** The end of the port that is on this side. */
export interface GuestPort {
  /**
   * Has the guest run a script by bash as root.
   *
   * @param seconds how long it may take.
   * @throws CouldNotDecide if no answer comes in time, or the machine is gone.
   */
  readonly run: (script: string, seconds: number) => Promise<Answer>;
  /** Sends a script whose answer nobody waits for. */
  readonly send: (script: string) => void;
  /** The identity of the next boot that announces itself. @throws CouldNotDecide as above. */
  readonly nextBoot: (seconds: number) => Promise<string>;
  readonly close: () => void;
}

/** How much longer than the script itself the answer may take to come. */
const graceSeconds = 20;
const portDeadlineMs = 30_000;

/** Opens the port at a unix socket. @throws CouldNotDecide if nobody listens there in 30 seconds. */
export async function openGuestPort(path: string): Promise<GuestPort> {
  const socket = await connect(path);
  const frames = new AwaitedFrames();
  socket.on('error', () => undefined);
  socket.on('close', () => frames.end('the virtual machine is gone'));
  readFrames(socket, (frame) => frames.take(frame));
  let lastId = 0;
  const send = (script: string, seconds = 60): number => {
    socket.write(`${++lastId} ${seconds} ${Buffer.from(script).toString('base64')}\n`);
    return lastId;
  };
  return {
    run: (script, seconds) => {
      const id = send(script, seconds);
      return frames.next(`the answer to "${script.trim().slice(0, 60)}"`, seconds + graceSeconds, (frame) =>
        frame.kind === 'answer' && frame.id === id ? frame : null,
      );
    },
    send: (script) => void send(script),
    nextBoot: (seconds) =>
      frames.next('the boot', seconds, (frame) => (frame.kind === 'boot' ? frame.boot : null)),
    close: () => void socket.destroy(),
  };
}

async function connect(path: string): Promise<Socket> {
  const deadline = performance.now() + portDeadlineMs;
  for (;;) {
    const socket = await tryConnect(path);
    if (socket !== null) return socket;
    if (performance.now() > deadline) throw new CouldNotDecide('QEMU did not open its port in time');
    await sleep(20);
  }
}

function tryConnect(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('error', () => resolve(null));
    socket.once('connect', () => resolve(socket));
  });
}
