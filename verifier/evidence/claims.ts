import { z } from 'zod';

const hex = z.string().regex(/^(?:[0-9a-f]{2})+$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const shortText = z.string().max(1024);

const claimedExtension = z.strictObject({
  name: shortText,
  version: shortText,
  hashAlgorithm: z.string().max(16),
  rootHash: hex.max(128),
  /** SHA-256 of the signer's certificate; `unsigned` for what a policy admits by its digest. */
  signer: z.union([sha256, z.literal('unsigned')]),
  /** The rule of the host's policy that accepted the image; empty where no policy file decided. */
  rule: shortText,
  /** Base64 of the image's detached PKCS#7 over its root hash; null if there is none, or the host no longer has it. */
  signature: z.string().max(1_400_000).nullable(),
});

const claimedSet = z.strictObject({
  class: z.enum(['sysext', 'confext']),
  /** `approved`: measured before a merge that nothing has confirmed; `merged`: confirmed as mounted; `unmerged`. */
  state: z.enum(['approved', 'merged', 'unmerged']),
  policy: z.strictObject({ name: shortText, version: shortText, sha256 }),
  /** In layer order, lowest first. */
  extensions: z.array(claimedExtension).max(512),
});

/** `--mutable=` of systemd-sysext(8); `unknown`: something is writable or imported, and nothing says in which way. */
const mutableModes = ['no', 'auto', 'yes', 'import', 'ephemeral', 'ephemeral-import', 'unknown'] as const;

/** What is told of problems, and how much of each; they are words for people. */
export const maximumProblems = { count: 16, length: 256 } as const;

/** What is merged of one class, by the kernel's word. */
export const claimedMergeSchema = z.strictObject({
  /** Of the merged hierarchies; `no` also where nothing is merged. */
  mutable: z.enum(mutableModes),
  /** Lowest layer first. */
  extensions: z
    .array(
      z.strictObject({
        name: z.string().max(255),
        /** Of what is mounted; null where systemd does not say (before 260), or there is no hash tree. */
        rootHash: hex.max(128).nullable(),
      }),
    )
    .max(512),
  /** Whether this merge, and no later one of the same names, is the one that was compared with what was approved. */
  confirmed: z.boolean(),
  /** What does not add up in what is mounted, in words. */
  problems: z.array(z.string().max(maximumProblems.length)).max(maximumProblems.count),
});

const logClaim = z.strictObject({ bytes: z.int().min(0), sha256 });

/** What a host says of itself; the quote covers its RFC 8785 form. Shape and limits of the wire format, version 1. */
export const claimsSchema = z.strictObject({
  version: z.literal(1),
  sets: z.array(claimedSet).max(2),
  /**
   * What was merged before and after the quote, by the kernel's word, whoever merged it: what the endpoint saw, and not what was
   * measured. Null: it is not the endpoint's to see, as of a host below a directory.
   */
  merged: z.strictObject({ sysext: claimedMergeSchema, confext: claimedMergeSchema }).nullable(),
  bootId: z.string().regex(/^[0-9a-f]{32}$/),
  /** SHA-256 of the endpoint's TLS public key; null on loopback without TLS. */
  tlsKeySha256: sha256.nullable(),
  logs: z.strictObject({
    firmware: logClaim.nullable(),
    userspace: logClaim.extend({ records: z.int().min(0), incomplete: z.boolean() }),
  }),
});

export type Claims = z.infer<typeof claimsSchema>;
export type ClaimedSet = z.infer<typeof claimedSet>;
export type ClaimedMerges = NonNullable<Claims['merged']>;
export type ClaimedMerge = z.infer<typeof claimedMergeSchema>;
export type ClaimedExtension = z.infer<typeof claimedExtension>;
