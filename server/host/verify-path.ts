import { CouldNotDecide, Malformed, Unsupported } from '../../verifier/bytes/failures.ts';
import {
  type ImageName,
  type ImageVerdict,
  refuseUnopened,
  type VerifyImageOptions,
} from '../../verifier/image-verdict.ts';
import { readTree } from '../../verifier/node/directory-reader.ts';
import { reason } from '../../verifier/reasons.ts';
import { verifyDirectory } from '../../verifier/verify-directory.ts';
import { verifyImage } from '../../verifier/verify-image.ts';
import { type EntryKind, kindOf } from '../os/directory.ts';
import { readAttributes, seesTrustedAttributes } from '../os/extended-attributes.ts';
import { openImageFiles } from './open-image-files.ts';
import type { ImagePath } from './read-sidecars.ts';

/**
 * Verifies whatever is at a path: an image file or a directory.
 *
 * @throws CouldNotDecide if it cannot be read.
 */
export async function verifyPath(
  path: ImagePath,
  name: ImageName,
  options: VerifyImageOptions,
): Promise<ImageVerdict> {
  const kind = await kindOf(path.target);
  if (isDirectory(kind)) return verifyTree(path.target, name, options);
  if (kind === 'block-device')
    return refuseUnopened(
      name,
      reason('unsupported', 'It is a block device; only files and directories are handled.'),
    );
  const files = await openImageFiles(path);
  try {
    return await verifyImage(files, name, options);
  } finally {
    await files.close();
  }
}

export function isDirectory(kind: EntryKind): boolean {
  return kind === 'directory' || kind === 'empty-directory';
}

async function verifyTree(path: string, name: ImageName, options: VerifyImageOptions): Promise<ImageVerdict> {
  // Without them the digest would be of another tree than the one that the kernel merges.
  if (!(await seesTrustedAttributes()))
    throw new CouldNotDecide(`only root sees all extended attributes of ${path}; run this as root`);
  try {
    const tree = await readTree(path, {
      readAttributes,
      onProgress: (bytes) => options.onProgress?.(bytes, 0),
    });
    return await verifyDirectory(tree, name, options);
  } catch (error) {
    if (!(error instanceof Unsupported || error instanceof Malformed)) throw error;
    return refuseUnopened(name, reason(error.code, `${error.message}.`));
  }
}
