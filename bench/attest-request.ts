import { z } from 'zod';

/** What the process of an endpoint is told. */
export const serverRequestShape = z.strictObject({
  root: z.string(),
  tcti: z.string(),
  /** Challenges that one quote answers. */
  together: z.int(),
});

export type ServerRequest = z.infer<typeof serverRequestShape>;

/** What it has used since it began. */
export const serverUseShape = z.strictObject({
  quotes: z.int(),
  /** Of the processor: its own, and of the tools it ran. */
  ownSeconds: z.number(),
  toolSeconds: z.number(),
  residentBytes: z.number(),
  /** Of JavaScript objects that are still in use: after a collection. */
  liveBytes: z.number(),
});

export type ServerUse = z.infer<typeof serverUseShape>;
