import { z } from 'zod';

import { reasonSentences } from '../../verifier/reasons.ts';
import { checkJudges } from './judges.ts';

const text = z.string().nullable();
const message = z
  .string()
  .regex(/^[a-z0-9-]+\.p7s$/)
  .nullable();
const opinion = { verdict: z.enum(['accepted', 'refused']), why: z.string().min(1).nullable() };

const judge = z.discriminatedUnion('tool', [
  /** Data is the image, the hash tree that beside it. */
  z.strictObject({ tool: z.literal('veritysetup'), rootHash: z.string(), ...opinion }),
  /** Content is the root hash, the signature that beside the image. */
  z.strictObject({ tool: z.literal('openssl'), rootHash: z.string(), signature: z.string(), ...opinion }),
  /** The image with all that is beside it, under the policy `root=signed+absent:usr=signed+absent`. */
  z.strictObject({ tool: z.literal('systemd-dissect'), ...opinion }),
]);

const sidecarCase = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
    comment: z.string().min(1),
    flags: z.array(z.string()).min(1),
    /** An image NAME.raw and what is beside it; null if it is not there. Names are those of files in the group's directory. */
    inputs: z.strictObject({
      /** Compressed by gzip, as `verity`. */
      image: z.string().regex(/^[a-z0-9-]+\.raw\.gz$/),
      /** NAME.verity */
      verity: z
        .string()
        .regex(/^[a-z0-9-]+\.verity\.gz$/)
        .nullable(),
      /** Text of NAME.roothash and NAME.usrhash, in UTF-8. */
      rootHash: text,
      usrHash: text,
      /** Text of the extended attributes user.verity.roothash and user.verity.usrhash of the image. */
      rootHashAttribute: text,
      usrHashAttribute: text,
      /** NAME.roothash.p7s and NAME.usrhash.p7s */
      rootHashSignature: message,
      usrHashSignature: message,
      /** The certificate whose holder is trusted, in PEM. */
      certificate: z.string().regex(/^[a-z0-9-]+\.pem$/),
      /** When it has to be valid. */
      now: z.iso.datetime(),
    }),
    expect: z.discriminatedUnion('verdict', [
      z.strictObject({
        verdict: z.literal('accepted'),
        code: z.null(),
        stage: z.null(),
        form: z.enum(['ddi', 'sidecar']),
        rootHash: z.string().regex(/^(?:[0-9a-f]{2})+$/),
        dataBytes: z.number().int(),
      }),
      z.strictObject({
        verdict: z.literal('refused'),
        /** Of the first reason. */
        code: z.string().refine((code) => Object.hasOwn(reasonSentences, code)),
        /**
         * `open`: the image cannot be used at all. `tree`: it is not the data of the root hash that stands beside it, or none
         * does. `signature`: nobody who is trusted signed the root hash.
         */
        stage: z.enum(['open', 'tree', 'signature']),
      }),
    ]),
    judges: z.array(judge),
    unjudged: z.string().min(1).nullable(),
  })
  .refine(checkJudges, 'a judge that differs says why, one that does not has nothing to say');

/** Shape of `test-vectors/sidecar/sidecar.json`. */
export const sidecarGroupShape = z.strictObject({
  schema: z.literal('../schemas/sidecar.schema.json'),
  generator: z.literal('test-vectors/generate/sidecar.ts'),
  notes: z.record(z.string(), z.strictObject({ effect: z.string().min(1), reference: z.string().min(1) })),
  cases: z.array(sidecarCase).min(1),
});

export type SidecarGroup = z.infer<typeof sidecarGroupShape>;
export type SidecarCase = SidecarGroup['cases'][number];
export type SidecarJudge = SidecarCase['judges'][number];

/** The JSON Schema of the group, as text. */
export function sidecarSchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(sidecarGroupShape), null, 2)}\n`;
}
