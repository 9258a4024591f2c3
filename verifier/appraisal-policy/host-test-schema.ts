import { z } from 'zod';

import { labelWord, nameWord, pathWord, sha256Word } from '../policy/schema-words.ts';
import { type ReasonCode, reasonSentences } from '../reasons.ts';
import { dayWord } from './requirement-schema.ts';

const digests = z.array(sha256Word).max(10_000, 'lists more than 10000').default([]);
const pcr = z.int().min(0).max(23);
const counter = z.int().min(0).max(0xffffffff);

const secureBoot = z.strictObject({
  enabled: z.boolean(),
  deployedMode: z.boolean().optional().describe('absent: the firmware measured nothing of it'),
  db: digests,
  dbx: digests,
  authorities: digests,
  sbatLevel: dayWord.optional().describe('absent: none was measured'),
});

const firmwareLog = z
  .strictObject({
    unexplainedPcrs: z.array(pcr).max(24).default([]),
    secureBoot: secureBoot.optional().describe('absent: the log does not say'),
    images: digests,
    drivers: digests,
    sections: z.record(z.string().max(16), sha256Word).default({}),
    commandLines: z.array(z.string().max(4096)).max(1000).default([]),
  })
  .describe('that the quote vouches for; absent: there is none');

const set = z.strictObject({
  class: z.enum(['sysext', 'confext']).default('sysext'),
  state: z.enum(['approved', 'merged', 'unmerged']).default('merged'),
  policy: z.strictObject({ name: nameWord, version: z.int().min(1), sha256: sha256Word.optional() }),
  extensions: z
    .array(
      z.strictObject({
        name: z.string().min(1, 'is empty').max(255),
        version: z.string().max(255).default(''),
      }),
    )
    .max(512)
    .default([]),
});

const describedHost = z
  .strictObject({
    enrolment: z
      .enum(['maker', 'first-use'])
      .optional()
      .describe('absent: the keys come from no enrolment record'),
    tpmFirmware: z
      .string()
      .regex(/^[0-9a-f]{16}$/, 'is not 16 lowercase hexadecimal digits')
      .default('0000000000000000'),
    pcrs: z
      .record(z.string().regex(/^(?:[0-9]|1[0-9]|2[0-3])$/, 'is not a PCR, 0 to 23'), sha256Word)
      .default({})
      .describe('that were quoted'),
    firmwareLog: firmwareLog.optional(),
    sets: z.array(set).max(2, 'are more than 2').default([]),
    mutable: z.boolean().optional().describe('absent: not known'),
    clock: z
      .strictObject({ safe: z.boolean().default(true), restarts: counter.default(0) })
      .default({ safe: true, restarts: 0 }),
    sinceEarlier: z
      .strictObject({ resets: counter.default(0), seconds: counter.default(0) })
      .optional()
      .describe('resets and powered seconds since earlier evidence; absent: there is no earlier evidence'),
  })
  .describe('what the evidence proves of a host; what is absent is not known, or not there');

const codes = z.enum(Object.keys(reasonSentences).filter(isReasonCode));

function isReasonCode(code: string): code is ReasonCode {
  return Object.hasOwn(reasonSentences, code);
}

const testCase = z
  .strictObject({
    name: z
      .string()
      .min(1, 'is empty')
      .max(200, 'is longer than 200 characters')
      .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, 'has control characters or others that cannot be printed'),
    host: describedHost.optional(),
    evidence: pathWord
      .optional()
      .describe('evidence of a real host, relative to this file; whose it is is not asked'),
    enrolment: z
      .enum(['maker', 'first-use'])
      .optional()
      .describe('of the host that the evidence is of; absent: its keys come from no enrolment record'),
    pcr: z
      .int()
      .min(0)
      .max(15)
      .optional()
      .describe('into which the host that the evidence is of measures extensions; absent: 13'),
    labels: z.record(labelWord, labelWord).optional().describe('of the host'),
    expect: z.enum(['trustworthy', 'not-trustworthy', 'undecided']),
    code: codes.optional().describe('a reason for the answer; absent: any'),
    warns: z.array(codes).max(32).optional().describe('the codes of all warnings; absent: any or none'),
    rule: nameWord.optional().describe('a rule that is about the host; absent: any'),
  })
  .superRefine(({ host, evidence, enrolment, pcr, code, expect }, context) => {
    const complain = (message: string, path: string[] = []): void =>
      context.addIssue({ code: 'custom', message, path });
    if ((host === undefined) === (evidence === undefined)) complain('needs either host or evidence');
    if (enrolment !== undefined && evidence === undefined)
      complain('goes with evidence; write it into host', ['enrolment']);
    if (pcr !== undefined && evidence === undefined) complain('goes with evidence', ['pcr']);
    if (code !== undefined && expect === 'trustworthy')
      complain('goes with another answer; what is trustworthy has no reasons', ['code']);
  })
  .meta({ oneOf: [{ required: ['host'] }, { required: ['evidence'] }] });

/** The test file of an AppraisalPolicy, as written. One source for the parser, the types and the JSON Schema that editors use. */
export const hostTestSchema = z
  .strictObject({
    apiVersion: z.literal('touchstone/v1'),
    kind: z.literal('AppraisalPolicyTest'),
    policy: pathWord.describe('the AppraisalPolicy under test, relative to this file'),
    cases: z.array(testCase).min(1, 'are none').max(10_000, 'are more than 10000'),
  })
  .describe('Touchstone: what a policy about hosts is to say of them');

export type HostTestDocument = z.output<typeof hostTestSchema>;
export type HostCaseDocument = HostTestDocument['cases'][number];
export type HostDescription = NonNullable<HostCaseDocument['host']>;

/** The JSON Schema (draft 2020-12) of such a test file. */
export function hostTestJsonSchema(): unknown {
  return z.toJSONSchema(hostTestSchema, { io: 'input' });
}
