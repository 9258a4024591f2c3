import { z } from 'zod';

import { Malformed } from '../bytes/failures.ts';
import { type Hex, parseHex } from '../bytes/hex.ts';
import { parseShape } from '../bytes/shape.ts';
import { parseStrictJson } from '../bytes/strict-json.ts';
import {
  fromIdentityDocument,
  type Identity,
  identityShape,
  toIdentityDocument,
} from '../evidence/identity.ts';
import type { TpmMoment } from './tpm-moment.ts';
import { parseTpm2bPublic } from '../tpm/public-area.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const word = z.string().max(64);

/** Why the endorsement key is believed to be a TPM's. */
const endorsementShape = z.discriminatedUnion('trust', [
  /** A certificate of the TPM's maker, which one that the verifier trusts vouched for. */
  z.strictObject({
    trust: z.literal('maker'),
    manufacturer: word,
    model: word,
    version: word,
    certificateSha256: sha256,
    rootSha256: sha256,
  }),
  /** No reason: it was taken from whoever answered. */
  z.strictObject({ trust: z.literal('first-use') }),
]);

const recordShape = z.strictObject({
  version: z.literal(1),
  enrolled: z.iso.datetime(),
  url: z.string().max(2048),
  endorsement: endorsementShape,
  /** So that a person can compare it with what the host's log says; the public area below is what counts. */
  attestationKeyName: z.string().max(132),
  /** As the TPM said in a quote at the time; null if the host could give none. */
  tpm: z
    .strictObject({
      firmwareVersion: z.string().regex(/^[0-9a-f]{16}$/),
      resetCount: z.int().min(0),
      restartCount: z.int().min(0),
    })
    .nullable(),
  identity: identityShape,
});

/** Wire shape of an enrolment record, version 1. */
export type EnrolmentDocument = z.infer<typeof recordShape>;

/** What a verifier keeps of a host, and appraises its evidence by. */
export interface EnrolmentRecord {
  readonly enrolled: Date;
  /** Where the host was asked. */
  readonly url: string;
  readonly endorsement: z.infer<typeof endorsementShape>;
  readonly attestationKeyName: Hex;
  readonly tpm: TpmMoment | null;
  /** The keys, proved to be in one TPM. */
  readonly identity: Identity;
}

/** The record as it is kept. */
export function toEnrolmentDocument(record: EnrolmentRecord): EnrolmentDocument {
  const { enrolled, url, endorsement, attestationKeyName, tpm, identity } = record;
  return {
    version: 1,
    enrolled: enrolled.toISOString(),
    ...{ url, endorsement, attestationKeyName, tpm },
    identity: toIdentityDocument(identity),
  };
}

/** Parses a record. It is believed as it stands: whoever can write it decides who the host is. @throws Malformed */
export function parseEnrolmentRecord(bytes: Uint8Array): EnrolmentRecord {
  const json = parseStrictJson(bytes, 'enrolment', { maximumLength: 64 * 1024, maximumDepth: 5 });
  const document = parseShape(recordShape, json, 'enrolment');
  const identity = fromIdentityDocument(document.identity);
  const attestationKeyName = parseHex(document.attestationKeyName, 'enrolment.attestationKeyName');
  if (parseTpm2bPublic(identity.attestation.public).name !== attestationKeyName)
    throw new Malformed('enrolment.attestationKeyName', 'is not the name of the attestation key');
  const { url, endorsement, tpm } = document;
  return { enrolled: new Date(document.enrolled), url, endorsement, attestationKeyName, tpm, identity };
}
