import { z } from 'zod';

import { labelWord, nameWord, sha256Word } from '../policy/schema-words.ts';
import { parseMoment } from '../policy/validity.ts';
import { parseVersionRange } from '../policy/version-range.ts';

// Sets, since what is looked up in them comes from hosts: one that measures much must not cost the verifier the product.
const digests = (least: 0 | 1) =>
  z
    .array(sha256Word)
    .min(least, 'lists none')
    .max(10_000, 'lists more than 10000')
    .transform((list): ReadonlySet<string> => new Set(list));

const versionRange = z.string().transform((text, context) => {
  const range = parseVersionRange(text);
  if (typeof range !== 'string') return range;
  context.addIssue({ code: 'custom', message: range });
  return z.NEVER;
});

/** A day, as databases of digests and SBAT levels are named by. */
export const dayWord = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'is not a day (2027-01-31)')
  .refine((text) => parseMoment(text, 'first') !== null, 'is not a day that exists');

const on = z.literal(true, 'can only be true; leave it out to ask nothing');

const pcrs = z
  .record(z.string().regex(/^(?:[0-9]|1[0-9]|2[0-3])$/, 'is not a PCR, 0 to 23'), digests(1))
  .meta({ maxProperties: 24 })
  .describe('of the sha256 bank: the quoted value must be one of these');

const secureBoot = z
  .strictObject({
    enabled: on.optional().describe('Secure Boot enforced, by the firmware and by shim where there is one'),
    deployedMode: on
      .optional()
      .describe('the firmware measured that it is in deployed mode; most measure nothing of it'),
    db: digests(1)
      .optional()
      .describe('every entry of db must be one of these: SHA-256 of certificates in DER, or of images'),
    dbx: digests(1).optional().describe('each of these must be in dbx'),
    dbxDate: dayWord
      .optional()
      .describe('all entries of the updates under dbx up to this date must be in dbx'),
    authorities: digests(1)
      .optional()
      .describe('whatever let an image start, in db or in shim, must be one of these, by SHA-256'),
    sbatLevel: dayWord.optional().describe("the level of shim's revocations must be of this date or later"),
  })
  .describe('what the firmware measured into PCR 7');

const boot = z
  .strictObject({
    images: digests(1)
      .optional()
      .describe('Authenticode SHA-256 of boot loaders and kernels: each image in PCR 4 must be one of these'),
    drivers: digests(0).optional().describe('the same for images in PCR 2: drivers of cards'),
    sections: z
      .record(z.string().regex(/^\.[\x21-\x7e]{1,15}$/, 'is not the name of a section'), digests(1))
      .meta({ maxProperties: 64 })
      .optional()
      .describe('of the unified kernel image, in PCR 11: each must be there with one of these SHA-256'),
    commandLines: z
      .array(z.string().max(4096, 'is longer than 4096 characters'))
      .max(1000, 'lists more than 1000')
      .transform((list): ReadonlySet<string> => new Set(list))
      .optional()
      .describe('given to the kernel besides its own, in PCR 12: each must be one of these'),
  })
  .describe('what was started');

const extensionPolicy = z
  .strictObject({
    name: nameWord.optional(),
    version: versionRange.optional().describe('comparisons that all must hold: ">= 12"'),
    sha256: digests(1).optional().describe('of the file'),
  })
  .refine((wanted) => Object.values(wanted).some((value) => value !== undefined), 'asks for nothing')
  .describe('the ExtensionPolicy that the host measured for every set in use');

const extension = z.strictObject({
  class: z.enum(['sysext', 'confext']).default('sysext'),
  name: z.string().min(1, 'is empty').max(255, 'is longer than a name can be'),
  version: versionRange
    .optional()
    .describe('in systemd\'s order; comparisons that all must hold: ">= 2.1, < 3"'),
});

const clock = z
  .strictObject({
    safe: on.optional().describe('the clock of the TPM certainly never showed a later time'),
    maximumRestarts: z
      .int()
      .min(0)
      .max(0xffffffff)
      .optional()
      .describe('resumes from suspend since the TPM was reset'),
    continuous: on
      .optional()
      .describe('earlier evidence of the host is at hand, which this evidence continues'),
    maximumResets: z
      .int()
      .min(0)
      .max(0xffffffff)
      .optional()
      .describe('of the TPM since the earlier evidence; 1: no boot went unseen'),
    maximumGapSeconds: z
      .int()
      .min(1, 'is less than a second')
      .max(0xffffffff)
      .optional()
      .describe('powered time of the TPM since the earlier evidence'),
  })
  .describe('what the quote tells of the clock of the TPM');

/** What a host must show. Each key that is there must hold. */
export const requirementSchema = z.strictObject({
  enrolment: z
    .enum(['activated', 'maker'])
    .optional()
    .describe(
      "activated: the host's keys were proved to be in one TPM; maker: which is one of a maker that is trusted",
    ),
  tpmFirmware: z
    .string()
    .regex(/^[0-9a-f]{16}$/, 'is not 16 lowercase hexadecimal digits')
    .optional()
    .describe("the least version of the TPM's own firmware, as enrolment records have it"),
  pcrs: pcrs.optional(),
  firmwareLog: on
    .optional()
    .describe("the evidence has the firmware's log, and it replays to the quoted PCRs"),
  unexplainedPcrs: z
    .array(z.int().min(0).max(23))
    .max(24)
    .optional()
    .describe('quoted PCRs that may hold more than the logs explain; []: none may'),
  secureBoot: secureBoot.optional(),
  boot: boot.optional(),
  extensionPolicy: extensionPolicy.optional(),
  extensions: z
    .array(extension)
    .min(1, 'lists none')
    .max(512, 'are more than 512')
    .optional()
    .describe('that must be in use'),
  merged: on.optional().describe('the host confirmed the merge of what it approved'),
  immutable: on.optional().describe('no merged hierarchy can be changed'),
  clock: clock.optional(),
});

/** What a host must show, as decisions use it. */
export type Requirement = z.output<typeof requirementSchema>;

/** Which hosts a rule is about. */
export const whenSchema = z
  .strictObject({
    labels: z
      .record(labelWord, z.union([labelWord, z.array(labelWord).min(1, 'lists none').max(100)]))
      .refine((labels) => Object.keys(labels).length <= 100, 'has more than 100 labels')
      .meta({ maxProperties: 100 })
      .describe('of the host: each must be there, with this value or one of these'),
  })
  .describe('what hosts the rule is about; absent: all');
