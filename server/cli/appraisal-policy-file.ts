import type { AppraisalPolicy } from '../../verifier/appraisal-policy/appraisal-policy.ts';
import { loadAppraisalPolicy } from '../../verifier/appraisal-policy/load-appraisal-policy.ts';
import { type PolicyReading, readUserFile, requirePolicySignature } from './decision-policy.ts';
import { type Output, printable } from './output.ts';

/**
 * Reads an AppraisalPolicy, and says on stderr what in it is hardly meant.
 *
 * @throws PolicyInvalid with every problem found; also if it is not signed as it must be.
 */
export async function readAppraisalPolicy(
  path: string,
  { policyTrust }: PolicyReading,
  { err }: Output,
): Promise<AppraisalPolicy> {
  const text = await readUserFile(path);
  await requirePolicySignature(path, text, policyTrust);
  const policy = loadAppraisalPolicy({ text, path });
  for (const { at, message } of policy.warnings)
    err(`touchstone: ${printable(`${at}: warning: ${message}`)}\n`);
  return policy;
}
