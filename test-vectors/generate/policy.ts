import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { OpensslPki } from './openssl-pki.ts';
import { circumstanceCases } from './policy-circumstance-cases.ts';
import { decidedCases } from './policy-cases.ts';
import { formCases } from './policy-form-cases.ts';
import { type PolicyGroup, policyGroupShape, policySchemaText } from './policy-group.ts';
import { invalidCircumstanceCases } from './policy-invalid-circumstances.ts';
import { invalidCases } from './policy-invalid-cases.ts';

const notes: PolicyGroup['notes'] = {
  Rules: {
    effect: 'Another rule decides than the one that its author sees decide.',
    reference: 'policies/README.md, How a policy decides',
  },
  Signer: {
    effect: 'An image is accepted that none of the trust sets vouches for which the rule names.',
    reference: 'policies/README.md, require.signedBy',
  },
  Digest: {
    effect: 'Something that nobody signed is accepted without being what the rule lists.',
    reference: 'policies/README.md, require.treeDigest and require.fileDigest',
  },
  Form: {
    effect: 'A rule decides about an image of a form that it is not about.',
    reference: 'policies/README.md, match.form',
  },
  HashType: {
    effect: 'A hash tree is accepted whose blocks are not hashed as everybody expects.',
    reference: 'policies/README.md, require.hashType',
  },
  Architecture: {
    effect: 'An image for another architecture than the rule allows is accepted.',
    reference: 'policies/README.md, require.architecture',
  },
  Revocation: {
    effect: 'A rule lets in again what is revoked, or revocation reaches further than it says.',
    reference: 'policies/README.md, revoked',
  },
  TwoParty: {
    effect:
      'One key is enough where two people must sign, or a signer is let in whom the rule does not name.',
    reference: 'policies/README.md, require.signedByAll',
  },
  Labels: {
    effect: 'A rule decides about a host that it is not about.',
    reference: 'policies/README.md, match.labels',
  },
  Validity: {
    effect: 'A rule decides before it is in force, or when it is no longer.',
    reference: 'policies/README.md, validity',
  },
  Version: {
    effect: 'A version is accepted that the rule does not name.',
    reference: 'policies/README.md, require.version; UAPI.10 Version Comparison',
  },
  Downgrade: {
    effect: 'An older image than the host has accepted before is merged.',
    reference: 'policies/README.md, require.noDowngrade',
  },
  Mode: {
    effect: 'What a verdict says depends on what is done with it.',
    reference: 'policies/README.md, mode and metadata.minimum',
  },
  Closed: {
    effect: 'A policy is used that says something this version does not enforce.',
    reference: 'policies/README.md, Keys',
  },
  Ambiguous: {
    effect: 'A reader and the parser, or two parsers, see two policies in one text.',
    reference: 'YAML 1.2.2, sections 3.2.1.3, 6.8.1 and 7.1',
  },
};

/** The group, the same each time. */
export function makePolicyGroup(): PolicyGroup {
  return policyGroupShape.parse({
    schema: '../schemas/policy.schema.json',
    generator: 'test-vectors/generate/policy.ts',
    notes,
    cases: [
      ...formCases,
      ...decidedCases,
      ...circumstanceCases,
      ...invalidCircumstanceCases,
      ...invalidCases,
    ],
  });
}

/** Writes the group, with certificates whose keys nobody keeps. */
function write(): void {
  const directory = join('test-vectors', 'policy');
  const pki = new OpensslPki();
  const dates = { notBefore: '20260101000000Z', notAfter: '20560101000000Z' };
  const isAuthority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'];
  const authority = pki.issue({ subject: '/CN=authority', extensions: isAuthority, ...dates });
  const pinned = pki.issue({ subject: '/CN=pinned', ...dates });
  copyFileSync(authority.certificate, join(directory, 'authority.pem'));
  copyFileSync(pinned.certificate, join(directory, 'pinned.pem'));
  writeFileSync(join(directory, 'not-a-certificate.pem'), 'nothing of the kind\n');
  pki.remove();
  writeFileSync(join(directory, 'policy.json'), `${JSON.stringify(makePolicyGroup(), null, 2)}\n`);
  writeFileSync(join('test-vectors', 'schemas', 'policy.schema.json'), policySchemaText());
}

// From the root of the repository: node dist/test-vectors/generate/policy.js
if (import.meta.filename === process.argv[1]) write();
