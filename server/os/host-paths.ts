import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import { chaseInRoot } from './chase.ts';

/*
 * Where things live on a host, as absolute paths below its root. They become paths of this system through `chaseInRoot`
 * or `hostPath`, never by joining: below another root a link could lead out of it.
 */

/** systemd's log of what user space measured (tpm2_userspace_log_path() in systemd's src/shared/tpm2-util.c). */
export const measureLogPath = '/run/log/systemd/tpm2-measure.log';

/** The firmware's event log, as the kernel shows it. */
export const firmwareLogPath = '/sys/kernel/security/tpm0/binary_bios_measurements';

/**
 * image_search_path in systemd's src/shared/discover-image.c, for a host that is not an initrd; highest priority first.
 * The manual page lists the two of confext below /usr the other way round; the code is what runs.
 *
 * The last two of sysext were searched up to systemd 253 (Debian 12 has 252) and are not since (systemd pull request
 * 27044). They are always listed: an image there that a newer systemd ignores is verified for nothing, while one that an
 * older systemd merges must not go unseen.
 */
const searchPath: Readonly<Record<ExtensionClass, readonly string[]>> = {
  sysext: [
    '/etc/extensions',
    '/run/extensions',
    '/var/lib/extensions',
    '/usr/local/lib/extensions',
    '/usr/lib/extensions',
  ],
  confext: ['/run/confexts', '/var/lib/confexts', '/usr/local/lib/confexts', '/usr/lib/confexts'],
};

/** The directories in which systemd looks for images of a class, highest priority first. */
export function searchDirectories(extensionClass: ExtensionClass): readonly string[] {
  return searchPath[extensionClass];
}

/**
 * Where images are put and systemd does not look for them: for sysexts since systemd 254, for confexts never, since they
 * are merged into /etc. In an initrd it looks in /.extra/ too, where systemd-stub puts what it finds beside the kernel.
 */
export const abandonedDirectories: Readonly<Record<ExtensionClass, readonly string[]>> = {
  sysext: ['/usr/local/lib/extensions', '/usr/lib/extensions'],
  confext: ['/etc/confexts'],
};

/** In this order, CONF_PATHS() in systemd's src/basic/constants.h. */
const configurationDirectories = ['/etc', '/run', '/usr/local/lib', '/usr/lib'] as const;

/** Where systemd looks for certificates that may sign root hashes, highest priority first. */
export const verityDirectories: readonly string[] = configurationDirectories.map((top) => `${top}/verity.d`);

/** Where systemd's own configuration is, highest priority first. */
export const systemdDirectories: readonly string[] = configurationDirectories.map((top) => `${top}/systemd`);

/**
 * The path on this system of something below a root.
 *
 * @throws CouldNotDecide if it does not exist: a path made by joining could lead out of the root.
 */
export async function hostPath(root: string, path: string): Promise<string> {
  const found = await chaseInRoot(root, path);
  if (found === null)
    throw new CouldNotDecide(root === '/' ? `there is no ${path}` : `there is no ${path} below ${root}`);
  return found;
}
