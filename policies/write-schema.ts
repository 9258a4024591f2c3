import { writeFileSync } from 'node:fs';

import { format } from 'prettier';

import { extensionPolicyJsonSchema } from '../verifier/policy/schema.ts';

// Writes the schema that editors use; policies.test.ts fails while the file is not what this would write. From the root
// of the repository: npm run build && node dist/policies/write-schema.js
const file = 'policies/extension-policy.schema.json';
writeFileSync(
  file,
  await format(JSON.stringify(extensionPolicyJsonSchema()), { parser: 'json', printWidth: 110 }),
);
