import { type Reason, reason } from '../reasons.ts';
import { isAnchor, type TrustAnchors } from './anchors.ts';
import type { Certificate } from './certificate.ts';
import { type CertificationPath, findPaths } from './certification-path.ts';
import { checkPath, checkPinned, type KeyPurpose, named } from './check-path.ts';
import { checkPathRevocation, checkPinnedRevocation } from './check-revocation.ts';

/** `chain` begins with the signer and ends with the anchor; it is the signer alone where that is pinned. */
export type ChainVerdict =
  | { readonly ok: true; readonly chain: readonly Certificate[] }
  | { readonly ok: false; readonly reasons: readonly Reason[] };

/**
 * Whether one set of anchors vouches for a signer's certificate at a moment.
 *
 * Reasons name the certificate at fault; where a path reaches an anchor they say what is wrong with the best such
 * path, and `signer-untrusted` is left for when there is none.
 *
 * @param intermediates certificates that anybody may have supplied, for example those embedded in the message.
 * @param purpose what the signer's key must be for; a key that decrypts is no signer's, but is vouched for all the same.
 */
export function verifyChain(
  signer: Certificate,
  intermediates: readonly Certificate[],
  anchors: TrustAnchors,
  now: Date,
  purpose: KeyPurpose = 'sign',
): ChainVerdict {
  const isPinned = anchors.mode !== 'issued' && isAnchor(anchors, signer);
  if (isPinned) return verdict([signer], checkPinnedSigner(signer, anchors, now));
  if (anchors.mode === 'pinned')
    return untrusted(`${named(signer)} is not among the certificates of "${anchors.name}".`);
  const { paths, deadEnd } = findPaths(signer, intermediates, anchors);
  const verdicts = paths.map((path) => verdict(path, checkWholePath(path, anchors, now, purpose)));
  const best = verdicts.sort((a, b) => faults(a) - faults(b))[0];
  return best ?? untrusted(explainDeadEnd(signer, deadEnd, anchors));
}

function checkPinnedSigner(signer: Certificate, anchors: TrustAnchors, now: Date): readonly Reason[] {
  const { extendedKeyUsage, certificates, revocationLists } = anchors;
  return [
    ...checkPinned(signer, extendedKeyUsage, now),
    ...(revocationLists === null ? [] : checkPinnedRevocation(signer, certificates, revocationLists, now)),
  ];
}

function checkWholePath(
  path: CertificationPath,
  anchors: TrustAnchors,
  now: Date,
  purpose: KeyPurpose,
): readonly Reason[] {
  const { extendedKeyUsage, revocationLists } = anchors;
  return [
    ...checkPath(path, extendedKeyUsage, now, purpose),
    ...(revocationLists === null ? [] : checkPathRevocation(path, revocationLists, now)),
  ];
}

function verdict(chain: readonly Certificate[], reasons: readonly Reason[]): ChainVerdict {
  return reasons.length === 0 ? { ok: true, chain } : { ok: false, reasons };
}

function faults(one: ChainVerdict): number {
  return one.ok ? 0 : one.reasons.length;
}

function untrusted(message: string): ChainVerdict {
  return { ok: false, reasons: [reason('signer-untrusted', message)] };
}

function explainDeadEnd(signer: Certificate, deadEnd: readonly Certificate[], anchors: TrustAnchors): string {
  if (isAnchor(anchors, signer)) {
    return `${named(signer)} is itself a certificate of "${anchors.name}", which trusts what is issued under it; pin it.`;
  }
  const last = deadEnd.at(-1) ?? signer;
  if (last.selfIssued)
    return `${named(last)} is issued by itself and not among the certificates of "${anchors.name}".`;
  const through = last === signer ? '' : `, in the chain of ${named(signer)},`;
  return `${named(last)}${through} is not issued under a certificate of "${anchors.name}".`;
}
