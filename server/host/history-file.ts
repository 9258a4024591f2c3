import { join } from 'node:path';

import { CouldNotDecide, Malformed } from '../../verifier/bytes/failures.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { makePrivateDirectory, readIfPresent, writeDurable } from '../os/durable-file.ts';
import { historyDirectory } from '../os/own-paths.ts';
import { withExclusiveFile } from '../os/locked-file.ts';
import {
  type AcceptedExtension,
  advanceHistory,
  emptyHistory,
  type History,
  historyText,
  parseHistory,
} from './history.ts';

const fileName = 'history.json';
const maximumBytes = 32 * 1024 * 1024;

/**
 * What a host remembers; null if it has no history. That is no empty one: who can delete the file must not be able to lead
 * the host back, so a history begins by `beginHistory` and by nothing else.
 *
 * @throws CouldNotDecide if it cannot be read, or is damaged.
 */
export async function readHistory(root: string): Promise<History | null> {
  const path = join(historyDirectory, fileName);
  const bytes = await readIfPresent(root, path, maximumBytes);
  if (bytes === null) return null;
  try {
    return parseHistory(bytes);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new CouldNotDecide(
      `${path} is damaged: ${error.message}. Restore it, or remove it and run touchstone history begin`,
    );
  }
}

/** Begins the history of a host that has none. @throws CouldNotDecide if there is one, or it cannot be written. */
export function beginHistory(root: string): Promise<void> {
  return change(root, (history) => {
    if (history !== null)
      throw new CouldNotDecide('this host has a history; remove it first, if that is what you want');
    return emptyHistory;
  });
}

/**
 * Remembers that a policy was taken and extensions were accepted. A host without a history gets none by this.
 *
 * @throws CouldNotDecide
 */
export function remember(
  root: string,
  policy: Pick<Policy, 'name' | 'minimum'>,
  accepted: readonly AcceptedExtension[],
): Promise<void> {
  return change(root, (history) => (history === null ? null : advanceHistory(history, policy, accepted)));
}

// Two gates run at once, one a class: both must find what the other has written.
async function change(root: string, next: (history: History | null) => History | null): Promise<void> {
  const directory = await makePrivateDirectory(root, historyDirectory);
  await withExclusiveFile(join(directory, 'history.lock'), async () => {
    const before = await readHistory(root);
    const after = next(before);
    if (after === null || (before !== null && historyText(before) === historyText(after))) return;
    await writeDurable(join(directory, fileName), Buffer.from(historyText(after)), 0o600);
  });
}
