import type { FileSystem } from './image/filesystems/file-system.ts';
import type { TreeDigest } from './image/tree-digest.ts';
import { undigested } from './check-content.ts';
import { readDirectoryRelease } from './image-release.ts';
import {
  conclude,
  type ImageContent,
  type ImageName,
  type ImageVerdict,
  type VerifyImageOptions,
} from './image-verdict.ts';
import { admitsByDigest } from './policy/admits-by-digest.ts';

/** A directory tree that was read and digested in one pass. */
export interface DigestedTree {
  readonly digest: TreeDigest;
  /** The tree as it was digested. */
  readonly fileSystem: FileSystem;
}

/**
 * The way of a directory: its digest is all there is to trust, and nobody can sign it; a rule that lists the digest admits
 * it. Overlayfs shows later changes of the directory at once, so this is about the moment at which it was read.
 */
export async function verifyDirectory(
  { digest, fileSystem }: DigestedTree,
  name: ImageName,
  options: VerifyImageOptions,
): Promise<ImageVerdict> {
  const content: ImageContent = {
    ...{ form: 'directory', architecture: null, rootHash: digest.sha256, hashType: null },
    algorithm: { over: 'tree', digest: 'sha256' },
  };
  const release = admitsByDigest(options.policy, content)
    ? await readDirectoryRelease(fileSystem, name, options.host)
    : { release: null, reasons: [] };
  return conclude(options, name, {
    ...{ content, signature: null, ...release },
    integrity: { checked: 'full', dataBytes: digest.dataBytes },
  });
}

/** The verdict on a directory that was not read, since the policy lists no digest of any. */
export function judgeUnreadDirectory(name: ImageName, options: VerifyImageOptions): ImageVerdict {
  return conclude(options, name, { ...undigested('directory', null), signature: null, release: null });
}
