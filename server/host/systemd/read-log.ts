import { basename, dirname, join } from 'node:path';

import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { maximumLogBytes } from '../../../verifier/evidence/evidence.ts';
import { chaseInRoot } from '../../os/chase.ts';
import { entryExists } from '../../os/directory.ts';
import { measureLogPath } from '../../os/host-paths.ts';
import { withSharedFile } from '../../os/locked-file.ts';

/** systemd's measurement log, unparsed. */
export interface MeasuredLog {
  readonly bytes: Uint8Array;
  /** A writer died, or failed, between an extend and its record: the log need not replay to the PCR. */
  readonly incomplete: boolean;
}

/** A log that comes into being while it is read as absent is read again, this often at most. */
const attempts = 3;

/**
 * Gives `use` the log and keeps writers out until it is done: PCRs that are read or quoted meanwhile are those that the
 * log leads to, as far as writers keep the protocol.
 *
 * Where there is no log, nothing was measured and there is nothing to lock. It is not created for that: systemd and its
 * tools take its presence for measurements. `use` gets an empty log then; and as every writer creates the file before it
 * extends, a file that is still not there when `use` is done says that none did. If it is there by then, what `use` gave
 * is thrown away and `use` is called again, so it must be fit for that.
 *
 * @throws CouldNotDecide if the log cannot be read or locked, or has more than `maximumLogBytes`; what `use` throws.
 */
export async function withSharedLog<T>(root: string, use: (log: MeasuredLog) => Promise<T>): Promise<T> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const path = await findLog(root);
    if (path !== null) {
      return withSharedFile(path, async (log) =>
        use({ bytes: await log.read(maximumLogBytes), incomplete: await log.isMarked() }),
      );
    }
    const result = await use({ bytes: new Uint8Array(0), incomplete: false });
    if ((await findLog(root)) === null) return result;
  }
  throw new CouldNotDecide(`${measureLogPath} comes and goes`);
}

/** The log as it is at this moment. @throws CouldNotDecide as `withSharedLog`. */
export function readLog(root: string): Promise<MeasuredLog> {
  return withSharedLog(root, (log) => Promise.resolve(log));
}

// The directory is chased, the file is not: it is opened without following a link, as the writers do.
async function findLog(root: string): Promise<string | null> {
  const directory = await chaseInRoot(root, dirname(measureLogPath));
  if (directory === null) return null;
  const path = join(directory, basename(measureLogPath));
  return (await entryExists(path)) ? path : null;
}
