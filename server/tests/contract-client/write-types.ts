import { readFileSync, writeFileSync } from 'node:fs';

import { generatedTypes, typesFile } from './generated-types.ts';

// Writes the types that the contract's client is compiled with; its test fails while they are not what this would write.
// From the root of the repository: npm run build && node dist/server/tests/contract-client/write-types.js
writeFileSync(typesFile, await generatedTypes(readFileSync('openapi.yaml', 'utf8')));
