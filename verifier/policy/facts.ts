import type { Hex } from '../bytes/hex.ts';
import type { Reason } from '../reasons.ts';
import type { SignatureVerdict } from '../trust/root-hash-signature.ts';
import { certificateIdentifiers } from './certificate-identifiers.ts';

/** What is known of one signer. Plain data, so that a policy can be tested on invented facts. */
export interface SignerFacts {
  /** SHA-256 of the signer's certificate. */
  readonly sha256: Hex;
  /** The same for two certificates over one key. */
  readonly key: Hex;
  /** For each trust set that vouches: `certificateIdentifiers` of its chain. One that is revoked spoils the chain. */
  readonly trustedBy: ReadonlyMap<string, readonly string[]>;
  /** For each trust set that does not: why. */
  readonly distrustedBy: ReadonlyMap<string, readonly Reason[]>;
}

/** What is known of an image's signature. */
export interface SignatureFacts {
  /** Of a message whose every signer some trust set vouches for; else empty. */
  readonly signers: readonly SignerFacts[];
  /** Why there are none: there is no signature, or it does not verify, or nobody knows a signer. */
  readonly reasons: readonly Reason[];
}

/** Versions of an extension that the host has accepted before. */
export type AcceptedVersion =
  /** The highest; null if it has accepted none of this name. */
  | { readonly highest: string | null }
  /** The host should know and does not: its record is gone. */
  | 'lost'
  /** No host in particular is asked about. */
  | null;

/** Everything a policy may decide on. */
export interface ImageFacts {
  readonly class: 'sysext' | 'confext';
  readonly name: string;
  readonly form: 'ddi' | 'sidecar' | 'bare' | 'directory';
  /** Empty where the image does not say; null where it is not known: evidence leaves it out, the host's gate has checked it. */
  readonly architecture: string | null;
  /** Of the hash tree; without one, SHA-256 of the whole file or of the directory's tree. */
  readonly rootHash: Hex | null;
  /** dm-verity's; null without a hash tree, and in evidence, which does not say it. */
  readonly hashType: 0 | 1 | null;
  /** The extension's own; empty where it has none, null where it was not read. */
  readonly version: string | null;
  readonly accepted: AcceptedVersion;
  readonly signature: SignatureFacts;
}

/** Of verdicts that somebody keeps: the twins of certificates take time. */
const known = new WeakMap<SignatureVerdict, SignatureFacts>();

/** The facts that a verified or refused signature gives. */
export function signatureFacts(verdict: SignatureVerdict): SignatureFacts {
  const facts = known.get(verdict) ?? factsOf(verdict);
  known.set(verdict, facts);
  return facts;
}

function factsOf(verdict: SignatureVerdict): SignatureFacts {
  if (!verdict.signed) return { signers: [], reasons: verdict.reasons };
  const signers = verdict.signature.signers.map(({ certificate, trustedBy, distrustedBy }) => ({
    sha256: certificate.sha256,
    key: certificate.keyIdentity,
    trustedBy: new Map([...trustedBy].map(([set, chain]) => [set, certificateIdentifiers(chain)])),
    distrustedBy,
  }));
  return { signers, reasons: [] };
}

/** The facts of an image without a signature. */
export function noSignatureFacts(why: Reason): SignatureFacts {
  return { signers: [], reasons: [why] };
}
