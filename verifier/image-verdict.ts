import type { Branded } from './bytes/branded.ts';
import type { Hex } from './bytes/hex.ts';
import { type ContentAlgorithm, contentAlgorithmName } from './image/content-algorithm.ts';
import type { Release } from './image/release/extension-release.ts';
import type { HostRelease } from './image/release/host-os-release.ts';
import type { HostScope } from './image/release/release-match.ts';
import { decide, type Verdict } from './policy/decide.ts';
import { type AcceptedVersion, type ImageFacts, noSignatureFacts, signatureFacts } from './policy/facts.ts';
import type { Policy } from './policy/policy.ts';
import { type Reason, reason } from './reasons.ts';
import type { Certificate } from './trust/certificate.ts';
import type { SignatureVerdict } from './trust/root-hash-signature.ts';

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
  /** The host that the image must fit, by its release data; null: no host in particular. */
  readonly host: ExtendedHost | null;
  /** Of the host, for rules that are about hosts with certain labels. */
  readonly labels: ReadonlyMap<string, string>;
  /** The highest version of each extension that the host has accepted before. */
  readonly acceptedVersion: (name: ImageName) => AcceptedVersion;
  /** Called with the number of data bytes verified so far, and of all there are. */
  readonly onProgress?: (bytes: number, total: number) => void;
}

/** What systemd compares the release data of an extension with. */
export interface ExtendedHost {
  readonly release: HostRelease;
  readonly scope: HostScope;
}

/** What an image is made of. */
export interface ImageContent {
  readonly form: 'ddi' | 'sidecar' | 'bare' | 'directory';
  /** By its partition type; null where it has none. */
  readonly architecture: string | null;
  /** Null where nothing says what all of the content is. */
  readonly algorithm: ContentAlgorithm | null;
  /** Of the hash tree; without one, the digest of the file or of the directory's tree. */
  readonly rootHash: Hex | null;
  /** dm-verity's; null without a hash tree. */
  readonly hashType: 0 | 1 | null;
}

/** Release data of an image, read from content that the root hash covers. */
export interface ImageRelease {
  readonly release: Release;
  /** The extension's own version; empty where it has none. */
  readonly version: string;
  /** The name in its release file: that of the image itself, where its file is called otherwise. */
  readonly named: string;
}

/** Proof that a real image was verified and accepted: the only thing that can be measured or merged. */
export type Approval = Branded<
  ImageName & {
    readonly version: string;
    /** The name that the image has for itself, under which the host remembers its version. */
    readonly releaseName: string;
    /** A word of `contentAlgorithmName`. */
    readonly hashAlgorithm: string;
    readonly rootHash: Hex;
    /** SHA-256 of the signer's certificate; `unsigned` for what the policy admits by its digest. */
    readonly signer: Hex | 'unsigned';
    readonly rule: string;
    /** The PKCS#7 message that was verified; null for what is not signed. */
    readonly cms: Uint8Array | null;
  },
  'Approval'
>;

/** What is known of one image, and the answer. */
export interface ImageVerdict extends ImageName {
  readonly verdict: 'accepted' | 'refused';
  readonly content: ImageContent | null;
  readonly signer: Certificate | null;
  /** Null if it was not read: nobody vouches for the content, or it cannot be read. */
  readonly release: ImageRelease | null;
  readonly integrity: { readonly checked: 'full' | 'none'; readonly dataBytes: number };
  readonly rule: string | null;
  readonly reasons: readonly Reason[];
  readonly approval: Approval | null;
  /** What the policy was asked about; null if the image could not be opened. */
  readonly facts: ImageFacts | null;
  /** Why it is refused whatever the policy says; part of `reasons`. */
  readonly findings: readonly Reason[];
}

/** Everything that was found out about an image before the policy is asked. */
export interface Findings {
  readonly content: ImageContent;
  readonly integrity: ImageVerdict['integrity'];
  readonly signature: { readonly verdict: SignatureVerdict; readonly cms: Uint8Array } | null;
  readonly release: ImageRelease | null;
  /** Why it is refused, whatever the policy says. */
  readonly reasons: readonly Reason[];
}

