import { z } from 'zod';

import { reasonSentences } from '../../verifier/reasons.ts';

const code = z.string().refine((one) => Object.hasOwn(reasonSentences, one));

/** An entry of the image's tree; directories above it come by themselves. */
const path = z.string().regex(/^[^/]+(?:\/[^/]+)*$/s);
/** Value of the extended attribute user.extension-release.strict; null: there is none. */
const strict = z.string().nullable();
const entry = z.discriminatedUnion('type', [
  z.strictObject({ path, type: z.literal('text'), text: z.string(), strict }),
  z.strictObject({ path, type: z.literal('bytes'), base64: z.base64(), strict }),
  /** The text that many times. */
  z.strictObject({ path, type: z.literal('repeated'), text: z.string(), times: z.int().positive(), strict }),
  z.strictObject({ path, type: z.literal('link'), target: z.string() }),
  z.strictObject({ path, type: z.literal('directory') }),
  z.strictObject({ path, type: z.literal('fifo') }),
]);

const releaseCase = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  comment: z.string().min(1),
  flags: z.array(z.string()).min(1),
  inputs: z.strictObject({
    class: z.enum(['sysext', 'confext']),
    /** As the image is merged: the file name without `.raw`. */
    name: z.string(),
    /** Whether the tree is the whole image or, of a usr partition, what it has below /usr. */
    designator: z.enum(['root', 'usr']),
    tree: z.array(entry),
    host: z.strictObject({
      osRelease: z.string(),
      architecture: z.string(),
      scope: z.enum(['system', 'initrd']),
    }),
  }),
  expect: z.discriminatedUnion('verdict', [
    z.strictObject({
      verdict: z.literal('accepted'),
      code: z.null(),
      stage: z.null(),
      /** Of the release file, in the tree as it is mounted. */
      path,
      /** Whether the file is for this name; false: it is for any. */
      strict: z.boolean(),
      /** Of the extension; empty: it says none. */
      version: z.string(),
    }),
    z.strictObject({
      verdict: z.literal('refused'),
      /** Of the first reason. */
      code,
      stage: z.enum(['host', 'find', 'match', 'version']),
    }),
  ]),
  /** What `merge` of systemd-sysext or systemd-confext did with the tree as a directory. */
  judged: z.array(
    z.strictObject({
      tool: z.enum(['systemd-sysext', 'systemd-confext']),
      version: z.string(),
      verdict: z.enum(['merged', 'ignored', 'failed']),
    }),
  ),
  /** Why a tool does otherwise than expected here; null where none does. */
  why: z.string().nullable(),
});

/** Shape of `test-vectors/release/release.json`. */
export const releaseGroupShape = z.strictObject({
  schema: z.literal('../schemas/release.schema.json'),
  generator: z.literal('test-vectors/generate/release.ts'),
  notes: z.record(z.string(), z.strictObject({ effect: z.string().min(1), reference: z.string().min(1) })),
  cases: z.array(releaseCase).min(1),
});

export type ReleaseGroup = z.infer<typeof releaseGroupShape>;
export type ReleaseCase = ReleaseGroup['cases'][number];
export type TreeEntry = ReleaseCase['inputs']['tree'][number];

/** The JSON Schema of the group, as text. */
export function releaseSchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(releaseGroupShape), null, 2)}\n`;
}

/** Content of an entry that is a file. */
export function entryBytes(file: Extract<TreeEntry, { strict: string | null }>): Buffer {
  if (file.type === 'bytes') return Buffer.from(file.base64, 'base64');
  return Buffer.from(file.type === 'text' ? file.text : file.text.repeat(file.times));
}
