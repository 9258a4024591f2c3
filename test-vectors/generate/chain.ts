import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ChainDraft } from './chain-case.ts';
import { constraintCases } from './chain-constraint-cases.ts';
import { chainDifferences } from './chain-differences.ts';
import { type ChainGroup, chainGroupShape, chainSchemaText } from './chain-group.ts';
import { askVerify } from './chain-judges.ts';
import { encodingCases } from './chain-encoding-cases.ts';
import { keyCases } from './chain-key-cases.ts';
import { listCases } from './chain-list-cases.ts';
import { listFormCases } from './chain-list-form-cases.ts';
import { nameConstraintCases } from './chain-name-constraint-cases.ts';
import { hostConstraintCases } from './chain-host-constraint-cases.ts';
import { nameCases } from './chain-name-cases.ts';
import { pathCases } from './chain-path-cases.ts';
import { trustCases } from './chain-trust-cases.ts';
import { usageCases } from './chain-usage-cases.ts';
import { validityCases } from './chain-validity-cases.ts';
import { JudgeBench } from './judges.ts';

const notes: ChainGroup['notes'] = {
  Validity: {
    effect: 'A certificate is used outside its validity period.',
    reference: 'RFC 5280 sections 4.1.2.5 and 6.1.3 (a)(2)',
  },
  Time: {
    effect: 'Two parsers read two dates, or none is where one should be.',
    reference: 'RFC 5280 sections 4.1.2.5.1 and 4.1.2.5.2',
  },
  BasicConstraints: {
    effect: 'Whoever has a certificate makes more of them.',
    reference: 'RFC 5280 sections 4.2.1.9 and 6.1.4 (k)',
  },
  PathLength: {
    effect: 'An authority that may certify signers certifies authorities.',
    reference: 'RFC 5280 sections 4.2.1.9 and 6.1.4 (l) and (m)',
  },
  CriticalExtension: {
    effect: 'A constraint that the issuer insists on is passed over.',
    reference: 'RFC 5280 sections 4.2 and 6.1.4 (o)',
  },
  KeyUsage: {
    effect: 'A key is used for what its certificate does not allow.',
    reference: 'RFC 5280 sections 4.2.1.3 and 6.1.4 (n)',
  },
  ExtendedKeyUsage: {
    effect: 'Who may sign mail signs extensions.',
    reference: 'RFC 5280 section 4.2.1.12',
  },
  NameChaining: {
    effect: 'A certificate is taken for one of another issuer. Names are the same here if their bytes are.',
    reference: 'RFC 5280 sections 4.1.2.4, 6.1.3 (a)(4) and 7.1',
  },
  SameName: {
    effect: 'Who takes the name of an authority takes its place, or hides it.',
    reference: 'RFC 5280 section 6.1',
  },
  KeyIdentifier: {
    effect: 'A path is lost among several keys of one issuer.',
    reference: 'RFC 5280 sections 4.2.1.1 and 4.2.1.2',
  },
  Path: {
    effect: 'A path to an anchor is found where none is, or the reverse.',
    reference: 'RFC 5280 section 6.1',
  },
  CrossCertificate: {
    effect: 'A path is not found, is found twice, or the search for it does not end.',
    reference: 'RFC 4158 section 2.4.2',
  },
  TwoPaths: { effect: 'A bad path hides a good one.', reference: 'RFC 4158 section 2.4' },
  LongPath: {
    effect:
      'Somebody has every verifier follow a path without end. Here a path has eight certificates at most.',
    reference: 'RFC 4158 section 3.5.18',
  },
  Crowd: {
    effect: 'Certificates that anybody may add hide the ones that count.',
    reference: 'RFC 4158 section 3',
  },
  Key: { effect: 'An honest chain is refused.', reference: 'RFC 3279 section 2.3; RFC 8410; RFC 4055' },
  WeakKey: {
    effect:
      'Others than the owner of the key can sign, or this verifier and another do not know the same keys.',
    reference: 'NIST SP 800-131A',
  },
  BrokenKey: {
    effect: 'A key is used that is none.',
    reference: 'RFC 5480 section 2; NIST SP 800-56A section 5.6.2.3',
  },
  WeakDigest: {
    effect: 'Somebody has one certificate signed and shows another.',
    reference: 'RFC 6151; RFC 6194',
  },
  AlgorithmMismatch: {
    effect: 'What is signed is not how it is verified.',
    reference: 'RFC 5280 sections 4.1.1.2 and 4.1.2.3',
  },
  Value: {
    effect: 'A signature is believed that the key did not make.',
    reference: 'RFC 5280 section 6.1.3 (a)(1)',
  },
  Version: {
    effect: 'Constraints are passed over, or read where there are none.',
    reference: 'RFC 5280 section 4.1.2.1',
  },
  SerialNumber: {
    effect: 'Two certificates have one number, so that neither can be revoked for sure.',
    reference: 'RFC 5280 section 4.1.2.2',
  },
  Extensions: { effect: 'Two parsers read two sets of constraints.', reference: 'RFC 5280 section 4.2' },
  Encoding: {
    effect: 'Two parsers see two certificates in the same bytes.',
    reference: 'ITU-T X.690 section 10',
  },
  Mode: {
    effect: 'Somebody is trusted who should not be, or the reverse.',
    reference: 'RFC 5280 section 6.1.1 (d)',
  },
  Pinned: {
    effect:
      'A certificate is trusted that only resembles the pinned one, or a pinned one for what it is not.',
    reference: 'RFC 5280 section 4.1',
  },
  NameConstraints: {
    effect: 'An authority for some names issues certificates for all.',
    reference: 'RFC 5280 sections 4.2.1.10, 6.1.3 (b) and (c), and 7',
  },
  Revoked: {
    effect: 'A certificate is used that its issuer revoked.',
    reference: 'RFC 5280 sections 5.3 and 6.3.3',
  },
  Coverage: {
    effect: 'A certificate passes for good because a list was withheld.',
    reference: 'openssl-verification-options(1), -crl_check_all',
  },
  ListDates: {
    effect: 'An old list is shown, in which the certificate is not yet revoked.',
    reference: 'RFC 5280 sections 5.1.2.4, 5.1.2.5 and 6.3.3 (a)',
  },
  ListSignature: {
    effect: 'A list is believed that the issuer did not make.',
    reference: 'RFC 5280 section 6.3.3 (f) and (g)',
  },
  ListScope: {
    effect: 'A list of some certificates, or some reasons, passes for one of all.',
    reference: 'RFC 5280 sections 5.2.4, 5.2.5 and 5.3.3',
  },
  ListExtension: {
    effect: 'What changes the meaning of a list is passed over.',
    reference: 'RFC 5280 sections 5.2 and 5.3',
  },
  TwoLists: {
    effect: 'A revocation is forgotten. Here what any list in date revokes is revoked.',
    reference: 'RFC 5280 section 6.3.3',
  },
  ListEncoding: { effect: 'Two parsers see two lists in the same bytes.', reference: 'RFC 5280 section 5.1' },
  AnchorRevoked: {
    effect:
      'Who is trusted to the last byte is asked to vouch for itself, or a pinned certificate cannot be revoked.',
    reference: 'RFC 5280 section 6.1',
  },
};

