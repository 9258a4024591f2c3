import { z } from 'zod';

import { architectures } from '../image/partition-types.ts';
import { extensionPolicySchema } from '../policy/schema.ts';
import { labelWord, nameWord, pathWord, rootHashWord } from '../policy/schema-words.ts';
import { parseMoment } from '../policy/validity.ts';
import { type ReasonCode, reasonSentences } from '../reasons.ts';

const trustSets = z.array(z.string()).max(100, 'names more than 100');

// Written as the policy writes what it revokes.
const certificates = z
  .array(extensionPolicySchema.shape.revoked.unwrap().shape.certificates.unwrap().element)
  .min(1, 'lists none')
  .max(16, 'are more than 16')
  .optional()
  .describe(
    'of the signer and of its chain, by digest or by issuer and serial number, for what the policy revokes',
  );

const signer = z.strictObject({
  signedBy: trustSets.describe('trust sets of the policy that vouch for this signer; none: nobody does'),
  certificates,
});

const versionWord = z
  .string()
  .regex(/^[A-Za-z0-9~^.+_-]{1,255}$/, 'is not a version: 1 to 255 letters, digits and ~^.+_-');

const describedImage = z.strictObject({
  name: z.string().min(1, 'is empty').max(255, 'is longer than a name can be').describe('of the extension'),
  class: z.enum(['sysext', 'confext']).default('sysext'),
  form: z.enum(['ddi', 'sidecar', 'bare', 'directory']).default('ddi'),
  architecture: z.enum(architectures).optional().describe('absent: not known, so that no rule refuses it'),
  version: versionWord.optional().describe("the extension's own version; absent: it has none"),
  rootHash: rootHashWord.optional().describe('of the hash tree; absent: one made up'),
  hashType: z.literal([0, 1]).optional().describe('of the hash tree; absent: 1'),
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'is not sha256: and a digest in lowercase hexadecimal')
    .optional()
    .describe('of a directory or a bare file system; absent: one made up'),
  signedBy: trustSets
    .optional()
    .describe(
      'trust sets of the policy that vouch for the one signer; none: nobody does; absent: not signed',
    ),
  certificates,
  signers: z
    .array(signer)
    .min(1, 'lists none')
    .max(16, 'are more than 16')
    .optional()
    .describe('several signers'),
});

/** What a description says must be possible together. */
function checkDescription(image: z.infer<typeof describedImage>, context: z.RefinementCtx): void {
  const complain = (key: string, message: string): void =>
    context.addIssue({ code: 'custom', message, path: [key] });
  const { form, signedBy, signers, certificates } = image;
  if (form === 'ddi' || form === 'sidecar') {
    if (image.digest !== undefined)
      complain('digest', 'is for a directory or a bare file system; write rootHash');
  } else {
    for (const key of ['rootHash', 'hashType', 'signedBy', 'signers'] as const)
      if (image[key] !== undefined)
        complain(key, `does not go with form: ${form}, which has no hash tree that anybody could sign`);
  }
  if (signers !== undefined && signedBy !== undefined)
    complain('signedBy', 'is said a second time: write signers, or signedBy for one');
  if (certificates !== undefined && signedBy === undefined)
    complain('certificates', 'belongs to a signer: write it beside signedBy');
}

const codes = z.enum(Object.keys(reasonSentences).filter(isReasonCode));

function isReasonCode(code: string): code is ReasonCode {
  return Object.hasOwn(reasonSentences, code);
}

const testCase = z.strictObject({
  name: z
    .string()
    .min(1, 'is empty')
    .max(200, 'is longer than 200 characters')
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, 'has control characters or others that cannot be printed'),
  image: pathWord
    .optional()
    .describe('an image file, a directory, or a versioned directory (NAME.raw.v), relative to this file'),
  class: z
    .enum(['sysext', 'confext'])
    .optional()
    .describe('of `image`; absent: by its name or directory, else sysext'),
  describe: describedImage
    .superRefine(checkDescription)
    .optional()
    .describe('an image, with no image at hand'),
  labels: z.record(labelWord, labelWord).optional().describe('of the host'),
  now: z
    .string()
    .refine(
      (text) => parseMoment(text, 'first') !== null,
      'is not a day (2027-01-31) or a UTC moment (2027-01-31T12:00:00Z)',
    )
    .optional()
    .describe('when it is decided; absent: now'),
  highestAccepted: versionWord
    .nullable()
    .optional()
    .describe(
      'the newest version of this name that the host has accepted; null: none so far; absent: no host in particular',
    ),
  historyLost: z.literal(true).optional().describe('the host no longer knows what it has accepted'),
  expect: z.enum(['accepted', 'refused']),
  code: codes.optional().describe('a reason for the refusal; absent: any'),
  rule: nameWord.optional().describe('the rule that decides; absent: any'),
});

// For editors: JSON Schema can say this much of checkCase.
const eitherSubject = { oneOf: [{ required: ['image'] }, { required: ['describe'] }] };

/** What a case says must be possible together. */
function checkCase(one: z.infer<typeof testCase>, context: z.RefinementCtx): void {
  const complain = (message: string, path: string[] = []): void =>
    context.addIssue({ code: 'custom', message, path });
  if ((one.image === undefined) === (one.describe === undefined)) complain('needs either image or describe');
  if (one.class !== undefined && one.image === undefined)
    complain('goes with image; write it into describe', ['class']);
  if (one.code !== undefined && one.expect === 'accepted')
    complain('goes with expect: refused; what is accepted has no reasons', ['code']);
  if (one.historyLost === true && one.highestAccepted !== undefined)
    complain('contradicts historyLost', ['highestAccepted']);
}

/** The file of `policy test`, as written. One source for the parser, the types and the JSON Schema that editors use. */
export const policyTestSchema = z
  .strictObject({
    apiVersion: z.literal('touchstone/v1'),
    kind: z.literal('PolicyTest'),
    policy: pathWord.describe('the policy under test, relative to this file'),
    cases: z
      .array(testCase.superRefine(checkCase).meta(eitherSubject))
      .min(1, 'are none')
      .max(10_000, 'are more than 10000'),
  })
  .describe('Touchstone: what a policy is to say of images');

export type PolicyTestDocument = z.infer<typeof policyTestSchema>;
export type CaseDocument = PolicyTestDocument['cases'][number];
export type ImageDescription = NonNullable<CaseDocument['describe']>;

/** The JSON Schema (draft 2020-12) of a test file. */
export function policyTestJsonSchema(): unknown {
  return z.toJSONSchema(policyTestSchema, { io: 'input' });
}
