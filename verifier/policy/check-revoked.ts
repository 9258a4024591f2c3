import { type Reason, reason } from '../reasons.ts';
import type { ImageFacts, SignerFacts } from './facts.ts';
import type { Policy } from './policy.ts';

/** What no rule can override: the root hash is revoked, or a signer is whoever vouches for him. */
export function checkRevoked(policy: Policy, { rootHash, signature }: ImageFacts): readonly Reason[] {
  const signers = signature.signers.flatMap((signer) =>
    checkSignerRevoked(policy, signer, [...signer.trustedBy.keys()]),
  );
  if (rootHash === null || !policy.revokedRootHashes.has(rootHash)) return signers;
  const at = policy.revocationPlaces.get(rootHash) ?? null;
  return [reason('root-hash-revoked', `The policy revokes the root hash ${rootHash}.`, at), ...signers];
}

/**
 * Whether all chains by which some trust sets vouch for a signer have a revoked certificate. One without is enough: one
 * authority may have certified what another one no longer does.
 */
export function checkSignerRevoked(
  { revokedCertificates, revocationPlaces }: Policy,
  { sha256, trustedBy }: SignerFacts,
  vouching: readonly string[],
): readonly Reason[] {
  const revoked = vouching.map((set) =>
    [sha256, ...(trustedBy.get(set) ?? [])].find((identifier) => revokedCertificates.has(identifier)),
  );
  const [first] = revoked;
  if (first === undefined || revoked.includes(undefined)) return [];
  const message = `The policy revokes the certificate ${first}, which the signature depends on.`;
  return [reason('certificate-revoked', message, revocationPlaces.get(first) ?? null)];
}
