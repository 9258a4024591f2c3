import { dirname, isAbsolute, resolve } from 'node:path';

import type { PolicyFiles } from '../../verifier/policy/trust-sets.ts';
import { readBounded } from '../os/durable-file.ts';
import { hostPath } from '../os/host-paths.ts';
import { listMaskableFiles } from '../os/masked-files.ts';

// A revocation list may be larger than anything else that a policy names.
const maximumFileBytes = 8 * 1024 * 1024;

/**
 * The files that a policy names: relative ones beside it, absolute ones below the root of the host that it is for.
 *
 * @param policyPath of the policy, on this system.
 * @param root `/` for this host.
 */
export function policyFiles(policyPath: string, root: string): PolicyFiles {
  const beside = (path: string): string => resolve(dirname(policyPath), path);
  return {
    read: async (path) =>
      readBounded(isAbsolute(path) ? await hostPath(root, path) : beside(path), maximumFileBytes),
    list: (path) =>
      isAbsolute(path) ? listMaskableFiles(root, path, '.crt') : listMaskableFiles('/', beside(path), '.crt'),
  };
}
