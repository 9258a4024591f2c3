import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { type SoftwareTpm, startSoftwareTpm } from '../tpm-device/software-tpm.ts';

/** How a process of the command line ended. */
export interface Ended {
  readonly signal: NodeJS.Signals | null;
  readonly text: string;
  /** The points that were passed, and the one that was died at. */
  readonly points: readonly string[];
}

/** What is run on a host: a compiled program by its place beside this file, and its arguments. */
export interface Command {
  readonly program: string;
  readonly words: readonly string[];
}

/** A copy of a host directory, with a software TPM as after a reset. */
export class Copy {
  readonly scratch = mkdtempSync(join(tmpdir(), 'touchstone-kill-'));
  readonly root = join(this.scratch, 'host');
  readonly tpm: SoftwareTpm;

  private constructor(tpm: SoftwareTpm) {
    this.tpm = tpm;
  }

  static async of(template: string): Promise<Copy> {
    const copy = new Copy(await startSoftwareTpm());
    cpSync(template, copy.root, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    return copy;
  }

  /** Where it is, for the command line. */
  get options(): readonly string[] {
    return ['--root', this.root, '--tcti', this.tpm.tcti];
  }

  /** Runs a command on it in a process. @param killAt the fault point at which that dies, from 1; not at all if null. */
  runKilled({ program, words }: Command, killAt: number | null): Promise<Ended> {
    const log = join(this.scratch, 'points');
    rmSync(log, { force: true });
    const env = {
      ...process.env,
      TMPDIR: this.scratch,
      TOUCHSTONE_FAULT_LOG: log,
      ...(killAt === null ? {} : { TOUCHSTONE_FAULT_AT: String(killAt) }),
    };
    const place = resolve(import.meta.dirname, program);
    const args = ['--conditions=touchstone-fault-injection', place, ...words, ...this.options];
    const child = spawn(process.execPath, args, { env });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return new Promise((done) => {
      child.once('close', (_, signal) => {
        const points = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
        done({ signal, text, points });
      });
    });
  }

  async remove(): Promise<void> {
    await this.tpm.stop();
    rmSync(this.scratch, { recursive: true, force: true });
  }
}

/** What is killed, and where. */
export interface Killing {
  /** The directory of the host. */
  readonly template: string;
  readonly command: Command;
  /** What is done on each copy of the host before. */
  readonly prepare?: (copy: Copy) => Promise<unknown>;
  /** The name of the first point at which it is killed: those before it are another test's. */
  readonly from?: string;
}

/**
 * Runs a command on copies of a host, once for each fault point that it passes, and kills it there.
 *
 * @param check gets the host right after the kill.
 * @returns the names of the points.
 */
export async function killAtEach(
  killing: Killing,
  check: (copy: Copy, point: string) => Promise<void>,
): Promise<readonly string[]> {
  const points = await passedPoints(killing);
  let next = killing.from === undefined ? 0 : points.indexOf(killing.from);
  assert.ok(next >= 0 && points.length > 0);
  const worker = async (): Promise<void> => {
    for (let at = next++; at < points.length; at = next++) {
      const point = `point ${at + 1} (${points[at]})`;
      await onCopy(killing, async (copy) => {
        const { signal, text } = await copy.runKilled(killing.command, at + 1);
        assert.equal(signal, 'SIGKILL', `${point}: ${text}`);
        await check(copy, point);
      });
    }
  };
  // All are waited for whatever happens: one that went on alone would keep its TPM.
  const ends = await Promise.allSettled([worker(), worker()]);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return points;
}

/** The names of the fault points that a command passes if nobody kills it. */
export async function passedPoints(killing: Killing): Promise<readonly string[]> {
  const { points } = await onCopy(killing, (copy) => copy.runKilled(killing.command, null));
  return points;
}

async function onCopy<T>({ template, prepare }: Killing, use: (copy: Copy) => Promise<T>): Promise<T> {
  const copy = await Copy.of(template);
  try {
    await prepare?.(copy);
    return await use(copy);
  } finally {
    await copy.remove();
  }
}
