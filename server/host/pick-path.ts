import { isUtf8 } from 'node:buffer';
import { basename, join, resolve } from 'node:path';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import { kindOf } from '../os/directory.ts';
import { nativeArchitecture } from '../os/native-architecture.ts';
import { readCandidates } from './search-directory.ts';
import { parseVersionedName } from './version-pick.ts';
import { isDirectory } from './verify-path.ts';

/**
 * The image that systemd would take where a user names a versioned directory (`NAME.raw.v`); other paths as they are.
 *
 * @throws CouldNotDecide if there is nothing in it that systemd would take.
 */
export async function pickPath(
  path: string,
  extensionClass: ExtensionClass,
  architecture: () => string = nativeArchitecture,
): Promise<string> {
  const versioned = parseVersionedName(basename(resolve(path)), extensionClass);
  if (versioned === null || !isDirectory(await kindOf(resolve(path)))) return path;
  const [best] = await readCandidates(path, versioned, architecture);
  const name = best === undefined ? null : Buffer.from(best.fileName, 'latin1');
  if (name === null || !isUtf8(name))
    throw new CouldNotDecide(
      `${path} holds no ${versioned.name}_VERSION${versioned.suffix} that systemd would take`,
    );
  return join(path, name.toString('utf8'));
}
