import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { bootCases, hostCases } from './appraisal-policy-cases.ts';
import { type HostGroupText, hostGroupSchemaText, hostGroupShape } from './appraisal-policy-group.ts';
import { invalidCases } from './appraisal-policy-invalid-cases.ts';
import { logCases } from './appraisal-policy-log-cases.ts';

const keys = 'policies/README.md, Keys of policies about hosts';

const notes: HostGroupText['notes'] = {
  Known: { effect: 'A host is trusted whose keys, or whose TPM, are not what is asked.', reference: keys },
  Unknown: {
    effect:
      'What is not known passes for good, or for bad: a host is let in that shows nothing, or people are called to one that is well.',
    reference: 'docs/verifier.md, Three answers',
  },
  Extensions: {
    effect: 'A host is trusted that goes by another policy, or lacks what it must have.',
    reference: keys,
  },
  Clock: {
    effect: 'A TPM that was reset, or a host that ran unseen, is not noticed.',
    reference: 'TPM 2.0 Library Part 1, section "Clock"',
  },
  Warnings: { effect: 'A requirement that is rolled out changes the answer.', reference: keys },
  Pcrs: { effect: 'A PCR holds what nobody allowed or explained.', reference: keys },
  SecureBoot: {
    effect: 'A host is trusted whose firmware starts what others signed, or what was revoked.',
    reference: 'TCG PC Client Platform Firmware Profile, section 3.3.4.8',
  },
  Boot: { effect: 'A host is trusted that was started from something else.', reference: keys },
  Labels: { effect: 'A rule decides about a host that it is not about, or leaves one out.', reference: keys },
  Genuine: { effect: 'A real machine is not understood.', reference: 'test-vectors/README.md, log' },
  Closed: { effect: 'A policy is used that says something this version does not enforce.', reference: keys },
  Ambiguous: {
    effect: 'A reader and the parser, or two parsers, see two policies in one text.',
    reference: 'YAML 1.2.2, sections 3.2.1.3 and 10.2.1',
  },
};

/** The group, the same each time. */
export function makeHostGroup(): HostGroupText {
  const group: HostGroupText = {
    schema: '../schemas/appraisal-policy.schema.json',
    generator: 'test-vectors/generate/appraisal-policy.ts',
    notes,
    cases: [...hostCases, ...bootCases, ...logCases(), ...invalidCases],
  };
  hostGroupShape.parse(group);
  return group;
}

function write(): void {
  const group = `${JSON.stringify(makeHostGroup(), null, 2)}\n`;
  writeFileSync(join('test-vectors', 'appraisal-policy', 'appraisal-policy.json'), group);
  writeFileSync(join('test-vectors', 'schemas', 'appraisal-policy.schema.json'), hostGroupSchemaText());
}

// From the root of the repository: node dist/test-vectors/generate/appraisal-policy.js
if (import.meta.filename === process.argv[1]) write();
