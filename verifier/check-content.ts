import { isDigestName } from './bytes/digest.ts';
import { Malformed, Unsupported } from './bytes/failures.ts';
import type { ByteSource } from './image/byte-source.ts';
import { digestFile } from './image/file-digest.ts';
import { checkRootHashClaims, type Image, openImage, verityParts } from './image/image.ts';
import { noSidecars, type Sidecars } from './image/sidecars.ts';
import { verifiedSource } from './image/verified-source.ts';
import { verifyRootBlock, verifyTree } from './image/verity-tree.ts';
import type { Findings, ImageContent, VerifyImageOptions } from './image-verdict.ts';
import { type Reason, reason } from './reasons.ts';

/** An image file, and what lies beside it. */
export interface ImageFiles {
  readonly image: ByteSource;
  readonly sidecars?: Sidecars;
}

/** Opens an image; what it is refused for is a value. @throws CouldNotDecide if it cannot be read. */
export async function openOrRefuse({ image, sidecars = noSidecars }: ImageFiles): Promise<Image | Reason> {
  try {
    return await openImage(image, sidecars);
  } catch (error) {
    if (error instanceof Malformed || error instanceof Unsupported)
      return reason(error.code, `${error.message}.`);
    throw error;
  }
}

/** How content is read, whatever the policy. */
export interface Reading extends Pick<VerifyImageOptions, 'full' | 'onProgress'> {
  /** Forms without a hash tree that are not digested, since no digest would make them accepted; none if not given. */
  readonly undigested?: ReadonlySet<ImageContent['form']>;
}

/** What was found about an image's content. */
export interface CheckedContent extends Pick<Findings, 'content' | 'integrity' | 'reasons'> {
  /** The data, checked as it is read; null where there is nothing to check it against, or it failed. */
  readonly data: ByteSource | null;
}

/**
 * Whether the parts of the image belong to the root hash it claims; `full`: whether all its data does.
 *
 * @throws CouldNotDecide if the image cannot be read.
 */
export function checkContent(image: Image, source: ByteSource, options: Reading): Promise<CheckedContent> {
  if (image.form !== 'bare') return checkHashTree(image, source, options);
  if (options.undigested?.has('bare') !== true) return digestBare(image, source, options);
  return Promise.resolve({ ...undigested('bare', image.architecture), data: null });
}

/** What is found about content that is not read: nothing that a policy could admit. */
export function undigested(
  form: ImageContent['form'],
  architecture: string | null,
): Pick<Findings, 'content' | 'integrity' | 'reasons'> {
  return {
    content: { form, architecture, algorithm: null, rootHash: null, hashType: null },
    integrity: { checked: 'none', dataBytes: 0 },
    reasons: [],
  };
}

/** Nothing but the digest of the whole file says what a bare file system is. */
async function digestBare(
  { form, architecture }: Image,
  source: ByteSource,
  { onProgress }: Reading,
): Promise<CheckedContent> {
  const { digest, data } = await digestFile(source, (bytes) => onProgress?.(bytes, source.size));
  const algorithm = { over: 'file', digest: 'sha256' } as const;
  return {
    content: { form, architecture, algorithm, rootHash: digest.sha256, hashType: null },
    integrity: { checked: 'full', dataBytes: digest.bytes },
    reasons: [],
    data,
  };
}

async function checkHashTree(
  image: Image,
  source: ByteSource,
  { full, onProgress }: Reading,
): Promise<CheckedContent> {
  const { claimedRootHash: rootHash } = image;
  const content = contentOf(image);
  const parts = verityParts(image, source);
  const refuse = (reasons: readonly Reason[], dataBytes: number): CheckedContent => ({
    ...{ content, integrity: { checked: 'none', dataBytes }, reasons, data: null },
  });
  if (rootHash === null || parts === null) return refuse([uncovered], 0);
  const dataBytes = parts.superblock.dataBlocks * parts.superblock.dataBlockSize;
  const quick = [...checkRootHashClaims(image, rootHash), ...(await verifyRootBlock(parts, rootHash))];
  if (quick.length > 0) return refuse(quick, dataBytes);
  if (full) {
    const tree = await verifyTree(parts, rootHash, (bytes) => onProgress?.(bytes, dataBytes));
    if (!tree.intact) return refuse(tree.reasons, dataBytes);
  }
  const integrity = { checked: full ? 'full' : 'none', dataBytes } as const;
  return { content, integrity, reasons: [], data: verifiedSource(parts, rootHash) };
}

const uncovered = reason('unsigned', 'The image has no dm-verity hash tree, so nothing protects its data.');

function contentOf({ form, architecture, verity, claimedRootHash }: Image): ImageContent {
  const digest = verity?.algorithm;
  return {
    ...{ form, architecture, rootHash: claimedRootHash, hashType: verity?.hashType ?? null },
    algorithm: digest !== undefined && isDigestName(digest) ? { over: 'verity', digest } : null,
  };
}
