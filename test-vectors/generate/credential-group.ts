import { z } from 'zod';

const base64 = z.base64();
const hex = z.string().regex(/^(?:[0-9a-f]{2})+$/);

const credentialCase = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  comment: z.string().min(1),
  flags: z.array(z.string()).min(1),
  inputs: z.strictObject({
    /** TPM2B_PUBLIC of the storage key that the credential is for. */
    endorsementKey: base64,
    /** Its private key: PKCS #8, DER. */
    endorsementPrivateKey: base64,
    /** TPM2B_PUBLIC of the key that must be in the same TPM. */
    attestationKey: base64,
    /** Its private key: PKCS #8, DER. */
    attestationPrivateKey: base64,
    /** TPM2B_ID_OBJECT. */
    credentialBlob: z.string(),
    /** TPM2B_ENCRYPTED_SECRET. */
    encryptedSecret: z.string(),
  }),
  /** What the credential was made with; null where it was not made by the rules. */
  made: z
    .strictObject({
      /** Name of the attestation key. */
      name: hex,
      secret: hex,
      /** The seed that both keys are derived from. */
      seed: hex,
      /** Private key of the ephemeral pair; null for RSA, where OAEP is random. */
      ephemeralKey: hex.nullable(),
    })
    .nullable(),
  expect: z.discriminatedUnion('verdict', [
    z.strictObject({ verdict: z.literal('opened'), secret: hex, code: z.null(), stage: z.null() }),
    z.strictObject({
      verdict: z.literal('refused'),
      code: z.enum(['malformed', 'credential-not-activated']),
      stage: z.enum(['parse', 'activate']),
    }),
  ]),
});

/** Shape of `test-vectors/credential/credential.json`. */
export const credentialGroupShape = z.strictObject({
  schema: z.literal('../schemas/credential.schema.json'),
  generator: z.literal('test-vectors/generate/credential.ts'),
  notes: z.record(z.string(), z.strictObject({ effect: z.string().min(1), reference: z.string().min(1) })),
  cases: z.array(credentialCase).min(1),
});

export type CredentialGroup = z.infer<typeof credentialGroupShape>;
export type CredentialCase = CredentialGroup['cases'][number];
