import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { PolicyFiles } from '../../verifier/policy/trust-sets.ts';

/** The files that a policy names, for a test: read so, and with nothing in any directory. */
export function filesBy(read: PolicyFiles['read']): PolicyFiles {
  return { read, list: () => Promise.resolve([]) };
}

/** The files of one directory. */
export function filesIn(directory: string): PolicyFiles {
  return filesBy((path) => readFile(join(directory, path)));
}
