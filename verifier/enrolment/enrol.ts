import { randomBytes, timingSafeEqual } from 'node:crypto';

import { Malformed } from '../bytes/failures.ts';
import { type Identity, parseIdentity } from '../evidence/identity.ts';
import { type Reason, reason } from '../reasons.ts';
import { checkAttestationKey } from '../tpm/attestation-key.ts';
import { parseTpm2bPublic, type PublicArea } from '../tpm/public-area.ts';
import type { Certificate } from '../trust/certificate.ts';
import { parseActivation } from './activation.ts';
import { type Credential, makeCredential } from './credential.ts';
import { type Endorsement, verifyEndorsement } from './endorsement-certificate.ts';
import { checkEndorsementKey } from './endorsement-key.ts';
import type { EnrolmentRecord } from './enrolment-record.ts';

/** What the verifier brings to an enrolment. */
export interface EnrolmentInput {
  /** The answer to `GET /v1/identity`, as received. */
  readonly identity: Uint8Array;
  /** Certificates of makers of TPMs that are trusted; null: whatever TPM answers is taken (trust on first use). */
  readonly roots: readonly Certificate[] | null;
  /** The time at which certificates must be valid. */
  readonly now: Date;
}

/** A host that has been asked to prove that its keys are in one TPM. */
export interface BegunEnrolment {
  readonly begun: true;
  /** For the host; only the TPM of its endorsement key gets the secret out of it. */
  readonly credential: Credential;
  readonly secret: Uint8Array;
  readonly identity: Identity;
  readonly attestationKey: PublicArea;
  /** null: taken on trust. */
  readonly endorsement: Endorsement | null;
}

export type EnrolmentBegun = BegunEnrolment | { readonly begun: false; readonly reasons: readonly Reason[] };

/** Where and when a host was asked. */
export interface EnrolmentCircumstances {
  readonly url: string;
  readonly now: Date;
}

export type EnrolmentVerdict =
  | { readonly enrolled: true; readonly record: EnrolmentRecord }
  | { readonly enrolled: false; readonly reasons: readonly Reason[] };

const secretBytes = 32;

/**
 * Checks the keys that a host presents, and makes the credential that its TPM is to open. Trusted on entry: the certificates
 * of makers. Whoever answers for the host may be anybody until `concludeEnrolment`.
 *
 * Never throws for anything the host sent.
 */
export function beginEnrolment({ identity: bytes, roots, now }: EnrolmentInput): EnrolmentBegun {
  const keys = parse(() => readKeys(bytes));
  if ('code' in keys) return { begun: false, reasons: [keys] };
  const { identity, attestationKey, endorsementKey } = keys;
  const unfit = [...checkAttestationKey(attestationKey), ...checkEndorsementKey(endorsementKey)];
  if (unfit.length > 0) return { begun: false, reasons: unfit };
  const endorsed = roots === null ? null : verifyCertificate(keys, roots, now);
  if (endorsed?.endorsed === false) return { begun: false, reasons: endorsed.reasons };
  // Fresh for each enrolment, so that no answer that was seen before is one to this.
  const secret = new Uint8Array(randomBytes(secretBytes));
  const credential = makeCredential({ endorsementKey, attestationKeyName: attestationKey.name, secret });
  const endorsement = endorsed === null ? null : endorsed.endorsement;
  return { begun: true, credential, secret, identity, attestationKey, endorsement };
}

/**
 * Decides by the host's answer to the credential. On exit with `enrolled` the attestation key is in the TPM that has the
 * endorsement key, and that TPM is one of a maker who was trusted unless the record says otherwise.
 *
 * @param answer to `POST /v1/identity/activation`, as received; null if the host's TPM refused the credential.
 */
export function concludeEnrolment(
  { secret, identity, attestationKey, endorsement }: BegunEnrolment,
  answer: Uint8Array | null,
  { url, now }: EnrolmentCircumstances,
): EnrolmentVerdict {
  const found = answer === null ? null : parse(() => ({ secret: parseActivation(answer) }));
  if (found !== null && 'code' in found) return { enrolled: false, reasons: [found] };
  // In constant time: who answers may try again and again.
  if (found?.secret.length !== secret.length || !timingSafeEqual(found.secret, secret)) {
    const message =
      'The TPM with the endorsement key did not open the credential for the attestation key: they are not in one TPM.';
    return { enrolled: false, reasons: [reason('credential-not-activated', message)] };
  }
  return {
    enrolled: true,
    record: {
      ...{ enrolled: now, url, identity, tpm: null },
      attestationKeyName: attestationKey.name,
      endorsement: endorsement === null ? { trust: 'first-use' } : endorsedBy(endorsement),
    },
  };
}

function endorsedBy({ certificate, root, model }: Endorsement): EnrolmentRecord['endorsement'] {
  return { trust: 'maker', ...model, certificateSha256: certificate.sha256, rootSha256: root.sha256 };
}

interface Keys {
  readonly identity: Identity;
  readonly attestationKey: PublicArea;
  readonly endorsementKey: PublicArea;
}

function readKeys(bytes: Uint8Array): Keys {
  const identity = parseIdentity(bytes);
  return {
    identity,
    attestationKey: parseTpm2bPublic(identity.attestation.public),
    endorsementKey: parseTpm2bPublic(identity.endorsement.public),
  };
}

function verifyCertificate({ identity, endorsementKey }: Keys, roots: readonly Certificate[], now: Date) {
  const { certificate } = identity.endorsement;
  if (certificate !== null) return verifyEndorsement(certificate, endorsementKey, roots, now);
  const message = "The TPM has no certificate of its maker's for its endorsement key.";
  return { endorsed: false, reasons: [reason('endorsement-missing', message)] } as const;
}

function parse<T extends object>(read: () => T): T | Reason {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) return reason(error.code, `${error.message}.`);
    throw error;
  }
}
