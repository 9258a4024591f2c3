import { z } from 'zod';

import { reasonSentences } from '../../verifier/reasons.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const code = z.string().refine((one) => Object.hasOwn(reasonSentences, one));
const place = z.string().regex(/^policy\.yaml:[1-9]\d*:[1-9]\d*$/);

const facts = z.strictObject({
  class: z.enum(['sysext', 'confext']),
  name: z.string(),
  form: z.enum(['ddi', 'sidecar', 'bare', 'directory']),
  /** Of the dm-verity hash tree; null where there is none, or nobody says. */
  hashType: z.literal([0, 1]).nullable(),
  architecture: z.string().nullable(),
  rootHash: sha256.nullable(),
  /** The extension's own; empty where it has none, null where it was not read. */
  version: z.string().nullable(),
  /** The highest version that the host has accepted; null: none is asked about. */
  accepted: z.union([z.strictObject({ highest: z.string().nullable() }), z.literal('lost')]).nullable(),
  signature: z.strictObject({
    signers: z.array(
      z.strictObject({
        sha256,
        /** The same for two certificates over one key. */
        key: sha256,
        /** Trust set to what the certificates of its chain can be revoked by. */
        trustedBy: z.record(z.string(), z.array(z.string()).min(1)),
        /** Trust set to why it does not vouch. */
        distrustedBy: z.record(z.string(), z.array(code).min(1)),
      }),
    ),
    /** Why there is no signature that any set vouches for. */
    reasons: z.array(code),
  }),
});

/** What the decision depends on besides the image; the host's labels. */
const context = z.strictObject({
  now: z.iso.datetime(),
  labels: z.record(z.string(), z.string()),
});

const policyCase = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  comment: z.string().min(1),
  flags: z.array(z.string()).min(1),
  inputs: z.strictObject({
    /** The text of `policy.yaml`; certificates it names are files of the group's directory. */
    policy: z.string(),
    /** Null where the policy must not load. */
    facts: facts.nullable(),
    context,
  }),
  expect: z.discriminatedUnion('verdict', [
    z.strictObject({ verdict: z.literal('accepted'), rule: z.string(), code: z.null(), stage: z.null() }),
    z.strictObject({
      verdict: z.literal('refused'),
      rule: z.string().nullable(),
      /** Of the first reason, as is `at`. */
      code,
      at: place.nullable(),
      stage: z.literal('policy'),
    }),
    z.strictObject({
      verdict: z.literal('invalid'),
      code: z.null(),
      /** Of every problem, in the order of the file. */
      at: z.array(place).min(1),
      stage: z.literal('load'),
    }),
  ]),
});

/** Shape of `test-vectors/policy/policy.json`. */
export const policyGroupShape = z.strictObject({
  schema: z.literal('../schemas/policy.schema.json'),
  generator: z.literal('test-vectors/generate/policy.ts'),
  notes: z.record(z.string(), z.strictObject({ effect: z.string().min(1), reference: z.string().min(1) })),
  cases: z.array(policyCase).min(1),
});

export type PolicyGroup = z.infer<typeof policyGroupShape>;
export type PolicyCase = PolicyGroup['cases'][number];

/** The JSON Schema of the group, as text. */
export function policySchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(policyGroupShape), null, 2)}\n`;
}
