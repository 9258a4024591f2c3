import { loadPolicy, type PolicySource } from '../policy/load.ts';
import { checkCertificates } from './check-certificates.ts';
import { checkImages } from './check-images.ts';
import { type CheckCircumstances, type CheckedPolicy, collectProblems, warning } from './check-problem.ts';
import { checkRevocationLists } from './check-revocation-lists.ts';
import { checkRules } from './check-rules.ts';
import { placeTrust, rememberFiles } from './trust-places.ts';

/**
 * Everything that is wrong with a policy, and that its author hardly means. Where it is not valid that alone is said: the rest
 * would be guesses.
 */
export function checkPolicy(source: PolicySource, circumstances: CheckCircumstances): Promise<CheckedPolicy> {
  const { files, readings } = rememberFiles(source.files);
  return collectProblems(async () => {
    const policy = await loadPolicy({ ...source, files });
    const trust = placeTrust(policy, readings);
    const problems = [
      ...policy.warnings.map(({ message, at }) => warning(message, at)),
      ...checkCertificates(policy, trust, circumstances),
      ...checkRevocationLists(trust, circumstances),
      ...checkRules(policy, circumstances),
      ...checkImages(policy, circumstances),
    ];
    return { policy, problems };
  });
}
