import { z } from 'zod';

import { ruleSchema } from './rule-schema.ts';
import { nameWord, rootHashWord, sha256Word } from './schema-words.ts';
import { trustSetSchema } from './trust-schema.ts';

const revokedCertificate = z
  .strictObject({
    sha256: sha256Word.optional(),
    issuer: z
      .string()
      .min(1, 'is empty')
      .max(4096, 'is longer than 4096 characters')
      .describe("the issuer's name, as `inspect` and `verify` print it")
      .optional(),
    serial: z
      .string()
      .regex(/^(?:[0-9a-f]{2}){1,20}$/, 'is not a serial number in octets of lowercase hexadecimal')
      .optional(),
  })
  .refine(
    ({ sha256, issuer, serial }) =>
      (sha256 !== undefined) !== (issuer !== undefined) && (issuer === undefined) === (serial === undefined),
    'needs sha256, or issuer and serial',
  );

/** The policy file, as written. One source for the parser, the types and the JSON Schema that editors use. */
export const extensionPolicySchema = z
  .strictObject({
    apiVersion: z.literal('touchstone/v1'),
    kind: z.literal('ExtensionPolicy'),
    metadata: z
      .strictObject({
        name: nameWord,
        version: z.int().min(1, 'is not 1 or more'),
        minimum: z
          .int()
          .min(1, 'is not 1 or more')
          .optional()
          .describe('a host that has taken this policy takes none with a lower version any more'),
        replaces: nameWord
          .optional()
          .describe('the policy of another name that hosts with a history have gone by until now'),
      })
      .refine(({ name, replaces }) => name !== replaces, {
        path: ['replaces'],
        error: 'is the name of this policy itself',
      })
      .refine(({ version, minimum = 0 }) => minimum <= version, {
        path: ['minimum'],
        error: 'is higher than the version, so that no host could take this policy twice',
      }),
    trust: z
      .record(nameWord, trustSetSchema)
      .refine((sets) => Object.keys(sets).length <= 100, 'has more than 100 sets')
      .meta({ maxProperties: 100 }),
    revoked: z
      .strictObject({
        rootHashes: z.array(rootHashWord).default([]),
        certificates: z
          .array(revokedCertificate)
          .default([])
          .describe('by digest, or by issuer and serial number as `inspect` prints them'),
      })
      .optional()
      .describe('refused whatever the rules say'),
    rules: z
      .array(ruleSchema)
      .max(1000, 'are more than 1000')
      .describe('the first whose match fits decides; none fits: refused'),
    mode: z
      .enum(['enforce', 'audit'])
      .default('enforce')
      .describe('audit: what is refused is reported and recorded, and merged all the same'),
    onRefused: z
      .enum(['quarantine', 'abort'])
      .default('quarantine')
      .describe(
        'quarantine: move away what is refused, and let the rest be merged; abort: nothing is merged',
      ),
    measure: z
      .strictObject({
        pcr: z
          .int()
          .min(0, 'is not a PCR')
          .max(
            15,
            'is no PCR to measure into: any root process can reset 16 and 23, and 17 to 22 are of other localities',
          )
          .default(13),
        withoutTpm: z
          .enum(['refuse', 'merge'])
          .default('refuse')
          .describe(
            'what a host without a TPM does: refuse everything, or merge what is approved unmeasured',
          ),
      })
      .default({ pcr: 13, withoutTpm: 'refuse' })
      .describe('the PCR that events are measured into'),
  })
  .describe('Touchstone: which systemd extension images may be merged');

export type ExtensionPolicyDocument = z.infer<typeof extensionPolicySchema>;

/** The JSON Schema (draft 2020-12) of a policy file. */
export function extensionPolicyJsonSchema(): unknown {
  return z.toJSONSchema(extensionPolicySchema, { io: 'input' });
}
