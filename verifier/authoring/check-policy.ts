import { loadPolicy, type PolicySource } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import { PolicyInvalid } from '../policy/policy-text.ts';
import { checkCertificates } from './check-certificates.ts';
import { checkImages } from './check-images.ts';
import { type CheckCircumstances, type CheckProblem, positionOf, warning } from './check-problem.ts';
import { checkRevocationLists } from './check-revocation-lists.ts';
import { checkRules } from './check-rules.ts';
import { placeTrust, rememberFiles } from './trust-places.ts';

/** A policy and all there is to say about it. */
export interface CheckedPolicy {
  /** Null if it cannot be used. */
  readonly policy: Policy | null;
  /** In the order of the file. */
  readonly problems: readonly CheckProblem[];
}

/**
 * Everything that is wrong with a policy, and that its author hardly means. Where it is not valid that alone is said: the rest
 * would be guesses.
 */
export async function checkPolicy(
  source: PolicySource,
  circumstances: CheckCircumstances,
): Promise<CheckedPolicy> {
  const { files, readings } = rememberFiles(source.files);
  try {
    const policy = await loadPolicy({ ...source, files });
    const trust = placeTrust(policy, readings);
    const problems = [
      ...policy.warnings.map(({ message, at }) => warning(message, at)),
      ...checkCertificates(policy, trust, circumstances),
      ...checkRevocationLists(trust, circumstances),
      ...checkRules(policy, circumstances),
      ...checkImages(policy, circumstances),
    ];
    return { policy, problems: problems.sort(inOrder) };
  } catch (error) {
    if (!(error instanceof PolicyInvalid)) throw error;
    const problems = error.problems.map((one) => ({ severity: 'error' as const, ...one }));
    return { policy: null, problems: problems.sort(inOrder) };
  }
}

function inOrder(a: CheckProblem, b: CheckProblem): number {
  const [one, other] = [positionOf(a.at), positionOf(b.at)];
  return one.line - other.line || one.column - other.column;
}
