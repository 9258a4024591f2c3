import { z } from 'zod';

import { architectures } from '../image/partition-types.ts';
import { globProblem } from './glob.ts';

/** Object identifiers of the extended key usages a policy can ask for by name (RFC 5280 section 4.2.1.12). */
export const extendedKeyUsages = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
} as const;

// Names are measured into the TPM's log, in lines of under 1,000 bytes, and printed on terminals.
const name = z
  .string()
  .min(1, 'is empty')
  .max(64, 'is longer than 64 characters')
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, 'has control characters or others that cannot be printed');
const path = z
  .string()
  .min(1, 'is empty')
  .max(4095, 'is longer than a path can be')
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, 'has control characters or others that cannot be printed');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in lowercase hexadecimal without colons');
const rootHash = z
  .string()
  .regex(/^(?:[0-9a-f]{64}|[0-9a-f]{128})$/, 'is not a root hash in lowercase hexadecimal');

const trustSet = z
  .strictObject({
    certificates: z
      .array(path)
      .min(1, 'trusts nobody')
      .max(100, 'has more than 100 files')
      .describe('PEM or DER files, relative to the policy'),
    pinned: z
      .boolean()
      .default(false)
      .describe('true: the signer must be one of these certificates; false: it must be issued under one'),
    extendedKeyUsage: z
      .array(z.enum(['serverAuth', 'clientAuth', 'codeSigning', 'emailProtection']))
      .default([])
      .describe("what the signer's certificate must be good for"),
  })
  .describe('certificates that are trusted together');

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
  })
  .describe('what the rule is about; an empty match is about everything');

const digests = z
  .array(z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is not sha256: and a digest in lowercase hexadecimal'))
  .min(1, 'lists none')
  .max(1000, 'lists more than 1000');

const requirement = z
  .strictObject({
    signedBy: z
      .array(z.string())
      .min(1, 'names nobody: no rule can admit what nobody signed')
      .max(100, 'names more than 100')
      .describe('names under trust; one of them must vouch for the signer')
      .optional(),
    treeDigest: digests
      .describe('of directories, which nobody can sign: exactly these are admitted')
      .optional(),
    fileDigest: digests
      .describe('of bare file system images, which nobody can sign: exactly these are admitted')
      .optional(),
    architecture: z.array(z.enum(architectures)).min(1, 'lists none').optional(),
    hashType: z
      .array(z.literal([0, 1]))
      .min(1, 'lists none')
      .default([1])
      .describe('of the dm-verity hash tree: 1 as everybody makes it, 0 as Chrome OS did'),
  })
  .superRefine(({ signedBy, treeDigest, fileDigest }, context) => {
    const given = [signedBy, treeDigest, fileDigest].filter((one) => one !== undefined);
    if (given.length === 1) return;
    const message =
      given.length === 0
        ? 'needs one of signedBy, treeDigest, fileDigest: no rule can admit just anything'
        : 'has more than one of signedBy, treeDigest, fileDigest; write a rule for each';
    context.addIssue({ code: 'custom', message });
  });

const rule = z.strictObject({
  name: name.describe('goes into the measurement log'),
  match,
  require: requirement,
});

/** The policy file, as written. One source for the parser, the types and the JSON Schema that editors use. */
export const extensionPolicySchema = z
  .strictObject({
    apiVersion: z.literal('touchstone/v1'),
    kind: z.literal('ExtensionPolicy'),
    metadata: z.strictObject({ name, version: z.int().min(1, 'is not 1 or more') }),
    trust: z
      .record(name, trustSet)
      .refine((sets) => Object.keys(sets).length <= 100, 'has more than 100 sets')
      .meta({ maxProperties: 100 }),
    revoked: z
      .strictObject({
        rootHashes: z.array(rootHash).default([]),
        certificates: z.array(z.strictObject({ sha256 })).default([]),
      })
      .optional()
      .describe('refused whatever the rules say'),
    rules: z
      .array(rule)
      .max(1000, 'are more than 1000')
      .describe('the first whose match fits decides; none fits: refused'),
    mode: z.literal('enforce').default('enforce'),
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
      })
      .default({ pcr: 13 })
      .describe('the PCR that events are measured into'),
  })
  .describe('Touchstone: which systemd extension images may be merged');

export type ExtensionPolicyDocument = z.infer<typeof extensionPolicySchema>;

/** The JSON Schema (draft 2020-12) of a policy file. */
export function extensionPolicyJsonSchema(): unknown {
  return z.toJSONSchema(extensionPolicySchema, { io: 'input' });
}
