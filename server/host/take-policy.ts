import type { Policy } from '../../verifier/policy/policy.ts';
import { PolicyInvalid } from '../../verifier/policy/policy-text.ts';
import type { History } from './history.ts';

/**
 * Whether a host may go by a policy after those it has gone by before.
 *
 * @throws PolicyInvalid if an earlier policy rules this version out, or if this one wants to be remembered and the host
 *   has no history.
 */
export function takePolicy(policy: Policy, history: History | null): void {
  const problem = objection(policy, history);
  if (problem === null) return;
  const at = policy.document?.at(['metadata', problem.key]) ?? `${policy.path ?? policy.name}:1:1`;
  throw new PolicyInvalid([{ message: problem.message, at }]);
}

interface Objection {
  readonly key: 'version' | 'minimum';
  readonly message: string;
}

function objection({ version, minimum }: Policy, history: History | null): Objection | null {
  if (history === null) {
    if (minimum === null) return null;
    const message =
      'the policy has a minimum, and this host has no history to keep it in (history-lost). If the host is new run touchstone history begin; otherwise find out who removed the history';
    return { key: 'minimum', message };
  }
  if (version >= history.minimumPolicy) return null;
  const message = `this host has taken a policy after which it takes none below version ${history.minimumPolicy}, and this is version ${version} (policy-too-old)`;
  return { key: 'version', message };
}
