import { z } from 'zod';

import { architectures } from '../../verifier/image/partition-types.ts';
import { reasonSentences } from '../../verifier/reasons.ts';
import { checkJudges, imageJudgeShape } from './judges.ts';

const imageCase = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
    comment: z.string().min(1),
    flags: z.array(z.string()).min(1),
    inputs: z.strictObject({
      /** The image, compressed by gzip; file names are relative to the group's directory. */
      image: z.string().regex(/^[a-z0-9-]+\.raw\.gz$/),
      /** Whose signature of the root hash the image carries, in PEM; null if the signature is of no interest. */
      certificate: z
        .string()
        .regex(/^[a-z0-9-]+\.pem$/)
        .nullable(),
    }),
    expect: z.discriminatedUnion('verdict', [
      z.strictObject({
        verdict: z.literal('accepted'),
        code: z.null(),
        stage: z.null(),
        rootHash: z.string().regex(/^(?:[0-9a-f]{2})+$/),
        architecture: z.enum(architectures),
        designator: z.enum(['root', 'usr']),
        sectorSize: z.number().int(),
        /** 0 if the salt is after the data. */
        hashType: z.union([z.literal(0), z.literal(1)]),
        dataBytes: z.number().int(),
      }),
      z.strictObject({
        verdict: z.literal('refused'),
        /** Of the first reason. */
        code: z.string().refine((code) => Object.hasOwn(reasonSentences, code)),
        /** `open`: the image cannot be used at all. `tree`: it is not the data of the root hash that it names. */
        stage: z.enum(['open', 'tree']),
      }),
    ]),
    /** What public tools say of the image, each asked about what it knows. */
    judges: z.array(imageJudgeShape),
    /** Why there is no tool to ask; null if there is. */
    unjudged: z.string().min(1).nullable(),
  })
  .refine(checkJudges, 'a judge that differs says why, one that does not has nothing to say');

/** Shape of `test-vectors/image/image.json`. */
export const imageGroupShape = z.strictObject({
  schema: z.literal('../schemas/image.schema.json'),
  generator: z.literal('test-vectors/generate/image.ts'),
  notes: z.record(z.string(), z.strictObject({ effect: z.string().min(1), reference: z.string().min(1) })),
  cases: z.array(imageCase).min(1),
});

export type ImageGroup = z.infer<typeof imageGroupShape>;
export type ImageCase = ImageGroup['cases'][number];

/** The JSON Schema of the group, as text. */
export function imageSchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(imageGroupShape), null, 2)}\n`;
}
