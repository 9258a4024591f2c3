import { readFileSync } from 'node:fs';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { systemFailure } from './system-failure.ts';

/** The time of day, as the system has it. */
export function now(): Date {
  return new Date();
}

/**
 * Microseconds since boot, suspended time included (CLOCK_BOOTTIME, proc_uptime(5)), to a precision of 10,000: the file
 * has two decimals. Node's own monotonic clock stands still while the system sleeps, so it would not do.
 */
export function bootTimeMicroseconds(): number {
  const seconds = /^\d{1,9}\.\d{2}(?= )/.exec(readKernelText('/proc/uptime'))?.[0];
  if (seconds === undefined)
    throw new CouldNotDecide('/proc/uptime is not in the form that the kernel gives it');
  return Math.round(Number(seconds) * 1_000_000);
}

/** The kernel's random identity of this boot, 32 lowercase hexadecimal digits (random(4)). */
export function bootId(): string {
  const id = readKernelText('/proc/sys/kernel/random/boot_id').trim().replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/.test(id)) throw new CouldNotDecide('the kernel gives no boot id');
  return id;
}

// Synchronous: these files are made by the kernel on the spot and never wait for a disk.
function readKernelText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    throw systemFailure(`read ${path}`, error);
  }
}
