import { z } from 'zod';

/** Evidence of one host; byte strings in base64, nonces in hexadecimal, documents as they travel. */
export const appraiseSampleShape = z.strictObject({
  identity: z.string(),
  policyFile: z.string(),
  firmwareLog: z.string(),
  /** Each with the firmware log in it, and without. */
  challenges: z.array(z.strictObject({ nonce: z.string(), whole: z.string(), known: z.string() })),
});

export type AppraiseSample = z.infer<typeof appraiseSampleShape>;

/** What a thread that appraises is told. */
export const threadRequestShape = z.strictObject({ sample: appraiseSampleShape, seconds: z.number() });

export type ThreadRequest = z.infer<typeof threadRequestShape>;
