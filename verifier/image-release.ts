import { Malformed, Unsupported } from './bytes/failures.ts';
import type { ByteSource } from './image/byte-source.ts';
import type { FileSystem } from './image/filesystems/file-system.ts';
import { openFileSystem } from './image/filesystems/open-file-system.ts';
import type { Designator } from './image/partition-types.ts';
import { releaseVersion } from './image/release/extension-release.ts';
import { findRelease } from './image/release/find-release.ts';
import { releaseFilePrefix } from './image/release/release-file-names.ts';
import { matchRelease } from './image/release/release-match.ts';
import { CorruptData } from './image/verified-source.ts';
import type { ExtendedHost, ImageName, ImageRelease } from './image-verdict.ts';
import { type Reason, reason } from './reasons.ts';

export interface ReleaseFinding {
  /** Null if it could not be read. */
  readonly release: ImageRelease | null;
  /** What speaks against merging the image, by its release data or for want of it. */
  readonly reasons: readonly Reason[];
}

/**
 * Reads the release data of an image whose content somebody vouches for, and checks that systemd would merge it.
 *
 * @param data the data partition, or the whole file; what it gives must be checked against the root hash as it is read.
 */
export async function readImageRelease(
  data: ByteSource,
  name: ImageName,
  designator: Designator,
  host: ExtendedHost | null,
): Promise<ReleaseFinding> {
  return refuseWhatFails(async () => readTreeRelease(await openFileSystem(data), name, designator, host));
}

/** The same of a tree that was read and digested in one pass. */
export function readDirectoryRelease(
  tree: FileSystem,
  name: ImageName,
  host: ExtendedHost | null,
): Promise<ReleaseFinding> {
  return refuseWhatFails(() => readTreeRelease(tree, name, 'root', host));
}

async function readTreeRelease(
  tree: FileSystem,
  name: ImageName,
  designator: Designator,
  host: ExtendedHost | null,
): Promise<ReleaseFinding> {
  const found = await findRelease(tree, name, designator);
  if (!found.found) return { release: null, reasons: found.reasons };
  const { release, path } = found;
  const version = releaseVersion(release, name.class);
  const reasons =
    host === null ? [] : matchRelease(release, host.release, { class: name.class, scope: host.scope });
  return { release: { release, version, named: releaseFileName(path) }, reasons };
}

/** The name that the image has for itself. */
function releaseFileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1 + releaseFilePrefix.length);
}

async function refuseWhatFails(read: () => Promise<ReleaseFinding>): Promise<ReleaseFinding> {
  try {
    return await read();
  } catch (error) {
    const why = whyNotRead(error);
    if (why === null) throw error;
    return { release: null, reasons: [why] };
  }
}

function whyNotRead(error: unknown): Reason | null {
  if (error instanceof CorruptData) return error.reason;
  if (error instanceof Malformed || error instanceof Unsupported)
    return reason(error.code, `The release data cannot be read: ${error.message}.`);
  return null;
}
