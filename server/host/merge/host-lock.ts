import { dirname, join } from 'node:path';

import { makePrivateDirectory } from '../../os/durable-file.ts';
import { withExclusiveFile } from '../../os/locked-file.ts';
import { signatureDirectory } from '../../os/own-paths.ts';

/** Two gates at boot wait for one another, and each may have images of gigabytes to read. */
const waitMs = 10 * 60 * 1000;

/**
 * Works on what a host merges while nobody else of us does: gates, merges and restores come one after another. The lock ends
 * with the process, however that ends.
 *
 * @throws CouldNotDecide if it is not had in ten minutes.
 */
export async function withHostLock<T>(root: string, use: () => Promise<T>): Promise<T> {
  const directory = await makePrivateDirectory(root, dirname(signatureDirectory));
  return withExclusiveFile(join(directory, 'lock'), use, waitMs);
}
