import { type Reason, reason } from '../reasons.ts';
import { mostHelpfulFirst } from '../trust/most-helpful-first.ts';
import { checkSignerRevoked } from './check-revoked.ts';
import type { SignatureFacts, SignerFacts } from './facts.ts';
import type { Policy, Rule } from './policy.ts';

/** Whether one of the trust sets vouches for every signer, by chains without a revoked certificate. */
export function checkSignedBy(
  policy: Policy,
  rule: Rule,
  sets: readonly string[],
  { signers, reasons }: SignatureFacts,
): readonly Reason[] {
  const vouching = sets.filter(
    (set) => signers.length > 0 && signers.every(({ trustedBy }) => trustedBy.has(set)),
  );
  const revoked = vouching.map((set) =>
    signers.flatMap((signer) => checkSignerRevoked(policy, signer, [set])),
  );
  const [first] = revoked;
  if (first !== undefined) return revoked.some(({ length }) => length === 0) ? [] : first;
  const wanted = `a signer of ${sets.join(' or ')}`;
  return explainDistrust(rule, wanted, sets, signers, reasons);
}

/**
 * Whether each of the trust sets vouches for a signer of its own, and no signer is left over: one key in two sets does not
 * stand for two people.
 */
export function checkSignedByAll(
  policy: Policy,
  rule: Rule,
  sets: readonly string[],
  { signers, reasons }: SignatureFacts,
): readonly Reason[] {
  const distinct = byKey(signers);
  const revoked = distinct.flatMap((signer) => {
    const vouching = sets.filter((set) => signer.trustedBy.has(set));
    return checkSignerRevoked(policy, signer, vouching);
  });
  if (revoked.length > 0) return revoked;
  const known = distinct.filter(({ trustedBy }) => sets.some((set) => trustedBy.has(set)));
  if (sets.length > 0 && known.length === distinct.length && matchEach(policy, sets, distinct)) return [];
  const wanted = `a signer of each of ${sets.join(' and ')}`;
  return explainDistrust(rule, wanted, sets, distinct, reasons);
}

// One person may have a certificate of either party over the same key, and is one person all the same.
function byKey(signers: readonly SignerFacts[]): readonly SignerFacts[] {
  const merged = new Map<string, SignerFacts>();
  for (const signer of signers) {
    const earlier = merged.get(signer.key);
    const trustedBy = new Map([...(earlier?.trustedBy ?? []), ...signer.trustedBy]);
    merged.set(signer.key, { ...signer, trustedBy });
  }
  return [...merged.values()];
}

/** Whether each set can have a signer to itself (augmenting paths; both sides are few). */
function matchEach(policy: Policy, sets: readonly string[], signers: readonly SignerFacts[]): boolean {
  const setOf = new Map<SignerFacts, string>();
  const assign = (set: string, tried: Set<SignerFacts>): boolean =>
    signers.some((signer) => {
      const vouches = signer.trustedBy.has(set) && checkSignerRevoked(policy, signer, [set]).length === 0;
      if (tried.has(signer) || !vouches) return false;
      tried.add(signer);
      const other = setOf.get(signer);
      if (other !== undefined && !assign(other, tried)) return false;
      setOf.set(signer, set);
      return true;
    });
  return sets.every((set) => assign(set, new Set()));
}

function explainDistrust(
  { name, at }: Rule,
  wanted: string,
  sets: readonly string[],
  signers: readonly SignerFacts[],
  reasons: readonly Reason[],
): readonly Reason[] {
  const unknown = signers.filter(({ trustedBy }) => !sets.some((set) => trustedBy.has(set)));
  const own = unknown.flatMap(({ distrustedBy }) => sets.flatMap((set) => distrustedBy.get(set) ?? []));
  const why = own.length > 0 ? mostHelpfulFirst(own) : signers.length === 0 ? reasons : [];
  if (why.length > 0) return why.map((one) => ({ ...one, at }));
  const each = signers.map(
    ({ sha256, trustedBy }) => `${sha256} is of ${[...trustedBy.keys()].join(' and ')}`,
  );
  const who = each.length > 0 ? each.join(', ') : 'nobody vouches for this one';
  return [reason('signer-untrusted', `The rule "${name}" wants ${wanted}; ${who}.`, at)];
}
