import { CouldNotDecide, Malformed, Unsupported } from '../../verifier/bytes/failures.ts';
import type { Reading } from '../../verifier/check-content.ts';
import {
  type ImageName,
  type ImageVerdict,
  refuseUnopened,
  type VerifyImageOptions,
} from '../../verifier/image-verdict.ts';
import { readTree } from '../../verifier/node/directory-reader.ts';
import { type Reason, reason } from '../../verifier/reasons.ts';
import { judgeUnreadDirectory, verifyDirectory } from '../../verifier/verify-directory.ts';
import { checkImage, judgeImage } from '../../verifier/verify-image.ts';
import { type EntryKind, kindOf } from '../os/directory.ts';
import { readAttributes, seesTrustedAttributes } from '../os/extended-attributes.ts';
import { type FileIdentity, identityOf } from '../os/file-identity.ts';
import { openImageFiles } from './open-image-files.ts';
import type { ImagePath } from './read-sidecars.ts';

/**
 * Verifies whatever is at a path: an image file or a directory.
 *
 * @throws CouldNotDecide if it cannot be read.
 */
export function verifyPath(
  path: ImagePath,
  name: ImageName,
  options: VerifyImageOptions & Pick<Reading, 'undigested'>,
): Promise<ImageVerdict> {
  return judgePath(path, name, options, ({ judge }) => judge(options));
}

/** What was read at a path, while it is open. */
export interface ReadPath {
  /** The file that was read, or the directory as it was before it was read; null for what was not. */
  readonly identity: FileIdentity | null;
  /** The PKCS#7 message that came with it; null if there is none. Nothing vouches for it. */
  readonly cms: Uint8Array | null;
  /** The verdict, under any policy. `full` and `onProgress` are those it was read with. @throws CouldNotDecide */
  readonly judge: (options: VerifyImageOptions) => Promise<ImageVerdict>;
}

/**
 * Reads whatever is at a path once, for several policies to be asked about it.
 *
 * @throws CouldNotDecide if it cannot be read.
 */
export async function judgePath<T>(
  path: ImagePath,
  name: ImageName,
  reading: Reading,
  ask: (read: ReadPath) => Promise<T>,
): Promise<T> {
  const kind = await kindOf(path.target);
  if (isDirectory(kind)) return ask(await readDirectory(path.target, name, reading));
  if (kind === 'block-device')
    return ask(
      refuseAlways(
        name,
        reason('unsupported', 'It is a block device; only files and directories are handled.'),
      ),
    );
  const files = await openImageFiles(path);
  try {
    const image = await checkImage(files, reading);
    const cms = 'code' in image ? null : (image.image.signature?.cms ?? null);
    return await ask({
      ...{ identity: files.identity, cms },
      judge: (options) => judgeImage(image, name, options),
    });
  } finally {
    await files.close();
  }
}

function refuseAlways(name: ImageName, why: Reason): ReadPath {
  return { identity: null, cms: null, judge: () => Promise.resolve(refuseUnopened(name, why)) };
}

export function isDirectory(kind: EntryKind): boolean {
  return kind === 'directory' || kind === 'empty-directory';
}

async function readDirectory(
  path: string,
  name: ImageName,
  { onProgress, undigested }: Reading,
): Promise<ReadPath> {
  if (undigested?.has('directory') === true)
    return {
      ...{ identity: null, cms: null },
      judge: (options) => Promise.resolve(judgeUnreadDirectory(name, options)),
    };
  // Without them the digest would be of another tree than the one that the kernel merges.
  if (!(await seesTrustedAttributes()))
    throw new CouldNotDecide(`only root sees all extended attributes of ${path}; run this as root`);
  try {
    const identity = await identityOf(path);
    const tree = await readTree(path, {
      readAttributes,
      onProgress: (bytes) => onProgress?.(bytes, 0),
    });
    return { identity, cms: null, judge: (options) => verifyDirectory(tree, name, options) };
  } catch (error) {
    if (!(error instanceof Unsupported || error instanceof Malformed)) throw error;
    return refuseAlways(name, reason(error.code, `${error.message}.`));
  }
}
