import { z } from 'zod';

import { parseHex } from '../verifier/bytes/hex.ts';

const hashing = z.discriminatedUnion('by', [
  z.strictObject({
    by: z.literal('addon'),
    engine: z.enum(['avx512', 'sha-ni', 'openssl']),
    threads: z.int(),
  }),
  z.strictObject({ by: z.literal('workers'), threads: z.int() }),
  z.strictObject({ by: z.literal('main-thread') }),
]);

/** What a process that verifies once is told. */
export const runRequestShape = z.strictObject({
  image: z.string(),
  /** Bytes of data at the start of the image; the hash tree follows. */
  dataBytes: z.int(),
  rootHash: z.string().transform((text) => parseHex(text, 'root hash', 32)),
  hashing,
});

/** What it answers. */
export const runResultShape = z.strictObject({
  intact: z.boolean(),
  /** From opening the file to closing it. */
  seconds: z.number(),
  cpuSeconds: z.number(),
  peakMiB: z.number(),
});

export type RunRequest = z.input<typeof runRequestShape>;
export type RunResult = z.infer<typeof runResultShape>;
