import { type Reason, reason } from '../reasons.ts';
import { compareVersions } from '../image/version-order.ts';
import { checkSignedBy, checkSignedByAll } from './check-signers.ts';
import type { ImageFacts } from './facts.ts';
import type { AdmittedDigests, Policy, Rule } from './policy.ts';
import { isInRange } from './version-range.ts';

/** What a rule that is about an image holds against it; nothing: the rule accepts it. */
export function checkRule(policy: Policy, rule: Rule, facts: ImageFacts): readonly Reason[] {
  const unadmitted = checkAdmission(policy, rule, facts);
  const unfit = [...checkHashType(rule, facts), ...checkArchitecture(rule, facts)];
  // Nobody reads the version out of content that nobody vouches for: it would only be missed a second time.
  if (unadmitted.length > 0) return [...unadmitted, ...unfit];
  return [
    ...unfit,
    ...checkRootHash(rule, facts),
    ...checkVersion(rule, facts),
    ...checkDowngrade(rule, facts),
  ];
}

function checkAdmission(policy: Policy, rule: Rule, facts: ImageFacts): readonly Reason[] {
  const { admits } = rule;
  switch (admits.kind) {
    case 'signed-by':
      return checkSignedBy(policy, rule, admits.sets, facts.signature);
    case 'signed-by-all':
      return checkSignedByAll(policy, rule, admits.sets, facts.signature);
    case 'digest':
      return checkDigest(rule, admits, facts);
  }
}

/** Whether the content is one of those that the rule lists: directories and bare file systems have no signer. */
function checkDigest(
  { name, at }: Rule,
  { form: listed, values }: AdmittedDigests,
  { form, rootHash }: ImageFacts,
): Reason[] {
  if (form === listed && rootHash !== null && values.has(rootHash)) return [];
  const kind = listed === 'directory' ? 'directories' : 'bare file systems';
  const message = `The rule "${name}" admits ${kind} by their digests; ${rootHash ?? 'this one'} (${form}) is none of them.`;
  return [reason('digest-mismatch', message, at)];
}

/** Whether a signed image is one of those that the rule lists, where it lists any. */
function checkRootHash({ name, rootHashes, at }: Rule, { rootHash }: ImageFacts): Reason[] {
  if (rootHashes === null || (rootHash !== null && rootHashes.has(rootHash))) return [];
  const message = `The rule "${name}" lists root hashes, and ${rootHash ?? 'that of this image'} is none of them.`;
  return [reason('digest-mismatch', message, at)];
}

function checkHashType({ name, hashTypes, at }: Rule, { hashType }: ImageFacts): Reason[] {
  if (hashType === null || hashTypes.includes(hashType)) return [];
  const message = `The rule "${name}" does not admit hash trees of type ${hashType}; it would have to list it under hashType.`;
  return [reason('unsupported', message, at)];
}

function checkArchitecture({ name, architecture: wanted, at }: Rule, { architecture }: ImageFacts): Reason[] {
  if (wanted === null || architecture === null || wanted.includes(architecture)) return [];
  const found =
    architecture === '' ? 'the image does not say what it is for' : `the image is for ${architecture}`;
  const message = `The rule "${name}" wants ${wanted.join(' or ')}; ${found}.`;
  return [reason('wrong-architecture', message, at)];
}

function checkVersion({ name, version: wanted, at }: Rule, { version }: ImageFacts): Reason[] {
  if (wanted === null || (version !== null && isInRange(wanted, version))) return [];
  const message = `The rule "${name}" wants a version ${wanted.text}; ${explainVersion(version)}.`;
  return [reason('version-mismatch', message, at)];
}

function explainVersion(version: string | null): string {
  if (version === null) return 'the version of this image is not known';
  return version === '' ? 'this image has none' : `this is ${version}`;
}

function checkDowngrade({ name, noDowngrade, at }: Rule, { version, accepted }: ImageFacts): Reason[] {
  // Only the host that merges the image can know what it merged before.
  if (!noDowngrade || accepted === null) return [];
  if (accepted === 'lost') {
    const message = `The rule "${name}" allows no downgrade, and the record of the versions this host has accepted is not there.`;
    return [reason('history-lost', message, at)];
  }
  const { highest } = accepted;
  if (version !== null && (highest === null || compareVersions(version, highest) >= 0)) return [];
  const message = `The rule "${name}" allows no downgrade: this host has accepted ${highest ?? 'none'}; ${explainVersion(version)}.`;
  return [reason('downgrade', message, at)];
}
