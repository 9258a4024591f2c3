import { nativeArchitecture } from '../../os/native-architecture.ts';
import { lintSearchDirectories } from './ignored-images.ts';
import { lintImagePolicy } from './unsigned-allowed.ts';
import { lintCertificates } from './verity-certificates.ts';
import type { Warning } from './warning.ts';

/**
 * Finds what systemd silently ignores on a host: images, sidecars, certificates and image policies that do not do what
 * whoever put them there meant.
 *
 * @param root a whole host under a directory; `/` for this host. Paths in the warnings are below it.
 * @throws CouldNotDecide if something cannot be read.
 */
export async function lintHost(root: string): Promise<Warning[]> {
  return [
    ...(await lintSearchDirectories(root, 'sysext', nativeArchitecture)),
    ...(await lintSearchDirectories(root, 'confext', nativeArchitecture)),
    ...(await lintCertificates(root)),
    ...(await lintImagePolicy(root, 'sysext')),
    ...(await lintImagePolicy(root, 'confext')),
  ];
}
