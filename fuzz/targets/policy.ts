import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { policyGroupShape } from '../../test-vectors/generate/policy-group.ts';
import { loadPolicy } from '../../verifier/policy/load.ts';
import type { Target } from '../target.ts';
import { filesBy } from '../../test-vectors/generate/policy-files.ts';

const directory = join('test-vectors', 'policy');

/** Policy files. */
export function policyTarget(): Target {
  const { cases } = policyGroupShape.parse(JSON.parse(readFileSync(join(directory, 'policy.json'), 'utf8')));
  return {
    name: 'policy',
    seeds: cases.map(({ inputs }) => Buffer.from(inputs.policy)),
    meanings: null,
    run: async (mutant) => {
      const files = filesBy((path) => readFile(join(directory, basename(path))));
      const { rules } = await loadPolicy({ text: mutant, path: 'policy.yaml', files });
      return String(rules.length);
    },
  };
}
