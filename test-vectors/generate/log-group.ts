import { z } from 'zod';

import { toBase64 } from '../../verifier/bytes/base64.ts';
import type { DigestName } from '../../verifier/bytes/digest.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import type { ReasonCode } from '../../verifier/reasons.ts';

const hex = z.string().regex(/^(?:[0-9a-f]{2})+$/);
const pcr = z.string().regex(/^\d+$/);

const factsShape = z.strictObject({
  /** Whether Secure Boot is on; null where the log leaves a doubt. */
  secureBoot: z.boolean().nullable(),
  /** Entries of dbx, and names of the variables of the authorities; null with secureBoot. */
  dbx: z.int().min(0).nullable(),
  authorities: z.array(z.string()).nullable(),
  /** Authenticode digests of PCRs 2 and 4. */
  images: z.array(hex),
  /** How many lines boot loaders measured. */
  commands: z.int().min(0),
  /** Names of the sections of a unified kernel image. */
  sections: z.array(z.string()),
});

export type LogFacts = z.infer<typeof factsShape>;

const logCase = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  comment: z.string().min(1),
  flags: z.array(z.string()).min(1),
  inputs: z.strictObject({
    /** A file of `log/genuine`, or the log itself. */
    log: z.union([z.strictObject({ file: z.string() }), z.strictObject({ base64: z.base64() })]),
    bank: z.enum(['sha1', 'sha256', 'sha384', 'sha512']),
    /** Quoted values by index. */
    pcrs: z.record(pcr, hex),
    /** Digests that userspace extended after the firmware, by index. */
    continued: z.record(pcr, z.array(hex)),
  }),
  expect: z.discriminatedUnion('verdict', [
    z.strictObject({ verdict: z.literal('read'), code: z.null(), stage: z.null(), facts: factsShape }),
    z.strictObject({ verdict: z.literal('refused'), code: z.string(), stage: z.literal('log') }),
  ]),
});

/** Shape of `test-vectors/log/log.json`. */
export const logGroupShape = z.strictObject({
  schema: z.literal('../schemas/log.schema.json'),
  generator: z.literal('test-vectors/generate/log.ts'),
  notes: z.record(z.string(), z.strictObject({ effect: z.string().min(1), reference: z.string().min(1) })),
  cases: z.array(logCase).min(1),
});

export type LogGroup = z.infer<typeof logGroupShape>;

export interface LogCase {
  readonly id: string;
  readonly comment: string;
  readonly flags: readonly string[];
  /** A file's name, or the log. */
  readonly log: string | Uint8Array;
  readonly bank: DigestName;
  readonly pcrs: ReadonlyMap<number, Uint8Array>;
  readonly continued?: ReadonlyMap<number, readonly Uint8Array[]>;
  /** What is read, or why it is refused. */
  readonly expect: LogFacts | ReasonCode;
}

/** A case as it stands in the file. */
export function toVector({
  id,
  comment,
  flags,
  log,
  bank,
  pcrs,
  continued,
  expect,
}: LogCase): LogGroup['cases'][number] {
  const followed = [...(continued ?? [])].map(([index, digests]) => [index, digests.map(toHex)]);
  return {
    id,
    comment,
    flags: [...flags],
    inputs: {
      log: typeof log === 'string' ? { file: log } : { base64: toBase64(log) },
      bank,
      pcrs: Object.fromEntries([...pcrs].map(([index, value]) => [String(index), String(toHex(value))])),
      continued: z.record(pcr, z.array(hex)).parse(Object.fromEntries(followed)),
    },
    expect:
      typeof expect === 'string'
        ? { verdict: 'refused', code: expect, stage: 'log' }
        : { verdict: 'read', code: null, stage: null, facts: expect },
  };
}
