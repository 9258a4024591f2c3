import type { Branded } from './bytes/branded.ts';
import { Malformed, Unsupported } from './bytes/failures.ts';
import type { Hex } from './bytes/hex.ts';
import type { ByteSource } from './image/byte-source.ts';
import { checkPartitionUuids, type Image, openImage } from './image/image.ts';
import { verifyRootBlock, verifyTree } from './image/verity-tree.ts';
import { decide, type Verdict } from './policy/decide.ts';
import { noSignatureFacts, signatureFacts } from './policy/facts.ts';
import type { Policy } from './policy/policy.ts';
import { type Reason, reason } from './reasons.ts';
import type { Certificate } from './trust/certificate.ts';
import { type SignatureVerdict, verifyRootHashSignature } from './trust/root-hash-signature.ts';

export type ExtensionClass = 'sysext' | 'confext';

/** What the caller knows of an image before it is opened: how systemd would name and use it. */
export interface ImageName {
  readonly class: ExtensionClass;
  readonly name: string;
}

export interface VerifyImageOptions {
  readonly policy: Policy;
  /** The time at which certificates must be valid. */
  readonly now: Date;
  /** Recompute the whole hash tree; otherwise the kernel checks blocks as they are read. */
  readonly full: boolean;
  /** Called with the number of data bytes verified so far, and of all there are. */
  readonly onProgress?: (bytes: number, total: number) => void;
}

/** Proof that a real image was verified and accepted: the only thing that can be measured or merged. */
export type Approval = Branded<
  ImageName & {
    /** The image's own version; empty while release data is not read. */
    readonly version: string;
    readonly hashAlgorithm: string;
    readonly rootHash: Hex;
    readonly signer: Hex;
    readonly rule: string;
    /** The PKCS#7 message that was verified. */
    readonly cms: Uint8Array;
  },
  'Approval'
>;

/** What is known of one image, and the answer. */
export interface ImageVerdict extends ImageName {
  readonly verdict: 'accepted' | 'refused';
  readonly image: Image | null;
  readonly signer: Certificate | null;
  readonly integrity: { readonly checked: 'full' | 'none'; readonly dataBytes: number };
  readonly rule: string | null;
  readonly reasons: readonly Reason[];
  readonly approval: Approval | null;
}

/**
 * The whole way of one image: parse, tie its parts to one root hash, check the tree, check the signature, ask the
 * policy. Trusts nothing on entry; on exit `approval` is set if and only if every step said yes.
 *
 * @throws CouldNotDecide if the image cannot be read.
 */
export async function verifyImage(
  source: ByteSource,
  name: ImageName,
  options: VerifyImageOptions,
): Promise<ImageVerdict> {
  const image = await openOrRefuse(source);
  if ('code' in image) return refuseUnopened(name, image);
  const integrity = await checkIntegrity(image, source, options);
  const signature = checkSignature(image, options);
  const verdict = decide(options.policy, {
    ...{
      ...name,
      form: image.form,
      architecture: image.architecture,
      rootHash: image.claimedRootHash,
      hashType: 1,
    },
    signature: signature === null ? noSignatureFacts(unsigned) : signatureFacts(signature),
  });
  const reasons = [...integrity.reasons, ...verdict.reasons];
  const approval = reasons.length === 0 ? approve(name, image, signature, verdict) : null;
  return {
    ...name,
    image,
    verdict: approval === null ? 'refused' : 'accepted',
    signer:
      signature === null ? null : signature.signed ? signature.signature.signer : signature.claimedSigner,
    integrity: {
      checked: options.full && integrity.reasons.length === 0 ? 'full' : 'none',
      dataBytes: integrity.dataBytes,
    },
    rule: verdict.rule,
    reasons,
    approval,
  };
}

const unsigned = reason('unsigned', 'The image has no signature partition.');

async function openOrRefuse(source: ByteSource): Promise<Image | Reason> {
  try {
    return await openImage(source);
  } catch (error) {
    if (error instanceof Malformed || error instanceof Unsupported)
      return reason(error.code, `${error.message}.`);
    throw error;
  }
}

interface Integrity {
  readonly reasons: readonly Reason[];
  readonly dataBytes: number;
}

/** Whether the parts of the image belong to the root hash it claims; `full`: whether all its data does. */
async function checkIntegrity(
  image: Image,
  source: ByteSource,
  options: VerifyImageOptions,
): Promise<Integrity> {
  const { claimedRootHash: rootHash, verity } = image;
  if (rootHash === null || verity === null) {
    return {
      reasons: [reason('unsigned', 'The image has no dm-verity hash tree, so nothing protects its data.')],
      dataBytes: 0,
    };
  }
  const dataBytes = verity.dataBlocks * verity.dataBlockSize;
  const quick = [
    ...checkPartitionUuids(image, rootHash),
    ...(await verifyRootBlock(image, source, rootHash)),
  ];
  if (quick.length > 0 || !options.full) return { reasons: quick, dataBytes };
  const tree = await verifyTree(image, source, rootHash, (bytes) => options.onProgress?.(bytes, dataBytes));
  return { reasons: tree.intact ? [] : tree.reasons, dataBytes };
}

function checkSignature({ signature }: Image, { policy, now }: VerifyImageOptions): SignatureVerdict | null {
  return signature === null
    ? null
    : verifyRootHashSignature(signature.rootHash, signature.cms, policy.anchors, now);
}

/** The only maker of approvals; called when nothing spoke against the image. */
function approve(
  name: ImageName,
  { signature, verity }: Image,
  verified: SignatureVerdict | null,
  { rule }: Verdict,
): Approval | null {
  if (signature === null || verity === null || verified?.signed !== true) return null;
  const { rootHash, signer } = verified.signature;
  return {
    ...name,
    version: '',
    hashAlgorithm: verity.algorithm,
    rootHash,
    signer: signer.sha256,
    rule: rule ?? '',
    cms: signature.cms,
  } as Approval;
}

/** The verdict on something that is not opened at all. */
export function refuseUnopened(name: ImageName, why: Reason): ImageVerdict {
  return {
    ...name,
    verdict: 'refused',
    image: null,
    signer: null,
    integrity: { checked: 'none', dataBytes: 0 },
    rule: null,
    reasons: [why],
    approval: null,
  };
}

/** The same verdict with more against it; unchanged if there is nothing more. */
export function refuse(verdict: ImageVerdict, reasons: readonly Reason[]): ImageVerdict {
  if (reasons.length === 0) return verdict;
  return { ...verdict, verdict: 'refused', approval: null, reasons: [...verdict.reasons, ...reasons] };
}
