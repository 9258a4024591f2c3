import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { faultPoint } from '#fault-point';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { systemFailure } from './system-failure.ts';

/**
 * Gives `use` a new empty directory that nobody else may enter (mode 0700), and removes it with all that is in it when
 * `use` is done, also when it fails. A kill leaves the directory behind, in the place for temporary files.
 *
 * @throws CouldNotDecide if there is no safe place for it.
 */
export async function withPrivateDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await makeTemporaryDirectory();
  try {
    return await use(directory);
  } finally {
    await removeTemporaryDirectory(directory);
  }
}

/** Makes such a directory for longer use; the caller removes it. @throws CouldNotDecide as above. */
export async function makeTemporaryDirectory(): Promise<string> {
  const parent = tmpdir();
  try {
    await checkParent(parent);
    faultPoint('mkdtemp');
    return await mkdtemp(join(parent, 'touchstone-'));
  } catch (error) {
    throw systemFailure(`make a directory in ${parent}`, error);
  }
}

/** Removes a directory and what is in it. Failure is of no consequence to an answer already given, so there is none. */
export async function removeTemporaryDirectory(directory: string): Promise<void> {
  faultPoint('rm');
  await rm(directory, { recursive: true, force: true }).catch(() => undefined);
}

// Whoever may rename our directory can put his own in its place between two tools that use it. The sticky bit of /tmp
// is what keeps others from that.
async function checkParent(parent: string): Promise<void> {
  const { uid, mode } = await stat(parent);
  const mine = uid === 0 || uid === process.geteuid?.();
  const othersMayRename = (mode & 0o022) !== 0 && (mode & 0o1000) === 0;
  if (!mine || othersMayRename) throw new CouldNotDecide(`${parent} can be changed by others; set TMPDIR`);
}
