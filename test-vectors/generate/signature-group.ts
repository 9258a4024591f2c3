import { z } from 'zod';

import { reasonSentences } from '../../verifier/reasons.ts';
import { checkJudges } from './judges.ts';

const file = z.string().regex(/^[a-z0-9-]+\.(pem|p7s)$/);

const judge = z.strictObject({
  /** `openssl smime`: the check of systemd. `openssl cms`: with a chain to the anchors, for any purpose. */
  tool: z.enum(['openssl smime', 'openssl cms']),
  verdict: z.enum(['accepted', 'refused']),
  /** Why the tool says something else than the case expects; null if it does not. */
  why: z.string().min(1).nullable(),
});

const signatureCase = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
    comment: z.string().min(1),
    flags: z.array(z.string()).min(1),
    inputs: z.strictObject({
      rootHash: z.string().regex(/^(?:[0-9a-f]{2})+$/),
      /** DER of the PKCS#7 message; file names are relative to the group's directory. */
      signature: file,
      anchors: z.array(
        z.strictObject({
          name: z.string(),
          mode: z.enum(['pinned', 'issued', 'either']),
          certificates: z.array(file),
          extendedKeyUsage: z.array(z.string()),
        }),
      ),
      /** When certificates must be valid. */
      now: z.iso.datetime(),
    }),
    expect: z.discriminatedUnion('verdict', [
      z.strictObject({ verdict: z.literal('accepted'), code: z.null(), stage: z.null() }),
      z.strictObject({
        verdict: z.literal('refused'),
        /** Of the first reason. */
        code: z.string().refine((code) => Object.hasOwn(reasonSentences, code)),
        stage: z.literal('signature'),
      }),
    ]),
    judges: z.array(judge).min(1),
  })

  .refine(
    (vector) => checkJudges({ ...vector, unjudged: null }),
    'a judge that differs says why, one that does not has nothing to say',
  );

/** Shape of `test-vectors/signature/signature.json`. */
export const signatureGroupShape = z.strictObject({
  schema: z.literal('../schemas/signature.schema.json'),
  generator: z.literal('test-vectors/generate/signature.ts'),
  notes: z.record(z.string(), z.strictObject({ effect: z.string().min(1), reference: z.string().min(1) })),
  cases: z.array(signatureCase).min(1),
});

export type SignatureGroup = z.infer<typeof signatureGroupShape>;
export type SignatureCase = SignatureGroup['cases'][number];
export type SignatureJudge = SignatureCase['judges'][number];

/** The JSON Schema of the group, as text. */
export function signatureSchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(signatureGroupShape), null, 2)}\n`;
}
