import { writeFileSync } from 'node:fs';

import { z } from 'zod';

import { credentialCases } from './credential-cases.ts';
import { type CredentialGroup, credentialGroupShape } from './credential-group.ts';

const notes: CredentialGroup['notes'] = {
  Genuine: {
    effect:
      'A credential that is made by the rules must be opened, and made from the same seed must be the same.',
    reference: 'TPM 2.0 Library Part 1, section 24; Part 3, sections 12.5 and 12.6',
  },
  Integrity: {
    effect: 'A secret comes out that the maker of the credential did not put in.',
    reference: 'TPM 2.0 Library Part 1, section 24.5',
  },
  Name: {
    effect: 'A TPM opens a credential for a key that it does not hold, and the key passes for one of a TPM.',
    reference: 'TPM 2.0 Library Part 1, section 24.4; CVE-2021-3406',
  },
  Seed: {
    effect: 'Keys are derived from something else than the seed that only this TPM can have.',
    reference: 'TPM 2.0 Library Part 1, sections B.10.4 and C.6.4',
  },
  Label: {
    effect: 'What was encrypted for one purpose is opened for another.',
    reference: 'TPM 2.0 Library Part 1, section B.10.4',
  },
  Point: {
    effect:
      'A point outside the curve gives parts of the private key away, or a secret that everybody knows.',
    reference: 'TPM 2.0 Library Part 1, section C.6.4; SP 800-56A section 5.6.2.3',
  },
  Format: {
    effect: 'Tools that trust the sizes in a structure read beyond it.',
    reference: 'TPM 2.0 Library Part 2, sections 11.4.2 and 12.4.2; GHSA-v7w4-4gc9-qcgv',
  },
};

/** Makes the group; the same each time, but for the ciphertexts of RSA-OAEP. */
export function makeCredentialGroup(): CredentialGroup {
  return {
    schema: '../schemas/credential.schema.json',
    generator: 'test-vectors/generate/credential.ts',
    notes,
    cases: (['RSA-2048', 'P-256', 'P-384'] as const).flatMap(credentialCases),
  };
}

/** The JSON Schema of the group, as text. */
export function credentialSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(credentialGroupShape), null, 2)}\n`;
}

// Run from the root of the repository: node dist/test-vectors/generate/credential.js
if (import.meta.filename === process.argv[1]) {
  writeFileSync(
    'test-vectors/credential/credential.json',
    `${JSON.stringify(makeCredentialGroup(), null, 1)}\n`,
  );
  writeFileSync('test-vectors/schemas/credential.schema.json', credentialSchema());
}
