import type { Branded } from '../bytes/branded.ts';
import { type DigestName, digestSizes } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import type { Hex } from '../bytes/hex.ts';
import { type Reason, reason } from '../reasons.ts';
import { checkAttestationKey } from './attestation-key.ts';
import { type Attested, type ClockInfo, parseAttested } from './attested.ts';
import { pcrComposite, type PcrValues } from './pcr.ts';
import type { PublicArea } from './public-area.ts';
import { parseSignature, type QuoteSignature, verifyAttestedSignature } from './signature.ts';

export interface QuoteInput {
  /** TPMS_ATTEST and TPMT_SIGNATURE as the TPM gave them. */
  readonly attested: Uint8Array;
  readonly signature: Uint8Array;
  /** The key the verifier knows to be in the host's TPM, never one that came with the quote. */
  readonly attestationKey: PublicArea;
  /** What the quote must cover besides the PCRs. */
  readonly qualifyingData: Uint8Array;
  /** The PCR values claimed with the quote: all of them, and no bank but `bank`. */
  readonly pcrs: PcrValues;
  /** PCRs that must be among them. */
  readonly requiredPcrs: readonly number[];
  readonly bank: DigestName;
}

/** PCR values that a TPM vouches for. Made by `verifyQuote` alone. */
export type QuotedPcrs = Branded<
  {
    readonly bank: DigestName;
    readonly pcrs: ReadonlyMap<number, Uint8Array>;
    readonly clockInfo: ClockInfo;
    readonly firmwareVersion: bigint;
    readonly qualifiedSigner: Hex;
  },
  'QuotedPcrs'
>;

export type QuoteVerdict =
  | { readonly verified: true; readonly quote: QuotedPcrs }
  | { readonly verified: false; readonly reasons: readonly Reason[] };

/**
 * Verifies a TPM2_Quote. Trusted on entry: the key, the qualifying data and what is required; the rest is the host's
 * word. On exit with `verified` the PCR values are those the TPM held when it signed over the qualifying data.
 *
 * No field of the attestation is looked at before the signature over its exact bytes is verified. Never throws for
 * anything the host sent.
 */
export function verifyQuote(input: QuoteInput): QuoteVerdict {
  const unfit = checkAttestationKey(input.attestationKey);
  if (unfit.length > 0) return { verified: false, reasons: unfit };
  const signature = parseOrRefuse(() => parseSignature(input.signature), 'quote-signature-invalid');
  if ('code' in signature) return { verified: false, reasons: [signature] };
  if (!verifyAttestedSignature(input.attestationKey, input.attested, signature)) {
    const message =
      'The signature does not verify over the attestation with the expected key and its scheme.';
    return { verified: false, reasons: [reason('quote-signature-invalid', message)] };
  }
  const attested = parseOrRefuse(() => parseAttested(input.attested), 'quote-malformed');
  if ('code' in attested) return { verified: false, reasons: [attested] };
  const selection = checkSelection(attested, input);
  const reasons = [
    ...checkQualifyingData(attested, input.qualifyingData),
    ...selection,
    ...(selection.length > 0 ? [] : checkPcrDigest(attested, input, signature)),
  ];
  return reasons.length > 0
    ? { verified: false, reasons }
    : { verified: true, quote: quoted(attested, input) };
}

function parseOrRefuse<T extends object>(
  parse: () => T,
  code: 'quote-signature-invalid' | 'quote-malformed',
): T | Reason {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Malformed) return reason(code, `${error.message}.`);
    throw error;
  }
}

/** Exact and over the full length: a quote for a prefix of the nonce, or for more than it, answers something else. */
function checkQualifyingData({ extraData }: Attested, expected: Uint8Array): Reason[] {
  if (Buffer.compare(extraData, expected) === 0) return [];
  return [
    reason(
      'claims-mismatch',
      'The qualifying data of the quote is not the digest of these claims and this nonce.',
    ),
  ];
}

/**
 * The quote must select one bank, the one asked for, and in it exactly the PCRs whose values are claimed; a value that
 * is not quoted is only the host's word (CVE-2022-0317, CVE-2024-29039).
 */
function checkSelection({ selections }: Attested, { pcrs, requiredPcrs, bank }: QuoteInput): Reason[] {
  const [selection] = selections;
  if (selection === undefined || selections.length > 1 || selection.algorithm !== bank) {
    const banks = selections.map(({ algorithm }) => algorithm).join(', ') || 'none';
    return [
      reason(
        'pcr-selection-mismatch',
        `The quote covers the banks ${banks} where ${bank} alone is asked for.`,
      ),
    ];
  }
  const claimed = pcrs.get(bank);
  // The numbers selected are bits, so none is there twice.
  const same = claimed?.size === selection.pcrs.length && selection.pcrs.every((index) => claimed.has(index));
  if (pcrs.size !== 1 || !same) {
    const message = `The quote covers PCRs ${selection.pcrs.join(', ') || 'none'}; the values claimed are of others.`;
    return [reason('pcr-selection-mismatch', message)];
  }
  const missing = requiredPcrs.filter((index) => !selection.pcrs.includes(index));
  if (missing.length > 0 || selection.pcrs.length === 0) {
    return [
      reason(
        'pcr-selection-mismatch',
        `The quote does not cover PCR ${missing.join(', ') || 'values at all'}.`,
      ),
    ];
  }
  return [];
}

function checkPcrDigest(
  { selections, pcrDigest }: Attested,
  { pcrs, bank }: QuoteInput,
  { hash }: QuoteSignature,
): Reason[] {
  const sized = [...(pcrs.get(bank)?.values() ?? [])].every((value) => value.length === digestSizes[bank]);
  // Values of other sizes could share a digest with the true ones: only their concatenation is hashed.
  if (sized && Buffer.compare(pcrComposite(hash, selections, pcrs), pcrDigest) === 0) return [];
  return [reason('pcr-digest-mismatch', 'The PCR values claimed do not hash to the digest that was quoted.')];
}

/** Copies the values, so that nobody who holds the input can change what was verified. */
function quoted(
  { clockInfo, firmwareVersion, qualifiedSigner }: Attested,
  { pcrs, bank }: QuoteInput,
): QuotedPcrs {
  const copies = new Map<number, Uint8Array>();
  for (const [index, value] of pcrs.get(bank) ?? []) copies.set(index, new Uint8Array(value));
  const values: QuotedPcrs['pcrs'] = copies;
  return { bank, pcrs: values, clockInfo, firmwareVersion, qualifiedSigner } as QuotedPcrs;
}
