import type { Certificate } from './certificate.ts';
import type { RevocationList } from './revocation-list.ts';

/** A set of certificates that somebody decided to trust, and for what. Sets given together have distinct names. */
export interface TrustAnchors {
  readonly name: string;
  /**
   * `pinned`: the signer's certificate itself must be one of these. `issued`: it must have been issued under one of
   * these, and is not one of them. `either`: one or the other.
   */
  readonly mode: 'pinned' | 'issued' | 'either';
  readonly certificates: readonly Certificate[];
  /** Object identifiers that the signer's certificate must all list; empty if none is required. */
  readonly extendedKeyUsage: readonly string[];
  /** Lists that must cover every certificate but the anchors; null: revocation is not asked of lists. */
  readonly revocationLists: readonly RevocationList[] | null;
}

/** Whether a certificate is, to the last byte, one of the set. */
export function isAnchor(anchors: TrustAnchors, certificate: Certificate): boolean {
  return anchors.certificates.some(({ der }) => Buffer.compare(der, certificate.der) === 0);
}
