import type { Branded } from '../bytes/branded.ts';
import type { Hex } from '../bytes/hex.ts';
import type { Reason } from '../reasons.ts';
import type { TrustAnchors } from './anchors.ts';
import type { Certificate } from './certificate.ts';
import { type VouchedSigners, verifyDetachedSignature } from './detached-signature.ts';

/** A root hash whose every signature verifies, and whose every signer at least one set of anchors vouches for. */
export type SignedRootHash = Branded<
  { readonly rootHash: Hex; readonly signers: VouchedSigners },
  'SignedRootHash'
>;

export type SignatureVerdict =
  | { readonly signed: true; readonly signature: SignedRootHash }
  | {
      readonly signed: false;
      readonly reasons: readonly Reason[];
      /** A certificate that the message names as its first signer's. For display: nothing vouches for it. */
      readonly claimedSigner: Certificate | null;
    };

/**
 * Decides whether a detached PKCS#7 message signs a root hash, and who vouches for its signers. The signed content is what
 * the kernel and systemd sign: the root hash as lowercase hexadecimal ASCII, without a newline. Otherwise as
 * `verifyDetachedSignature`.
 */
export function verifyRootHashSignature(
  rootHash: Hex,
  cms: Uint8Array,
  anchors: readonly TrustAnchors[],
  now: Date,
): SignatureVerdict {
  const content = { bytes: Buffer.from(rootHash, 'ascii'), called: 'root hash' };
  const verdict = verifyDetachedSignature(content, cms, anchors, now);
  if (!verdict.signed) return verdict;
  return { signed: true, signature: { rootHash, signers: verdict.signers } as SignedRootHash };
}
