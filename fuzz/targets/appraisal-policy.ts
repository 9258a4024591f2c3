import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { hostGroupShape } from '../../test-vectors/generate/appraisal-policy-group.ts';
import { checkAppraisalPolicy } from '../../verifier/appraisal-policy/check-appraisal-policy.ts';
import { describedHost } from '../../verifier/appraisal-policy/described-host.ts';
import { loadAppraisalPolicy } from '../../verifier/appraisal-policy/load-appraisal-policy.ts';
import { policyKind } from '../../verifier/appraisal-policy/policy-kind.ts';
import type { Target } from '../target.ts';

/** Policies about hosts: whatever loads says something of each host. */
export function appraisalPolicyTarget(): Target {
  const group = readFileSync(join('test-vectors', 'appraisal-policy', 'appraisal-policy.json'), 'utf8');
  const { cases } = hostGroupShape.parse(JSON.parse(group));
  const hosts = cases.flatMap(({ inputs }) => (inputs.host === null ? [] : [describedHost(inputs.host)]));
  return {
    name: 'appraisal-policy',
    seeds: cases.map(({ inputs }) => Buffer.from(inputs.policy)),
    meanings: null,
    run: (mutant) => {
      const kind = policyKind(mutant, 'policy.yaml');
      const policy = loadAppraisalPolicy({ text: mutant, path: 'policy.yaml' });
      const said = hosts.map((host) => checkAppraisalPolicy(policy, host, new Map()).reasons.length);
      return `${kind} ${said.join()}`;
    },
  };
}
