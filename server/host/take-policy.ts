import type { Policy } from '../../verifier/policy/policy.ts';
import { PolicyInvalid } from '../../verifier/policy/policy-text.ts';
import type { History } from './history.ts';

/**
 * Whether a host may go by a policy after those it has gone by before.
 *
 * @param signed whether only signed policies are taken: an old one is signed as well, and only the history tells.
 * @throws PolicyInvalid if an earlier policy rules this name or version out, or if this one wants to be remembered, or must be
 *   signed, and the host has no history.
 */
export function takePolicy(policy: Policy, history: History | null, signed: boolean): void {
  const problem = objection(policy, history, signed);
  if (problem === null) return;
  const at = policy.document?.at(['metadata', problem.key]) ?? `${policy.path ?? policy.name}:1:1`;
  throw new PolicyInvalid([{ message: problem.message, at }]);
}

interface Objection {
  readonly key: 'name' | 'version' | 'minimum';
  readonly message: string;
}

function objection(policy: Policy, history: History | null, signed: boolean): Objection | null {
  if (history === null) return objectionWithoutHistory(policy, signed);
  const { name, version } = policy;
  const last = history.policy;
  if (last === null) return null;
  // The same team signs the policies of all its fleets, and their versions are not comparable.
  if (last.name !== name)
    return policy.replaces === last.name ? null : { key: 'name', message: otherPolicy(last.name, name) };
  if (version >= last.minimum) return null;
  const message = `this host has taken a policy after which it takes none below version ${last.minimum}, and this is version ${version} (policy-too-old)`;
  return { key: 'version', message };
}

function objectionWithoutHistory({ minimum }: Policy, signed: boolean): Objection | null {
  if (minimum === null && !signed) return null;
  const why = minimum === null ? 'the policy must be signed' : 'the policy has a minimum';
  const message = `${why}, and this host has no history that tells it from an older one (history-lost). If the host is new run touchstone history begin; otherwise find out who removed the history`;
  return { key: minimum === null ? 'version' : 'minimum', message };
}

function otherPolicy(last: string, name: string): string {
  return `this host goes by the policy ${JSON.stringify(last)}, and this one is ${JSON.stringify(name)} (policy-of-another-name). If it takes that one's place let it say so: metadata.replaces: ${JSON.stringify(last)}`;
}
