import { resolve } from 'node:path';

import { run } from '../server/os/run.ts';

/** The parts that virtual machines of one Debian suite start from. They are only read. */
export interface MachineImage {
  readonly suite: string;
  readonly kernel: string;
  readonly initrd: string;
  /** A raw ext4 image, without a partition table. */
  readonly root: string;
}

const buildTimeoutMs = 30 * 60_000;

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
