import { z } from 'zod';

import { architectures } from '../image/partition-types.ts';
import { globProblem } from './glob.ts';
import { labelWord, nameWord, rootHashWord } from './schema-words.ts';
import { parseMoment } from './validity.ts';
import { parseVersionRange } from './version-range.ts';

const match = z
  .strictObject({
    class: z.enum(['sysext', 'confext']).optional(),
    name: z
      .string()
      .min(1, 'is empty')
      .max(255, 'is longer than a name can be')
      .superRefine((glob, context) => {
        const problem = globProblem(glob);
        if (problem !== null) context.addIssue({ code: 'custom', message: `is not a glob: ${problem}` });
      })
      .optional()
      .describe('glob over the extension name: * ? [a-z] [!a-z], \\ before a character for itself'),
    form: z
      .enum(['ddi', 'sidecar', 'bare', 'directory'])
      .optional()
      .describe(
        'ddi: a GPT image; sidecar: a file system with .verity and .roothash beside it; bare: one without; directory',
      ),
    labels: z
      .record(labelWord, z.union([labelWord, z.array(labelWord).min(1, 'lists none').max(100)]))
      .refine((labels) => Object.keys(labels).length <= 100, 'has more than 100 labels')
      .meta({ maxProperties: 100 })
      .optional()
      .describe('labels of the host: each must be there, with this value or one of these'),
  })
  .describe('what the rule is about; an empty match is about everything');

const digests = z
  .array(z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is not sha256: and a digest in lowercase hexadecimal'))
  .min(1, 'lists none')
  .max(1000, 'lists more than 1000');

const trustSets = z.array(z.string()).max(100, 'names more than 100');

const admissions = ['signedBy', 'signedByAll', 'treeDigest', 'fileDigest'] as const;

const requirement = z
  .strictObject({
    signedBy: trustSets
      .min(1, 'names nobody: no rule can admit what nobody signed')
      .describe('names under trust; one of them must vouch for every signer')
      .optional(),
    signedByAll: trustSets
      .min(2, 'names fewer than two; write signedBy for one')
      .describe('names under trust; each must vouch for a signer of its own, and no signer may be left over')
      .optional(),
    treeDigest: digests
      .describe('of directories, which nobody can sign: exactly these are admitted')
      .optional(),
    fileDigest: digests
      .describe('of bare file system images, which nobody can sign: exactly these are admitted')
      .optional(),
    rootHash: z
      .array(rootHashWord)
      .min(1, 'lists none')
      .max(1000, 'lists more than 1000')
      .describe('of signed images: exactly these are accepted, besides that they must be signed')
      .optional(),
    architecture: z.array(z.enum(architectures)).min(1, 'lists none').optional(),
    hashType: z
      .array(z.literal([0, 1]))
      .min(1, 'lists none')
      .default([1])
      .describe('of the dm-verity hash tree: 1 as everybody makes it, 0 as Chrome OS did'),
    version: z
      .string()
      .superRefine((text, context) => {
        const range = parseVersionRange(text);
        if (typeof range === 'string') context.addIssue({ code: 'custom', message: range });
      })
      .optional()
      .describe('of the extension, in systemd\'s order; comparisons that all must hold: ">= 2.1, < 3"'),
    noDowngrade: z
      .boolean()
      .default(false)
      .describe('true: not older than the newest version of this name that the host has accepted'),
  })
  .superRefine((requirement, context) => {
    if (
      requirement.rootHash !== undefined &&
      (requirement.treeDigest ?? requirement.fileDigest) !== undefined
    )
      context.addIssue({
        ...{ code: 'custom', path: ['rootHash'] },
        message: 'is about what is signed; a digest says by itself what is admitted',
      });
    const given = admissions.filter((key) => requirement[key] !== undefined);
    if (given.length === 1) return;
    const keys = admissions.join(', ');
    const message =
      given.length === 0
        ? `needs one of ${keys}: no rule can admit just anything`
        : `has more than one of ${keys}; write a rule for each`;
    context.addIssue({ code: 'custom', message });
  });

const moment = (end: 'first' | 'last') =>
  z
    .string()
    .refine(
      (text) => parseMoment(text, end) !== null,
      'is not a day (2027-01-31) or a UTC moment (2027-01-31T12:00:00Z)',
    );

/** One rule of a policy. */
export const ruleSchema = z.strictObject({
  name: nameWord.describe('goes into the measurement log'),
  match,
  validity: z
    .strictObject({ notBefore: moment('first').optional(), notAfter: moment('last').optional() })
    .optional()
    .describe('when the rule is in force, both ends included; outside it is as if it were not written'),
  require: requirement,
});
