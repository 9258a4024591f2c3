import { z } from 'zod';

import { reasonSentences } from '../../verifier/reasons.ts';
import { checkJudges } from './judges.ts';

const base64 = z.base64().min(1);

const judge = z.strictObject({
  tool: z.literal('openssl verify'),
  /** What it is asked to judge the signer for. */
  purpose: z.enum(['any', 'smimesign']),
  verdict: z.enum(['accepted', 'refused']),
  /** Why it says something else than the case expects; null if it does not. */
  why: z.string().min(1).nullable(),
});

const chainCase = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
    comment: z.string().min(1),
    flags: z.array(z.string()).min(1),
    /** Certificates and lists are in DER, or what pretends to be. */
    inputs: z.strictObject({
      signer: base64,
      /** Certificates that anybody may have supplied. */
      intermediates: z.array(base64),
      anchors: z.array(base64),
      /** `pinned`: the signer is an anchor. `issued`: it was issued under one, and is none. `either`: one or the other. */
      mode: z.enum(['pinned', 'issued', 'either']),
      /** Object identifiers that the signer must list. */
      extendedKeyUsage: z.array(z.string()),
      /** Revocation lists; null: nobody asks for any. */
      revocationLists: z.array(base64).nullable(),
      /** When certificates and lists must be valid. */
      now: z.iso.datetime(),
    }),
    expect: z.discriminatedUnion('verdict', [
      z.strictObject({
        verdict: z.literal('accepted'),
        /** How many certificates the path has, with signer and anchor; null where several paths are good. */
        length: z.number().int().min(1).nullable(),
        code: z.null(),
        stage: z.null(),
      }),
      z.strictObject({
        verdict: z.literal('refused'),
        /** Of the first reason. */
        code: z.string().refine((code) => Object.hasOwn(reasonSentences, code)),
        /** `parse`: of a certificate or a list, wherever it is; `chain`: what all of them together say. */
        stage: z.enum(['parse', 'chain']),
        /** Subject of the certificate at fault; null where it is not one certificate's. */
        at: z.string().nullable(),
      }),
    ]),
    judges: z.array(judge).min(1),
  })
  .refine(
    (vector) => checkJudges({ ...vector, unjudged: null }),
    'a judge that differs says why, one that does not has nothing to say',
  );

/** Shape of `test-vectors/chain/chain.json`. */
export const chainGroupShape = z.strictObject({
  schema: z.literal('../schemas/chain.schema.json'),
  generator: z.literal('test-vectors/generate/chain.ts'),
  notes: z.record(z.string(), z.strictObject({ effect: z.string().min(1), reference: z.string().min(1) })),
  cases: z.array(chainCase).min(1),
});

export type ChainGroup = z.infer<typeof chainGroupShape>;
export type ChainCase = ChainGroup['cases'][number];
export type ChainInputs = ChainCase['inputs'];
export type ChainJudge = ChainCase['judges'][number];

/** The JSON Schema of the group, as text. */
export function chainSchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(chainGroupShape), null, 2)}\n`;
}
