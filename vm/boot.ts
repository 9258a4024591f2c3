import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';

import type { ChildService } from '../server/os/child-service.ts';
import { freePortPair } from '../server/os/loopback-ports.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../server/os/private-directory.ts';
import { CouldNotDecide } from '../verifier/bytes/failures.ts';
import { makeDisk } from './disk.ts';
import type { Answer } from './frame.ts';
import { type GuestPort, openGuestPort } from './guest-port.ts';
import type { MachineImage } from './machine-image.ts';
import { productDisk } from './product-disk.ts';
import { startQemu } from './qemu.ts';
import { startSocketTpm } from './socket-tpm.ts';

/** How a machine is started. */
export interface BootOptions {
  /**
   * A directory that the guest sees at /payload, read-only. What is in it below `root/` is copied over the guest's root file
   * system before systemd starts for the first time.
   */
  readonly payload: string;
  readonly kernelArguments?: readonly string[];
  /** A TCP port of the guest that is to be reached from here; without it there is no network. */
  readonly forward?: number;
}

/** A machine that runs. */
export interface Booted {
  /** From the start of QEMU to the first script that can run, which is early: units that the boot waits for may be running. */
  readonly bootSeconds: number;
  /** The port of 127.0.0.1 that leads to the forwarded one. */
  readonly hostPort: number | null;
  /** Has the guest run a script by bash as root, within so many seconds (60 if not given). */
  readonly run: (script: string, seconds?: number) => Promise<Answer>;
  /** Waits for the boot to end. Gives what systemd says then: `running`, or for example `degraded`. */
  readonly settled: () => Promise<string>;
  /** An orderly reboot; the root file system is as the boot before left it. Gives the seconds it took. */
  readonly reboot: () => Promise<number>;
}

type Stop = () => Promise<void> | void;

/** Under emulation, on a busy machine: on an idle one it is a fortieth of it. */
const bootSeconds = 600;
const rebootSeconds = 900;
const settleSeconds = 900;

/** How much of the console is shown when something failed. */
const consoleLines = 100;

/**
 * Boots a machine from its clean image and gives it to `use`. Machine and TPM are gone and waited for when that is done, and
 * nothing of them is kept.
 *
 * @throws whatever `use` throws; the last lines of the console are written to standard error then.
 * @throws CouldNotDecide if the machine does not boot within 10 minutes.
 */
export async function withMachine<T>(
  machine: MachineImage,
  options: BootOptions,
  use: (booted: Booted) => Promise<T>,
): Promise<T> {
  const directory = await makeTemporaryDirectory();
  const stops: Stop[] = [() => removeTemporaryDirectory(directory)];
  try {
    return await use(await boot(machine, options, directory, stops));
  } catch (error) {
    await showConsole(`${directory}/console`);
    throw error;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function boot(
  machine: MachineImage,
  { payload, kernelArguments = [], forward }: BootOptions,
  directory: string,
  stops: Stop[],
): Promise<Booted> {
  const at = (name: string): string => `${directory}/${name}`;
  const [disk, tpm, port, console] = [at('payload'), at('tpm'), at('port'), at('console')];
  await makeDisk(payload, disk);
  const product = await productDisk(at('product'));
  await mkdir(at('state'));
  const swtpm = await startSocketTpm(at('state'), tpm);
  stops.push(swtpm.stop);
  const hostPort = forward === undefined ? null : await freePortPair();
  const begin = performance.now();
  const qemu = startQemu({
    ...{ machine, product, payload: disk, tpm, port, console, kernelArguments },
    forward: hostPort === null || forward === undefined ? null : { hostPort, guestPort: forward },
  });
  stops.push(qemu.stop);
  const guest = await openGuestPort(port).catch(because(qemu));
  stops.push(guest.close);
  await untilBooted(guest, qemu, console);
  const run = (script: string, seconds = 60): Promise<Answer> =>
    guest.run(script, seconds).catch(because(qemu));
  return {
    bootSeconds: secondsSince(begin),
    hostPort,
    run,
    settled: async () => (await run('systemctl is-system-running --wait', settleSeconds)).stdout.trim(),
    reboot: () => reboot(guest).catch(because(qemu)),
  };
}

// A kernel that panicked says so on the console, and stands still.
async function untilBooted(guest: GuestPort, qemu: ChildService, console: string): Promise<void> {
  const watch = setInterval(() => {
    if (existsSync(console) && readFileSync(console, 'latin1').includes('Kernel panic')) guest.close();
  }, 2000);
  try {
    await guest.nextBoot(bootSeconds).catch(because(qemu));
  } finally {
    clearInterval(watch);
  }
}

// What QEMU said explains more than that nobody answers.
function because(qemu: ChildService): (error: unknown) => never {
  return (error) => {
    const ended = qemu.ended();
    throw ended === null ? error : new CouldNotDecide(`QEMU ended: ${ended}`);
  };
}

async function reboot(guest: GuestPort): Promise<number> {
  const begin = performance.now();
  const announced = guest.nextBoot(rebootSeconds);
  guest.send('systemctl reboot');
  await announced;
  return secondsSince(begin);
}

function secondsSince(begin: number): number {
  return Math.round((performance.now() - begin) / 100) / 10;
}

async function showConsole(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  // The firmware and systemd colour and clear what would be this terminal.
  const lines = text.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]/g, '').split(/[\r\n]+/);
  process.stderr.write(`the last lines of the console:\n${lines.slice(-consoleLines).join('\n')}\n`);
}