/** Asks the policy, and gives the approval if and only if nothing at all speaks against the image. */
export function conclude(options: VerifyImageOptions, name: ImageName, findings: Findings): ImageVerdict {
  const { content, integrity, release } = findings;
  const signature = findings.signature?.verdict ?? null;
  const asNamed: ImageFacts = {
    ...{ ...name, form: content.form, architecture: architectureOf(content, release) },
    ...{ rootHash: content.rootHash, hashType: content.hashType, version: release?.version ?? null },
    accepted: options.acceptedVersion(name),
    signature: signature === null ? noSignatureFacts(unsigned[content.form]) : signatureFacts(signature),
  };
  const { facts, verdict } = decideByBothNames(options, asNamed, release?.named ?? name.name);
  const reasons = [...findings.reasons, ...verdict.reasons];
  const approval = reasons.length === 0 ? approve(name, findings, verdict) : null;
  return {
    ...{ ...name, content, integrity, release, reasons, approval, rule: verdict.rule },
    ...{ facts, findings: findings.reasons },
    verdict: approval === null ? 'refused' : 'accepted',
    signer:
      signature === null
        ? null
        : signature.signed
          ? signature.signature.signers[0].certificate
          : signature.claimedSigner,
  };
}

/**
 * Whoever can rename an image could otherwise have it judged by another rule than the one about it, or as one that was never
 * accepted before: systemd takes `tools_1.raw` for an image whose release file says `tools`.
 */
function decideByBothNames(
  options: VerifyImageOptions,
  facts: ImageFacts,
  named: string,
): { readonly facts: ImageFacts; readonly verdict: Verdict } {
  const verdict = decide(options.policy, facts, options);
  if (named === facts.name || verdict.verdict === 'refused') return { facts, verdict };
  const accepted = options.acceptedVersion({ class: facts.class, name: named });
  const own = { ...facts, name: named, accepted };
  const other = decide(options.policy, own, options);
  return other.verdict === 'refused' ? { facts: own, verdict: other } : { facts, verdict };
}

// What the release file says is covered by the root hash, the type of the partition is not: it counts where the file says nothing.
function architectureOf({ architecture }: ImageContent, release: ImageRelease | null): string | null {
  const stated = release?.release.fields.get('ARCHITECTURE') ?? '_any';
  if (stated !== '_any') return stated;
  return architecture ?? (release === null ? null : '');
}

const unsigned = {
  ddi: reason('unsigned', 'The image has no signature partition.'),
  sidecar: reason('unsigned', 'There is no .roothash.p7s beside the image.'),
  bare: reason('unsigned', 'The image has no hash tree, so nobody can sign it.'),
  directory: reason('unsigned', 'A directory has no hash tree, so nobody can sign it.'),
} as const;

/** The only maker of approvals; called when nothing spoke against the image. */
function approve(
  name: ImageName,
  { content, signature, release }: Findings,
  { rule }: Verdict,
): Approval | null {
  const { algorithm, rootHash } = content;
  if (algorithm === null || rootHash === null || release === null) return null;
  const verified = signature?.verdict;
  // A hash tree is trusted by its signature alone: the policy has no other way to admit it.
  if (algorithm.over === 'verity' && (verified?.signed !== true || verified.signature.rootHash !== rootHash))
    return null;
  return {
    ...name,
    version: release.version,
    releaseName: release.named,
    hashAlgorithm: contentAlgorithmName(algorithm),
    rootHash,
    signer: verified?.signed === true ? verified.signature.signers[0].certificate.sha256 : 'unsigned',
    rule: rule ?? '',
    cms: signature?.cms ?? null,
  } as Approval;
}

/** The verdict on something that is not opened at all. */
export function refuseUnopened(name: ImageName, why: Reason): ImageVerdict {
  return {
    ...name,
    ...{ verdict: 'refused', content: null, signer: null, release: null, rule: null, approval: null },
    ...{ facts: null, findings: [why] },
    integrity: { checked: 'none', dataBytes: 0 },
    reasons: [why],
  };
}

/** The same verdict with more against it; unchanged if there is nothing more. */
export function refuse(verdict: ImageVerdict, reasons: readonly Reason[]): ImageVerdict {
  if (reasons.length === 0) return verdict;
  return {
    ...{ ...verdict, verdict: 'refused', approval: null, reasons: [...verdict.reasons, ...reasons] },
    findings: [...verdict.findings, ...reasons],
  };
}
