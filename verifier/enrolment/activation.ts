import { z } from 'zod';

import { parseBase64, toBase64 } from '../bytes/base64.ts';
import { Cursor } from '../bytes/cursor.ts';
import { Malformed } from '../bytes/failures.ts';
import { parseShape } from '../bytes/shape.ts';
import { parseStrictJson } from '../bytes/strict-json.ts';
import { readTpm2b } from '../tpm/structures.ts';
import type { Credential } from './credential.ts';

const credentialShape = z.strictObject({ credentialBlob: z.string(), encryptedSecret: z.string() });
const answerShape = z.strictObject({ secret: z.string() });

export type CredentialDocument = z.infer<typeof credentialShape>;
export type ActivationDocument = z.infer<typeof answerShape>;

/** sizeof(TPMU_HA): the largest digest, and so the largest secret. */
const maximumDigest = 64;
/** TPMS_ID_OBJECT: an HMAC, and a secret encrypted, each a TPM2B (TCG "TPM 2.0 Library Part 2", section 12.4.2). */
const maximumIdObject = 2 * (2 + maximumDigest);
/** TPMU_ENCRYPTED_SECRET (Part 2, section 11.4.2): the modulus of a 4096-bit RSA key is the largest. */
const maximumSecret = 512;

/**
 * Reads the body of a `POST /v1/identity/activation`. It goes to a TPM by way of tools that trust the sizes in it, so nothing
 * passes that is not a TPM2B_ID_OBJECT and a TPM2B_ENCRYPTED_SECRET to the last byte.
 *
 * @throws Malformed naming the field.
 */
export function parseCredential(body: unknown): Credential {
  const document = parseShape(credentialShape, body, 'body');
  const credentialBlob = parseBase64(document.credentialBlob, 'body.credentialBlob', 2 + maximumIdObject);
  const encryptedSecret = parseBase64(document.encryptedSecret, 'body.encryptedSecret', 2 + maximumSecret);
  const idObject = new Cursor(onlyTpm2b(credentialBlob, 'body.credentialBlob', maximumIdObject), 'big');
  readTpm2b(idObject, 'body.credentialBlob HMAC', maximumDigest);
  // The rest is a TPM2B, encrypted with its size.
  const { remaining } = idObject;
  if (remaining < 3 || remaining > 2 + maximumDigest)
    throw new Malformed('body.credentialBlob', `has ${remaining} bytes where a secret belongs`);
  onlyTpm2b(encryptedSecret, 'body.encryptedSecret', maximumSecret);
  return { credentialBlob, encryptedSecret };
}

function onlyTpm2b(bytes: Uint8Array, field: string, maximum: number): Uint8Array {
  const cursor = new Cursor(bytes, 'big');
  const content = readTpm2b(cursor, field, maximum);
  cursor.end(field);
  return content;
}

/** The credential as it travels. */
export function toCredentialDocument({ credentialBlob, encryptedSecret }: Credential): CredentialDocument {
  return { credentialBlob: toBase64(credentialBlob), encryptedSecret: toBase64(encryptedSecret) };
}

/** The secret as it travels back. */
export function toActivationDocument(secret: Uint8Array): ActivationDocument {
  return { secret: toBase64(secret) };
}

/** Reads the answer to a `POST /v1/identity/activation`: the secret. @throws Malformed naming the field. */
export function parseActivation(bytes: Uint8Array): Uint8Array {
  const json = parseStrictJson(bytes, 'activation', { maximumLength: 4096, maximumDepth: 2 });
  const { secret } = parseShape(answerShape, json, 'activation');
  return parseBase64(secret, 'activation.secret', maximumDigest);
}
