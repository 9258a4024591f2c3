import { z } from 'zod';

import { hostTestSchema } from '../../verifier/appraisal-policy/host-test-schema.ts';
import { reasonSentences } from '../../verifier/reasons.ts';

const code = z.string().refine((one) => Object.hasOwn(reasonSentences, one));
const place = z.string().regex(/^policy\.yaml:[1-9]\d*:[1-9]\d*$/);

const said = {
  /** Of every reason, in order. */
  reasons: z.array(code),
  /** Of every warning. */
  warnings: z.array(code),
};

const hostCase = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  comment: z.string().min(1),
  flags: z.array(z.string()).min(1),
  inputs: z.strictObject({
    /** The text of `policy.yaml`. */
    policy: z.string(),
    /** As in test files of policies (`policies/appraisal-policy-test.schema.json`); null where the policy must not load. */
    host: hostTestSchema.shape.cases.element.shape.host.unwrap().nullable(),
    /** A firmware's log of `../log/genuine`, all of whose PCRs were quoted; in place of `host.firmwareLog`. */
    log: z.string().nullable(),
    /** Of the host. */
    labels: z.record(z.string(), z.string()),
  }),
  expect: z.discriminatedUnion('verdict', [
    z.strictObject({
      ...{ verdict: z.literal('trustworthy'), ...said, at: z.null(), stage: z.null() },
    }),
    z.strictObject({
      verdict: z.literal(['not-trustworthy', 'undecided']),
      ...said,
      /** Of the first reason. */
      at: place.nullable(),
      stage: z.literal('policy'),
    }),
    z.strictObject({
      verdict: z.literal('invalid'),
      /** Of every problem, in the order of the file. */
      at: z.array(place).min(1),
      stage: z.literal('load'),
    }),
  ]),
});

/** Shape of `test-vectors/appraisal-policy/appraisal-policy.json`. */
export const hostGroupShape = z.strictObject({
  schema: z.literal('../schemas/appraisal-policy.schema.json'),
  generator: z.literal('test-vectors/generate/appraisal-policy.ts'),
  notes: z.record(z.string(), z.strictObject({ effect: z.string().min(1), reference: z.string().min(1) })),
  cases: z.array(hostCase).min(1),
});

export type HostGroup = z.output<typeof hostGroupShape>;
export type HostCase = HostGroup['cases'][number];
/** As written, before what is left out is filled in. */
export type HostGroupText = z.input<typeof hostGroupShape>;
export type HostCaseText = HostGroupText['cases'][number];

/** The JSON Schema of the group, as text. */
export function hostGroupSchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(hostGroupShape, { io: 'input' }), null, 2)}\n`;
}
