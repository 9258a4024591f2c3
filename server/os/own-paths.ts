import { dirname, join } from 'node:path';

import type { ExtensionClass } from '../../verifier/image-verdict.ts';

/* Where Touchstone keeps its own files on a host, as absolute paths below its root. */

/** What Touchstone keeps over reboots. */
export const stateDirectory = '/var/lib/touchstone';

/** Where the host remembers what it has accepted. */
export const historyDirectory = `${stateDirectory}/history`;

/** Where images are put that are merged only once they are approved: systemd does not look there. */
export function imageStore(extensionClass: ExtensionClass): string {
  return `${stateDirectory}/images/${extensionClass}`;
}

/** Touchstone's own configuration. */
export const policyPath = '/etc/touchstone/policy.yaml';
export const labelsPath = '/etc/touchstone/labels.yaml';

/** PKCS#7 messages of measured extensions; below /run like the log that names them, so that both end with the boot. */
export const signatureDirectory = '/run/touchstone/signatures';

/**
 * Where refused images of a search directory go. It is a neighbour of the search directory, for example
 * `/var/lib/touchstone/quarantine/sysext` of `/var/lib/extensions`: on the same file system unless the search directory
 * is a mount point itself, so that a rename is enough, and in no place where systemd looks.
 */
export function quarantineDirectory(extensionClass: ExtensionClass, searchDirectory: string): string {
  return join(dirname(searchDirectory), 'touchstone', 'quarantine', extensionClass);
}
