import { z } from 'zod';

import { pathWord } from './schema-words.ts';

/** Object identifiers of the extended key usages a policy can ask for by name (RFC 5280 section 4.2.1.12). */
export const extendedKeyUsages = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
} as const;

/** Certificates that are trusted together. */
export const trustSetSchema = z
  .strictObject({
    certificates: z
      .array(pathWord)
      .min(1, 'trusts nobody')
      .max(100, 'has more than 100 files')
      .describe('PEM or DER files, relative to the policy')
      .optional(),
    directories: z
      .array(pathWord)
      .min(1, 'lists none')
      .max(16, 'has more than 16 directories')
      .describe(
        "directories whose *.crt are trusted, as systemd's verity.d: an earlier one hides files of the same name",
      )
      .optional(),
    crls: z
      .array(pathWord)
      .min(1, 'lists none')
      .max(100, 'has more than 100 files')
      .describe('certificate revocation lists, PEM or DER: every issuer of a chain must have one, in date')
      .optional(),
    pinned: z
      .boolean()
      .default(false)
      .describe('true: the signer must be one of these certificates; false: it must be issued under one'),
    extendedKeyUsage: z
      .array(z.enum(['serverAuth', 'clientAuth', 'codeSigning', 'emailProtection']))
      .default([])
      .describe("what the signer's certificate must be good for"),
  })
  .refine(({ certificates, directories }) => certificates !== undefined || directories !== undefined, {
    error: 'needs certificates or directories',
  })
  .describe('certificates that are trusted together');
