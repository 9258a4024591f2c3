import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { JudgeBench } from './judges.ts';
import { algorithmCases } from './signature-algorithms.ts';
import { chainCases } from './signature-chain.ts';
import { contentCases } from './signature-contents.ts';
import { signatureDifferences } from './signature-differences.ts';
import { type SignatureGroup, signatureGroupShape, signatureSchemaText } from './signature-group.ts';
import { handMadeCases } from './signature-hand-made.ts';
import { askOpenssl } from './signature-judges.ts';
import { pathCases } from './signature-paths.ts';
import { pinnedCases } from './signature-pinned.ts';
import { structureCases } from './signature-structures.ts';
import { SignatureWriter } from './signature-writer.ts';

const notes: SignatureGroup['notes'] = {
  Form: {
    effect: 'A form of message that tools write; to refuse it is to refuse honest images.',
    reference: 'RFC 5652 section 5; systemd-repart(8); openssl-smime(1)',
  },
  Content: {
    effect:
      'A signature is believed that is over something else than the root hash in lowercase without a newline.',
    reference: 'Discoverable Partitions Specification, verity signature partition',
  },
  Attached: {
    effect: 'A message with a content of its own is verified over that one, and signs any root hash.',
    reference: 'RFC 5652 section 5.2',
  },
  Attributes: {
    effect: 'The signature covers the attributes, and these do not cover the content once and without doubt.',
    reference: 'RFC 5652 sections 5.3, 5.4, 5.6 and 11',
  },
  Encoding: {
    effect: 'Two parsers see two messages in the same bytes.',
    reference: 'ITU-T X.690 section 10',
  },
  Signers: {
    effect: 'One good signer carries a bad one, or none at all will do.',
    reference: 'PKCS7_verify(3)',
  },
  Candidates: {
    effect: 'A certificate is believed because the message brings it along.',
    reference: 'RFC 5652 section 10.2.3',
  },
  Trust: { effect: 'Somebody is trusted who should not be, or the reverse.', reference: 'PKCS7_verify(3)' },
  Chain: {
    effect: 'A path to an anchor is found where none is, or the reverse.',
    reference: 'RFC 5280 section 6.1',
  },
  Constraints: {
    effect: 'A certificate is used for what it does not allow.',
    reference: 'RFC 5280 sections 4.2 and 6.1.4',
  },
  Validity: {
    effect: 'A certificate is used outside its validity period, pinned or not.',
    reference: 'RFC 5280 section 4.1.2.5',
  },
  Value: {
    effect: 'A signature is believed that the key did not make.',
    reference: 'RFC 8017 section 8.2.2',
  },
  Weak: {
    effect: 'A signature is believed that others than the key can make.',
    reference: 'NIST SP 800-131A',
  },
  Unknown: {
    effect: 'An algorithm that this verifier does not know; another verifier may accept.',
    reference: 'RFC 5652 section 10.1.1',
  },
};

// Writes the group afresh: the same cases each time, with new keys that nobody keeps. From the root of the repository:
// node dist/test-vectors/generate/signature.js
const directory = join('test-vectors', 'signature');
const bench = new JudgeBench();
const complaints: string[] = [];
const writer = new SignatureWriter(directory);
try {
  pinnedCases(writer);
  handMadeCases(writer);
  chainCases(writer);
  algorithmCases(writer);
  contentCases(writer);
  structureCases(writer);
  pathCases(writer);
  const cases = writer.cases.map((one) => ({
    ...one,
    judges: askOpenssl(bench, directory, one, (what) => complaints.push(what)),
  }));
  const given = cases.flatMap(({ id, judges }) => judges.map(({ tool }) => `${id} ${tool}`));
  complaints.push(...[...signatureDifferences.keys()].filter((key) => !given.includes(key)));
  const group = signatureGroupShape.parse({
    schema: '../schemas/signature.schema.json',
    generator: 'test-vectors/generate/signature.ts',
    notes,
    cases,
  });
  writeFileSync(join(directory, 'signature.json'), `${JSON.stringify(group, null, 2)}\n`);
  writeFileSync(join('test-vectors', 'schemas', 'signature.schema.json'), signatureSchemaText());
} finally {
  writer.pki.remove();
  bench.remove();
  for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
  if (complaints.length > 0) process.exitCode = 1;
}
