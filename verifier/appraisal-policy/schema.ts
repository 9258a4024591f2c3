import { z } from 'zod';

import { nameWord, sha256Word } from '../policy/schema-words.ts';
import { dayWord, requirementSchema, whenSchema } from './requirement-schema.ts';

const ruleSchema = z
  .strictObject({
    name: nameWord,
    when: whenSchema.optional(),
    require: requirementSchema.optional().describe('what fails here speaks against the host'),
    warn: requirementSchema.optional().describe('what fails here is reported, and changes no answer'),
  })
  .refine(({ require, warn }) => require !== undefined || warn !== undefined, 'needs require, warn or both');

/** The file of an AppraisalPolicy, as written. One source for the parser, the types and the JSON Schema that editors use. */
export const appraisalPolicySchema = z
  .strictObject({
    apiVersion: z.literal('touchstone/v1'),
    kind: z.literal('AppraisalPolicy'),
    metadata: z.strictObject({ name: nameWord, version: z.int().min(1, 'is not 1 or more') }),
    dbx: z
      .record(dayWord, z.array(sha256Word).min(1, 'lists none').max(10_000, 'lists more than 10000'))
      .meta({ maxProperties: 100 })
      .refine((updates) => Object.keys(updates).length <= 100, 'has more than 100 updates')
      .default({})
      .describe('updates of dbx, by date: entries by which each can be told'),
    rules: z
      .array(ruleSchema)
      .min(1, 'are none')
      .max(1000, 'are more than 1000')
      .describe('every rule that is about the host must hold; a host that none is about is refused'),
  })
  .describe('Touchstone: what a host must prove to be trusted');

export type AppraisalPolicyDocument = z.output<typeof appraisalPolicySchema>;

/** The JSON Schema (draft 2020-12) of an AppraisalPolicy. */
export function appraisalPolicyJsonSchema(): unknown {
  return z.toJSONSchema(appraisalPolicySchema, { io: 'input' });
}
