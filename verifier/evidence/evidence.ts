import { z } from 'zod';

import { parseBase64, toBase64 } from '../bytes/base64.ts';
import { type DigestName, digestSizes, isDigestName } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { fromHex, parseHex, toHex } from '../bytes/hex.ts';
import { parseShape } from '../bytes/shape.ts';
import { parseStrictJson } from '../bytes/strict-json.ts';
import { type Binding, bindingShape, parseBinding, toBindingDocument } from './binding.ts';
import { type Claims, claimsSchema } from './claims.ts';
import { fromIdentityDocument, type Identity, identityShape, toIdentityDocument } from './identity.ts';

/** Largest evidence document that is read, in bytes. */
export const maximumEvidenceBytes = 48 * 1024 * 1024;

/** Largest log inside the evidence, decoded, in bytes. */
export const maximumLogBytes = 16 * 1024 * 1024;

/** PCR values by bank and index, as claimed; the quote's digest decides whether they are true. */
export type ClaimedPcrs = ReadonlyMap<DigestName, ReadonlyMap<number, Uint8Array>>;

/** One answer to one challenge: what the host claims, and the quote that must cover it. All of it is untrusted. */
export interface Evidence {
  readonly version: 1;
  readonly claims: Claims;
  readonly binding: Binding;
  /** TPMS_ATTEST and TPMT_SIGNATURE as the TPM gave them. */
  readonly quote: { readonly attested: Uint8Array; readonly signature: Uint8Array };
  readonly pcrs: ClaimedPcrs;
  readonly identity: Identity;
  readonly logs: EvidenceLogs;
}

/** The logs that the claims name, or what of them the verifier has not said that it knows. */
export interface EvidenceLogs {
  /** Null: there is none, or the verifier knows it (the claims tell which). */
  readonly firmware: Uint8Array | null;
  /** How many records of the userspace log are left out at its beginning. */
  readonly from: number;
  readonly userspace: Uint8Array;
}

const evidenceShape = z.strictObject({
  version: z.literal(1),
  claims: claimsSchema,
  binding: bindingShape,
  quote: z.strictObject({ attested: z.string(), signature: z.string() }),
  pcrs: z.record(z.string(), z.record(z.string(), z.string())),
  identity: identityShape,
  logs: z.strictObject({ firmware: z.string().nullable(), from: z.int().min(0), userspace: z.string() }),
});

/** The evidence as it travels: byte strings in base64, hashes and PCR values in hexadecimal. */
export type EvidenceDocument = z.infer<typeof evidenceShape>;

/**
 * Parses the body of `POST /v1/attestations`'s answer.
 *
 * @throws Malformed naming the field: size, JSON, shape, base64, hexadecimal, PCR numbers and digest sizes.
 */
export function parseEvidence(bytes: Uint8Array): Evidence {
  const json = parseStrictJson(bytes, 'evidence', { maximumLength: maximumEvidenceBytes, maximumDepth: 16 });
  const document = parseShape(evidenceShape, json, 'evidence');
  const { quote, logs } = document;
  return {
    version: 1,
    claims: document.claims,
    binding: parseBinding(document.binding),
    quote: {
      attested: parseBase64(quote.attested, 'evidence.quote.attested', 4096),
      signature: parseBase64(quote.signature, 'evidence.quote.signature', 4096),
    },
    pcrs: parsePcrs(document.pcrs),
    identity: fromIdentityDocument(document.identity),
    logs: {
      firmware:
        logs.firmware === null ? null : parseBase64(logs.firmware, 'evidence.logs.firmware', maximumLogBytes),
      from: logs.from,
      userspace: parseBase64(logs.userspace, 'evidence.logs.userspace', maximumLogBytes),
    },
  };
}

function parsePcrs(banks: EvidenceDocument['pcrs']): ClaimedPcrs {
  return new Map(
    Object.entries(banks).map(([bank, values]): [DigestName, ReadonlyMap<number, Uint8Array>] => {
      if (!isDigestName(bank))
        throw new Malformed(`evidence.pcrs.${bank}`, 'is not a digest algorithm known here');
      return [bank, parseBank(bank, values)];
    }),
  );
}

function parseBank(bank: DigestName, values: Record<string, string>): ReadonlyMap<number, Uint8Array> {
  return new Map(
    Object.entries(values).map(([index, value]): [number, Uint8Array] => {
      const field = `evidence.pcrs.${bank}.${index}`;
      if (!/^(?:\d|1\d|2[0-3])$/.test(index)) throw new Malformed(field, 'is not a PCR number from 0 to 23');
      return [Number(index), fromHex(parseHex(value, field, digestSizes[bank]))];
    }),
  );
}

/** The evidence as it travels; `parseEvidence` reads its JSON back. */
export function toEvidenceDocument({
  claims,
  binding,
  quote,
  pcrs,
  identity,
  logs,
}: Evidence): EvidenceDocument {
  return {
    version: 1,
    claims,
    binding: toBindingDocument(binding),
    quote: { attested: toBase64(quote.attested), signature: toBase64(quote.signature) },
    pcrs: Object.fromEntries([...pcrs].map(([bank, values]) => [bank, toBankDocument(values)])),
    identity: toIdentityDocument(identity),
    logs: toLogsDocument(logs),
  };
}

/** The logs as they travel. Answers by the same quote may differ in how much of them they hold. */
export function toLogsDocument({ firmware, from, userspace }: EvidenceLogs): EvidenceDocument['logs'] {
  return { firmware: firmware === null ? null : toBase64(firmware), from, userspace: toBase64(userspace) };
}

function toBankDocument(values: ReadonlyMap<number, Uint8Array>): Record<string, string> {
  return Object.fromEntries([...values].map(([index, value]) => [index, toHex(value)]));
}
