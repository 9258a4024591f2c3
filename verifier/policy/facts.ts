import type { Hex } from '../bytes/hex.ts';
import type { Reason } from '../reasons.ts';
import type { SignatureVerdict } from '../trust/root-hash-signature.ts';
import { fingerprints } from './fingerprints.ts';

/** What is known of an image's signature. Plain data, so that a policy can be tested on invented facts. */
export interface SignatureFacts {
  /** SHA-256 of the signer's certificate, once at least one trust set vouches for it; else null. */
  readonly signer: Hex | null;
  /** For each trust set that vouches: `fingerprints` of its chain. One that is revoked spoils the chain. */
  readonly trustedBy: ReadonlyMap<string, readonly Hex[]>;
  /** For each trust set that does not: why. */
  readonly distrustedBy: ReadonlyMap<string, readonly Reason[]>;
  /** Why no trust set vouches: there is no signature, or it does not verify, or nobody knows the signer. */
  readonly reasons: readonly Reason[];
}

/** Everything a policy may decide on. */
export interface ImageFacts {
  readonly class: 'sysext' | 'confext';
  readonly name: string;
  /** `verity`: one of the two forms with a hash tree; evidence does not say which. */
  readonly form: 'ddi' | 'sidecar' | 'verity' | 'bare' | 'directory';
  /** Null where it is not known: evidence does not say it, and the host's own gate has checked it. */
  readonly architecture: string | null;
  /** Of the hash tree; without one, SHA-256 of the whole file or of the directory's tree. */
  readonly rootHash: Hex | null;
  /** dm-verity's; null without a hash tree, and in evidence, which does not say it. */
  readonly hashType: 0 | 1 | null;
  readonly signature: SignatureFacts;
}

/** The facts that a verified or refused signature gives. */
export function signatureFacts(verdict: SignatureVerdict): SignatureFacts {
  if (!verdict.signed) {
    return { signer: null, trustedBy: new Map(), distrustedBy: new Map(), reasons: verdict.reasons };
  }
  const { signer, trustedBy, distrustedBy } = verdict.signature;
  const chains = [...trustedBy].map(([set, chain]) => [set, fingerprints(chain)] as const);
  return { signer: signer.sha256, trustedBy: new Map(chains), distrustedBy, reasons: [] };
}

/** The facts of an image without a signature. */
export function noSignatureFacts(why: Reason): SignatureFacts {
  return { signer: null, trustedBy: new Map(), distrustedBy: new Map(), reasons: [why] };
}
