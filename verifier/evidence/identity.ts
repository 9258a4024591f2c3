import { z } from 'zod';

import { parseBase64, toBase64 } from '../bytes/base64.ts';
import { parseShape } from '../bytes/shape.ts';
import { parseStrictJson } from '../bytes/strict-json.ts';

/** A host's public keys as it presents them (`GET /v1/identity`). Nothing here is trusted before it is compared. */
export interface Identity {
  readonly version: 1;
  readonly endorsement: {
    /** TPM2B_PUBLIC of the endorsement key. */
    readonly public: Uint8Array;
    /** DER certificate from the TPM's NV memory; null where the maker put none. */
    readonly certificate: Uint8Array | null;
  };
  /** TPM2B_PUBLIC of the attestation key. */
  readonly attestation: { readonly public: Uint8Array };
}

// TPM2B_PUBLIC holds at most a 4096-bit RSA key and a policy digest; certificates in NV are under 2 KiB.
const maximumPublicBytes = 2048;
const maximumCertificateBytes = 8192;

/** Wire shape of the identity document, version 1: the byte strings in base64. */
export const identityShape = z.strictObject({
  version: z.literal(1),
  endorsement: z.strictObject({ public: z.string(), certificate: z.string().nullable() }),
  attestation: z.strictObject({ public: z.string() }),
});

export type IdentityDocument = z.infer<typeof identityShape>;

/** Decodes the byte strings of an identity document. @throws Malformed naming the field. */
export function fromIdentityDocument(document: IdentityDocument): Identity {
  const { endorsement, attestation } = document;
  return {
    version: 1,
    endorsement: {
      public: parseBase64(endorsement.public, 'identity.endorsement.public', maximumPublicBytes),
      certificate:
        endorsement.certificate === null
          ? null
          : parseBase64(endorsement.certificate, 'identity.endorsement.certificate', maximumCertificateBytes),
    },
    attestation: {
      public: parseBase64(attestation.public, 'identity.attestation.public', maximumPublicBytes),
    },
  };
}

/** The identity as it travels. */
export function toIdentityDocument({ endorsement, attestation }: Identity): IdentityDocument {
  return {
    version: 1,
    endorsement: {
      public: toBase64(endorsement.public),
      certificate: endorsement.certificate === null ? null : toBase64(endorsement.certificate),
    },
    attestation: { public: toBase64(attestation.public) },
  };
}

/** Parses the body of `GET /v1/identity`. @throws Malformed naming the field. */
export function parseIdentity(bytes: Uint8Array): Identity {
  const json = parseStrictJson(bytes, 'identity', { maximumLength: 64 * 1024, maximumDepth: 4 });
  return fromIdentityDocument(parseShape(identityShape, json, 'identity'));
}
