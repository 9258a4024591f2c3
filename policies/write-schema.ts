import { writeFileSync } from 'node:fs';

import { format } from 'prettier';

import { hostTestJsonSchema } from '../verifier/appraisal-policy/host-test-schema.ts';
import { appraisalPolicyJsonSchema } from '../verifier/appraisal-policy/schema.ts';
import { policyTestJsonSchema } from '../verifier/authoring/policy-test-schema.ts';
import { extensionPolicyJsonSchema } from '../verifier/policy/schema.ts';

// Writes the schemas that editors use; policies.test.ts fails while a file is not what this would write. From the root of
// the repository: npm run build && node dist/policies/write-schema.js
async function write(name: string, schema: unknown): Promise<void> {
  const text = await format(JSON.stringify(schema), { parser: 'json', printWidth: 110 });
  writeFileSync(`policies/${name}.schema.json`, text);
}

await write('extension-policy', extensionPolicyJsonSchema());
await write('policy-test', policyTestJsonSchema());
await write('appraisal-policy', appraisalPolicyJsonSchema());
await write('appraisal-policy-test', hostTestJsonSchema());
