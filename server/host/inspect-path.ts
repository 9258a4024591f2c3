import { Malformed, Unsupported } from '../../verifier/bytes/failures.ts';
import { readDirectoryRelease } from '../../verifier/image-release.ts';
import type { ImageName } from '../../verifier/image-verdict.ts';
import { type Inspection, inspectImage } from '../../verifier/inspect-image.ts';
import { readTree, type TreeReading } from '../../verifier/node/directory-reader.ts';
import { reason } from '../../verifier/reasons.ts';
import { kindOf } from '../os/directory.ts';
import { readAttributes } from '../os/extended-attributes.ts';
import { openImageFiles } from './open-image-files.ts';
import type { ImagePath } from './read-sidecars.ts';
import { isDirectory } from './verify-path.ts';

/** What is at a path; of a directory also what a person who approves it should see. */
export interface PathInspection extends Inspection {
  readonly remarks: TreeReading['remarks'];
}

/**
 * Says what is in an image file or a directory, with no verdict.
 *
 * @throws CouldNotDecide if it cannot be read.
 */
export async function inspectPath(path: ImagePath, name: ImageName): Promise<PathInspection> {
  if (isDirectory(await kindOf(path.target))) return inspectDirectory(path.target, name);
  const files = await openImageFiles(path);
  try {
    return { ...(await inspectImage(files, name)), remarks: [] };
  } finally {
    await files.close();
  }
}

async function inspectDirectory(path: string, name: ImageName): Promise<PathInspection> {
  const nothing = { image: null, message: null };
  try {
    const { digest, fileSystem, remarks } = await readTree(path, { readAttributes });
    const { release, reasons } = await readDirectoryRelease(fileSystem, name, null);
    const content: Inspection['content'] = {
      ...{ form: 'directory', architecture: null, rootHash: digest.sha256, hashType: null },
      algorithm: { over: 'tree', digest: 'sha256' },
    };
    return { ...nothing, content, release, problems: reasons, remarks };
  } catch (error) {
    if (!(error instanceof Unsupported || error instanceof Malformed)) throw error;
    const problems = [reason(error.code, `${error.message}.`)];
    return { ...nothing, content: null, release: null, problems, remarks: [] };
  }
}
