import type { FileHandle } from 'node:fs/promises';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { run, ToolFailed } from './run.ts';

/** `flock -E`: the exit status that means "somebody else holds it", apart from those that flock gives other failures. */
const conflictStatus = 75;

/**
 * Locks an open file by flock(2), against systemd and against every other program that locks the same file.
 *
 * Node has no flock(2), so util-linux flock(1) makes the call on our behalf. The system calls of a good run:
 *
 *     us     open("tpm2-measure.log") = 20
 *     child  dup2(20, 3); execve("flock", "-x", "-w", "10", "-E", "75", "3")
 *     child  flock(3, LOCK_EX) = 0; exit(0)      the lock belongs to the open file description, which 20 and 3 share,
 *                                                so it stays ours when the child's descriptor closes
 *     us     ... close(20)                       the last descriptor closes: the lock is gone
 *
 * There is no unlock: closing the handle is the only way, so that nobody unlocks and goes on writing. A kill at any
 * line leaves no lock behind, since the kernel closes the descriptors of the dead; if only the waiting child is killed,
 * the lock was not taken, or it is ours and goes with the handle.
 *
 * @param handle any open file; must be closed by the caller whether this succeeds or not.
 * @throws CouldNotDecide if the lock is not free within `timeoutMs`.
 */
export async function lockFile(
  handle: FileHandle,
  mode: 'shared' | 'exclusive',
  timeoutMs: number,
): Promise<void> {
  const seconds = timeoutMs / 1000;
  const args = [mode === 'shared' ? '-s' : '-x', '-w', String(seconds), '-E', String(conflictStatus), '3'];
  try {
    // flock(1) keeps its own time; ours is for a flock that hangs.
    await run('flock', args, { timeoutMs: timeoutMs + 2000, inheritFd: handle.fd });
  } catch (error) {
    if (!(error instanceof ToolFailed) || error.exitCode !== conflictStatus) throw error;
    throw new CouldNotDecide(`another process has held its lock for more than ${seconds} s`);
  }
}