/** The cases, the same each time; nobody else has been asked about them. */
export function chainDrafts(): ChainDraft[] {
  return [
    ...constraintCases(),
    ...validityCases(),
    ...usageCases(),
    ...nameCases(),
    ...pathCases(),
    ...keyCases(),
    ...encodingCases(),
    ...trustCases(),
    ...nameConstraintCases(),
    ...hostConstraintCases(),
    ...listCases(),
    ...listFormCases(),
  ];
}

// Asks openssl about every case. From the root of the repository: node dist/test-vectors/generate/chain.js
if (import.meta.filename === process.argv[1]) {
  const bench = new JudgeBench();
  const complaints: string[] = [];
  try {
    const cases = chainDrafts().map((draft) => askVerify(bench, draft, (what) => complaints.push(what)));
    const ids = new Set(cases.map(({ id }) => id));
    complaints.push(...[...chainDifferences.keys()].filter((id) => !ids.has(id)));
    const group = chainGroupShape.parse({
      schema: '../schemas/chain.schema.json',
      generator: 'test-vectors/generate/chain.ts',
      notes,
      cases,
    });
    writeFileSync(join('test-vectors', 'chain', 'chain.json'), `${JSON.stringify(group, null, 2)}\n`);
    writeFileSync(join('test-vectors', 'schemas', 'chain.schema.json'), chainSchemaText());
  } finally {
    bench.remove();
    for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
    if (complaints.length > 0) process.exitCode = 1;
  }
}
