import { CouldNotDecide, Malformed } from '../../verifier/bytes/failures.ts';
import { maximumReleaseFileBytes } from '../../verifier/image/release/env-file.ts';
import { type HostRelease, parseHostRelease } from '../../verifier/image/release/host-os-release.ts';
import type { HostScope } from '../../verifier/image/release/release-match.ts';
import { hostArchitecture } from '../os/architecture.ts';
import { chaseInRoot } from '../os/chase.ts';
import { readIfPresent } from '../os/durable-file.ts';

/** As open_os_release_at() in systemd's src/basic/os-util.c: the second counts only where the first is not there. */
const osReleasePaths = ['/etc/os-release', '/usr/lib/os-release'] as const;

/**
 * What systemd compares extensions with on this host. $SYSTEMD_OS_RELEASE, a test switch of systemd's, is not followed.
 *
 * What is merged already is in effect, as it is for systemd: a confext that brings its own /etc/os-release decides which
 * sysexts fit.
 *
 * @param root a whole host under a directory; `/` for this host. The architecture is this machine's even then.
 * @throws CouldNotDecide if there is no such file, if it cannot be read or parsed, or has no ID: systemd merges nothing.
 */
export async function readHostRelease(
  root: string,
  architecture: string = hostArchitecture(),
): Promise<HostRelease> {
  for (const path of osReleasePaths) {
    const bytes = await readIfPresent(root, path, maximumReleaseFileBytes);
    if (bytes !== null) return parse(bytes, architecture, `${path} below ${root}`);
  }
  throw new CouldNotDecide(`there is no os-release file below ${root}`);
}

function parse(bytes: Uint8Array, architecture: string, where: string): HostRelease {
  try {
    return parseHostRelease(bytes, architecture);
  } catch (error) {
    if (error instanceof Malformed) throw new CouldNotDecide(`cannot use ${where}: ${error.message}`);
    throw error;
  }
}

/**
 * Whether the host is an initrd: it has /etc/initrd-release, as systemd-sysext asks it (read as of 261).
 *
 * @throws CouldNotDecide if that cannot be told.
 */
export async function hostScope(root: string): Promise<HostScope> {
  return (await chaseInRoot(root, '/etc/initrd-release')) === null ? 'system' : 'initrd';
}
