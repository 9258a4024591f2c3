import { isUtf8 } from 'node:buffer';
import { join } from 'node:path';

import { CouldNotDecide, Malformed } from '../../../verifier/bytes/failures.ts';
import type { ExtensionClass } from '../../../verifier/image-verdict.ts';
import { readIfPresent } from '../../os/durable-file.ts';
import { maximumOriginBytes, type MergeOrigin, parseOrigin } from './merge-origin.ts';

/** What systemd put into the top layer of one merged hierarchy. */
export interface MergeMarker {
  /** `major:minor` that the overlay had when it was made. */
  readonly device: string;
  /** All extensions that were merged, in every hierarchy alike; lowest layer first. */
  readonly names: readonly string[];
  /** Null before systemd 260. */
  readonly origin: MergeOrigin | null;
}

const words = {
  sysext: { directory: '.systemd-sysext', names: 'extensions' },
  confext: { directory: '.systemd-confext', names: 'confexts' },
} as const;

const maximumNamesBytes = 1024 * 1024;

/**
 * Reads the directory .systemd-sysext or .systemd-confext of a hierarchy (merge_hierarchy() and is_our_mount_point() in
 * systemd's src/sysext/sysext.c). Nothing here vouches for it: whether it belongs to the overlay is `device`'s to say.
 *
 * @returns null if there is none.
 * @throws CouldNotDecide if it cannot be read, or is not what systemd writes.
 */
export async function readMarker(
  root: string,
  hierarchy: string,
  extensionClass: ExtensionClass,
): Promise<MergeMarker | null> {
  const { directory, names } = words[extensionClass];
  const place = join(hierarchy, directory);
  const device = await readText(root, join(place, 'dev'), 64);
  if (device === null) return null;
  const list = await readText(root, join(place, names), maximumNamesBytes);
  const origin = await readIfPresent(root, join(place, 'origin'), maximumOriginBytes);
  return {
    device: device.trim(),
    names: (list ?? '').split('\n').filter((name) => name !== ''),
    origin: origin === null ? null : parseOr(join(place, 'origin'), origin),
  };
}

async function readText(root: string, path: string, maximumBytes: number): Promise<string | null> {
  const bytes = await readIfPresent(root, path, maximumBytes);
  if (bytes === null) return null;
  // systemd merges nothing with such a name; two of them would read as one.
  if (!isUtf8(bytes)) throw new CouldNotDecide(`${path} is not UTF-8`);
  return Buffer.from(bytes).toString('utf8');
}

function parseOr(path: string, bytes: Uint8Array): MergeOrigin {
  try {
    return parseOrigin(bytes);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new CouldNotDecide(`${path} is not what systemd writes: ${error.message}`);
  }
}
