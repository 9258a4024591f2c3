import { type Reason, reason } from '../reasons.ts';
import type { ImageFacts, SignatureFacts } from './facts.ts';
import { ruleMatches } from './match.ts';
import type { Policy, Rule } from './policy.ts';

export interface Verdict {
  readonly verdict: 'accepted' | 'refused';
  /** The rule that decided; null if none did, or if no policy file was used. */
  readonly rule: string | null;
  /** Empty if and only if accepted. */
  readonly reasons: readonly Reason[];
}

/**
 * What the policy says of these facts: revocation first, which no rule can override; then the first rule whose match
 * fits; then no. Total: it has an answer for every input, and never throws.
 */
export function decide(policy: Policy, facts: ImageFacts): Verdict {
  const revoked = [
    ...checkRootHash(policy, facts),
    ...checkCertificates(policy, facts.signature, [...facts.signature.trustedBy.keys()], null),
  ];
  if (revoked.length > 0) return refused(null, revoked);
  const rule = policy.rules.find((candidate) => ruleMatches(candidate, facts));
  if (rule === undefined) {
    const message = `No rule of the policy "${policy.name}" is about the ${facts.class} "${facts.name}".`;
    return refused(null, [reason('no-matching-rule', message)]);
  }
  const reasons = [
    ...(rule.digests === null ? checkSigner(policy, rule, facts.signature) : checkDigest(rule, facts)),
    ...checkHashType(rule, facts),
    ...checkArchitecture(rule, facts),
  ];
  const name = rule.at === null ? null : rule.name;
  return reasons.length > 0 ? refused(name, reasons) : { verdict: 'accepted', rule: name, reasons: [] };
}

function refused(rule: string | null, reasons: readonly Reason[]): Verdict {
  return { verdict: 'refused', rule, reasons };
}

function checkRootHash({ revokedRootHashes }: Policy, { rootHash }: ImageFacts): Reason[] {
  if (rootHash === null || !revokedRootHashes.has(rootHash)) return [];
  return [reason('root-hash-revoked', `The policy revokes the root hash ${rootHash}.`)];
}

/** Whether one of the trust sets the rule names vouches for the signer, by a chain without a revoked certificate. */
function checkSigner(policy: Policy, rule: Rule, signature: SignatureFacts): Reason[] {
  const vouching = rule.signedBy.filter((set) => signature.trustedBy.has(set));
  return vouching.length > 0
    ? checkCertificates(policy, signature, vouching, rule.at)
    : explainDistrust(rule, signature);
}

// One chain without a revoked certificate is enough: one authority may have certified what another one no longer does.
function checkCertificates(
  { revokedCertificates }: Policy,
  { signer, trustedBy }: SignatureFacts,
  vouching: readonly string[],
  at: string | null,
): Reason[] {
  const revoked = vouching.map((set) =>
    [signer, ...(trustedBy.get(set) ?? [])].find(
      (sha256) => sha256 !== null && revokedCertificates.has(sha256),
    ),
  );
  const [first] = revoked;
  if (first === undefined || first === null || revoked.includes(undefined)) return [];
  const message = `The policy revokes the certificate ${first}, which the signature depends on.`;
  return [reason('certificate-revoked', message, at)];
}

function explainDistrust(rule: Rule, { signer, trustedBy, distrustedBy, reasons }: SignatureFacts): Reason[] {
  const own = rule.signedBy.flatMap((set) => distrustedBy.get(set) ?? []);
  const why = own.length > 0 ? mostHelpfulFirst(own) : reasons;
  if (why.length > 0) return why.map((one) => ({ ...one, at: rule.at }));
  const others = [...trustedBy.keys()].join(' and ');
  const who = others === '' ? 'nobody vouches for this one' : `${signer ?? 'this one'} is of ${others}`;
  const message = `The rule "${rule.name}" wants a signer of ${rule.signedBy.join(' or ')}; ${who}.`;
  return [reason('signer-untrusted', message, rule.at)];
}

// That one set has never heard of the signer says less than why another, which has, does not vouch.
function mostHelpfulFirst(reasons: readonly Reason[]): readonly Reason[] {
  const isBare = ({ code }: Reason): boolean => code === 'signer-untrusted';
  return [...reasons.filter((one) => !isBare(one)), ...reasons.filter(isBare)];
}

/** Whether the content is one of those that the rule lists: directories and bare file systems have no signer. */
function checkDigest({ name, digests, at }: Rule, { form, rootHash }: ImageFacts): Reason[] {
  if (form === digests?.form && rootHash !== null && digests.values.has(rootHash)) return [];
  const kind = digests?.form === 'directory' ? 'directories' : 'bare file systems';
  const message = `The rule "${name}" admits ${kind} by their digests; ${rootHash ?? 'this one'} (${form}) is none of them.`;
  return [reason('digest-mismatch', message, at)];
}

function checkHashType({ name, hashTypes, at }: Rule, { hashType }: ImageFacts): Reason[] {
  if (hashType === null || hashTypes.includes(hashType)) return [];
  const message = `The rule "${name}" does not admit hash trees of type ${hashType}; it would have to list it under hashType.`;
  return [reason('unsupported', message, at)];
}

function checkArchitecture({ name, architecture: wanted, at }: Rule, { architecture }: ImageFacts): Reason[] {
  if (wanted === null || architecture === null || wanted.includes(architecture)) return [];
  const message = `The rule "${name}" wants ${wanted.join(' or ')}; the image is for ${architecture}.`;
  return [reason('wrong-architecture', message, at)];
}
