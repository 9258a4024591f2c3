import { z } from 'zod';

import { reasonSentences } from '../../verifier/reasons.ts';

/** Bytes as text: `%` and everything but printable ASCII is percent-encoded. */
const bytes = z.string().regex(/^(?:[ -$&-~]|%[0-9a-f]{2})*$/);
const number = z.number().int().min(0);

const inode = {
  /** Relative to the top of the tree; empty for the top itself. */
  path: bytes,
  /** Octal. */
  mode: z.string().regex(/^[0-7]{4,5}$/),
  uid: number,
  gid: number,
  /** Entries with the same number are names of one inode; null: no other name. */
  inode: number.nullable(),
  /** Name, and value in hexadecimal. */
  attributes: z.array(z.tuple([bytes, z.string().regex(/^(?:[0-9a-f]{2})*$/)])),
};

const entry = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(['directory', 'fifo', 'socket']), ...inode }),
  z.strictObject({ type: z.literal('file'), ...inode, content: bytes }),
  z.strictObject({ type: z.literal('link'), ...inode, target: bytes }),
  z.strictObject({
    type: z.enum(['character-device', 'block-device']),
    ...inode,
    major: number,
    minor: number,
  }),
]);

const directoryCase = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  comment: z.string().min(1),
  flags: z.array(z.string()).min(1),
  inputs: z.strictObject({
    /** In any order. */
    entries: z.array(entry),
  }),
  expect: z.discriminatedUnion('verdict', [
    z.strictObject({
      verdict: z.literal('accepted'),
      /** SHA-256. */
      digest: z.string().regex(/^[0-9a-f]{64}$/),
      code: z.null(),
      stage: z.null(),
    }),
    z.strictObject({
      verdict: z.literal('refused'),
      code: z.string().refine((code) => Object.hasOwn(reasonSentences, code)),
      stage: z.literal('tree'),
    }),
  ]),
});

/** Shape of `test-vectors/directory/directory.json`. */
export const directoryGroupShape = z.strictObject({
  schema: z.literal('../schemas/directory.schema.json'),
  generator: z.literal('test-vectors/generate/directory.ts'),
  notes: z.record(z.string(), z.strictObject({ effect: z.string().min(1), reference: z.string().min(1) })),
  cases: z.array(directoryCase).min(1),
});

export type DirectoryGroup = z.infer<typeof directoryGroupShape>;
export type DirectoryCase = DirectoryGroup['cases'][number];
export type DirectoryCaseEntry = DirectoryCase['inputs']['entries'][number];

/** The JSON Schema of the group, as text. */
export function directorySchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(directoryGroupShape), null, 2)}\n`;
}

/** What percent-encoded text stands for. */
export function percentDecoded(text: string): Buffer {
  const decoded = text.replaceAll(/%([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  return Buffer.from(decoded, 'latin1');
}
