import type { Policy } from '../../verifier/policy/policy.ts';
import { PolicyInvalid } from '../../verifier/policy/policy-text.ts';
import type { History } from './history.ts';

/**
 * Whether a host may go by a policy after those it has gone by before.
 *
 * @param signed whether only signed policies are taken: an old one is signed as well, and only the history tells.
 * @throws PolicyInvalid if an earlier policy rules this version out, or if this one wants to be remembered, or must be
 *   signed, and the host has no history.
 */
export function takePolicy(policy: Policy, history: History | null, signed: boolean): void {
  const problem = objection(policy, history, signed);
  if (problem === null) return;
  const at = policy.document?.at(['metadata', problem.key]) ?? `${policy.path ?? policy.name}:1:1`;
  throw new PolicyInvalid([{ message: problem.message, at }]);
}

interface Objection {
  readonly key: 'version' | 'minimum';
  readonly message: string;
}

function objection({ version, minimum }: Policy, history: History | null, signed: boolean): Objection | null {
  if (history === null) {
    if (minimum === null && !signed) return null;
    const why = minimum === null ? 'the policy must be signed' : 'the policy has a minimum';
    const message = `${why}, and this host has no history that tells it from an older one (history-lost). If the host is new run touchstone history begin; otherwise find out who removed the history`;
    return { key: minimum === null ? 'version' : 'minimum', message };
  }
  if (version >= history.minimumPolicy) return null;
  const message = `this host has taken a policy after which it takes none below version ${history.minimumPolicy}, and this is version ${version} (policy-too-old)`;
  return { key: 'version', message };
}
