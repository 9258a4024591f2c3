import { appendFileSync } from 'node:fs';

/**
 * What `#fault-point` is under the condition `touchstone-fault-injection`. By its environment:
 *
 * - `TOUCHSTONE_FAULT_AT=N`: the process kills itself at its Nth point, counted from 1, before the system call happens.
 * - `TOUCHSTONE_FAULT_LOG=FILE`: the name of each point that is passed or died at is appended to FILE, a line each.
 */
let passed = 0;

export function faultPoint(name: string): void {
  passed++;
  const { TOUCHSTONE_FAULT_AT: at, TOUCHSTONE_FAULT_LOG: log } = process.env;
  if (log !== undefined) appendFileSync(log, `${name}\n`);
  if (at !== undefined && Number(at) === passed) process.kill(process.pid, 'SIGKILL');
}
