import {
  checkContent,
  type CheckedContent,
  type ImageFiles,
  openOrRefuse,
  type Reading,
} from './check-content.ts';
import type { Image } from './image/image.ts';
import { readImageRelease, type ReleaseFinding } from './image-release.ts';
import {
  conclude,
  type Findings,
  type ImageName,
  type ImageVerdict,
  refuseUnopened,
  type VerifyImageOptions,
} from './image-verdict.ts';
import { admitsByDigest } from './policy/admits-by-digest.ts';
import type { Reason } from './reasons.ts';
import { verifyRootHashSignature } from './trust/root-hash-signature.ts';

/**
 * The whole way of one image: parse, tie its parts to one root hash, check the tree, check the signature, read the release
 * data of what somebody vouches for, ask the policy. Trusts nothing on entry; on exit `approval` is set if and only if
 * every step said yes.
 *
 * @throws CouldNotDecide if the image cannot be read.
 */
export async function verifyImage(
  files: ImageFiles,
  name: ImageName,
  options: VerifyImageOptions,
): Promise<ImageVerdict> {
  return judgeImage(await checkImage(files, options), name, options);
}

/** An image that was opened, and what was found about its content, whatever the policy. */
export interface CheckedImage {
  readonly image: Image;
  readonly checked: CheckedContent;
}

/** The part of the way that reads all the content; why it cannot be opened is a value. @throws CouldNotDecide */
export async function checkImage(files: ImageFiles, options: Reading): Promise<CheckedImage | Reason> {
  const image = await openOrRefuse(files);
  return 'code' in image ? image : { image, checked: await checkContent(image, files.image, options) };
}

/**
 * The rest of the way. Several policies can be asked about one image, as long as its files are open.
 *
 * @throws CouldNotDecide if its release data cannot be read.
 */
export async function judgeImage(
  opened: CheckedImage | Reason,
  name: ImageName,
  options: VerifyImageOptions,
): Promise<ImageVerdict> {
  if ('code' in opened) return refuseUnopened(name, opened);
  const { image, checked } = opened;
  const signature = checkSignature(image, options);
  const vouched = signature?.verdict.signed === true || admitsByDigest(options.policy, checked.content);
  const release =
    checked.data === null || !vouched
      ? unread
      : await readImageRelease(checked.data, name, image.designator, options.host);
  return conclude(options, name, {
    ...{ content: checked.content, integrity: checked.integrity, signature, release: release.release },
    reasons: [...checked.reasons, ...release.reasons],
  });
}

const unread: ReleaseFinding = { release: null, reasons: [] };

function checkSignature({ signature }: Image, { policy, now }: VerifyImageOptions): Findings['signature'] {
  if (signature === null) return null;
  const { rootHash, cms } = signature;
  return { verdict: verifyRootHashSignature(rootHash, cms, policy.anchors, now), cms };
}
