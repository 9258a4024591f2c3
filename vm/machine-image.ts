import { resolve } from 'node:path';

import { run, ToolFailed } from '../server/os/run.ts';

/** The parts that virtual machines of one Debian suite start from. They are only read. */
export interface MachineImage {
  readonly suite: string;
  readonly kernel: string;
  readonly initrd: string;
  /** A raw ext4 image, without a partition table. */
  readonly root: string;
}

const buildTimeoutMs = 30 * 60_000;

/** What build.sh exits with when the mirror does not have the suite. */
const notToBeHad = 4;

/**
 * Builds the parts, or finds what an earlier call left in `.ci-cache/vm`. Needs root or sudo, and the network if there is
 * something to build.
 *
 * @throws CouldNotDecide if it fails, with the last lines of what was said.
 */
export async function buildMachine(suite = 'trixie'): Promise<MachineImage> {
  const { stdout } = await run('sh', [resolve('setup/vm/build.sh'), suite], { timeoutMs: buildTimeoutMs });
  const directory = Buffer.from(stdout).toString('utf8').trim();
  return {
    suite,
    kernel: `${directory}/vmlinuz`,
    initrd: `${directory}/initrd`,
    root: `${directory}/root.ext4`,
  };
}

/** The same, but why not in place of the parts if the mirror does not have such a suite. @throws as above, for all else. */
export async function buildMachineIfThere(suite: string): Promise<MachineImage | string> {
  try {
    return await buildMachine(suite);
  } catch (error) {
    if (error instanceof ToolFailed && error.exitCode === notToBeHad) return error.message;
    throw error;
  }
}
