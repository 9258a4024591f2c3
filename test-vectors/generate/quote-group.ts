import { z } from 'zod';

import { toBase64 } from '../../verifier/bytes/base64.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import type { ReasonCode } from '../../verifier/reasons.ts';
import type { QuoteInput } from '../../verifier/tpm/quote.ts';

const base64 = z.base64();

const quoteCase = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  comment: z.string().min(1),
  flags: z.array(z.string()).min(1),
  inputs: z.strictObject({
    /** TPMS_ATTEST. */
    attested: base64,
    /** TPMT_SIGNATURE. */
    signature: base64,
    /** TPM2B_PUBLIC of the key the verifier expects. */
    attestationKey: base64,
    /** What the quote must cover besides the PCRs. */
    qualifyingData: base64,
    /** Values claimed with the quote: bank, index, hexadecimal. */
    pcrs: z.record(z.string(), z.record(z.string().regex(/^\d+$/), z.string().regex(/^(?:[0-9a-f]{2})*$/))),
    /** PCRs and bank the verifier asks for. */
    requiredPcrs: z.array(z.int().min(0).max(23)),
    bank: z.enum(['sha1', 'sha256', 'sha384', 'sha512']),
  }),
  expect: z.discriminatedUnion('verdict', [
    z.strictObject({ verdict: z.literal('verified'), code: z.null(), stage: z.null() }),
    z.strictObject({ verdict: z.literal('refused'), code: z.string(), stage: z.literal('quote') }),
  ]),
});

/** Shape of `test-vectors/quote/quote.json`. */
export const quoteGroupShape = z.strictObject({
  schema: z.literal('../schemas/quote.schema.json'),
  generator: z.literal('test-vectors/generate/quote.ts'),
  notes: z.record(z.string(), z.strictObject({ effect: z.string().min(1), reference: z.string().min(1) })),
  cases: z.array(quoteCase).min(1),
});

export type QuoteGroup = z.infer<typeof quoteGroupShape>;

/** What `verifyQuote` takes, with the key as the TPM gives it. */
export type QuoteInputs = Omit<QuoteInput, 'attestationKey'> & { readonly attestationKey: Uint8Array };

export interface QuoteCase {
  readonly id: string;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly inputs: QuoteInputs;
  /** Why it is refused; null: it is verified. */
  readonly code: ReasonCode | null;
}

/** A case as it stands in the file. */
export function toVector({ id, comment, flags, inputs, code }: QuoteCase): QuoteGroup['cases'][number] {
  const { attested, signature, attestationKey, qualifyingData, pcrs, requiredPcrs, bank } = inputs;
  const banks = [...pcrs].map(([name, values]) => [
    name,
    Object.fromEntries([...values].map(([index, value]) => [index, toHex(value)])),
  ]);
  return {
    id,
    comment,
    flags: [...flags],
    inputs: {
      attested: toBase64(attested),
      signature: toBase64(signature),
      attestationKey: toBase64(attestationKey),
      qualifyingData: toBase64(qualifyingData),
      pcrs: Object.fromEntries(banks) as QuoteGroup['cases'][number]['inputs']['pcrs'],
      requiredPcrs: [...requiredPcrs],
      bank,
    },
    expect:
      code === null
        ? { verdict: 'verified', code: null, stage: null }
        : { verdict: 'refused', code, stage: 'quote' },
  };
}
