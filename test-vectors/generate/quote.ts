import { writeFileSync } from 'node:fs';

import { z } from 'zod';

import { casesByTpm } from './quote-by-tpm.ts';
import { type QuoteGroup, quoteGroupShape, toVector } from './quote-group.ts';
import { casesByPretendedKey } from './quote-pretended.ts';
import { SoftwareTpm } from './software-tpm.ts';

const notes: QuoteGroup['notes'] = {
  Genuine: { effect: 'What a TPM signs must verify.', reference: 'TPM 2.0 Library Part 3, section 18.4' },
  OtherHash: {
    effect: 'pcrDigest is made with the hash of the signing scheme, which need not be that of the bank.',
    reference: 'TPM 2.0 Library Part 3, section 18.4',
  },
  Selection: {
    effect:
      'PCR values that the quote does not cover are believed: relabelled, of another bank, or none quoted at all.',
    reference: 'CVE-2024-29039, CVE-2022-0317',
  },
  PcrDigest: {
    effect: 'PCR values are believed that are not the quoted ones.',
    reference: 'TPM 2.0 Library Part 2, section 10.12, TPMS_QUOTE_INFO',
  },
  Nonce: {
    effect: 'A quote for another challenge, or for a part of it, is replayed.',
    reference: 'TPM 2.0 Library Part 3, section 18.4, qualifyingData',
  },
  Magic: {
    effect: 'An attestation that no TPM generated is believed.',
    reference: 'CVE-2024-29038; TPM 2.0 Library Part 2, section 6.2, TPM_GENERATED',
  },
  UnfitKey: {
    effect: 'A key that signs anything, or that may leave the TPM, signs a forged quote.',
    reference: 'CVE-2024-29038; TPM 2.0 Library Part 2, section 8.3, TPMA_OBJECT',
  },
  WrongKey: { effect: 'A quote by another key is believed.', reference: 'CVE-2022-1053' },
  Signature: {
    effect:
      'A signature is believed that the key did not make over these bytes, or that two readers read differently.',
    reference: 'CVE-2022-21449; TPM 2.0 Library Part 2, section 11.3.4, TPMT_SIGNATURE',
  },
  OtherType: {
    effect: 'An attestation of something else, signed by the same key, is read as a quote.',
    reference: 'TPM 2.0 Library Part 2, section 10.12, TPMS_ATTEST',
  },
  Format: {
    effect: 'Two readers of one attestation see different quotes.',
    reference: 'TPM 2.0 Library Part 2, sections 9.2, 10.5.3, 10.6.2 and 10.12',
  },
};

/** Makes the group afresh: the same cases each time, with new keys and a new TPM. */
export function makeQuoteGroup(): QuoteGroup {
  const tpm = new SoftwareTpm();
  try {
    return {
      schema: '../schemas/quote.schema.json',
      generator: 'test-vectors/generate/quote.ts',
      notes,
      cases: [...casesByTpm(tpm), ...casesByPretendedKey()].map(toVector),
    };
  } finally {
    tpm.remove();
  }
}

/** The JSON Schema of the group, as text. */
export function quoteSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(quoteGroupShape), null, 2)}\n`;
}

// Run from the root of the repository: node dist/test-vectors/generate/quote.js
if (import.meta.filename === process.argv[1]) {
  writeFileSync('test-vectors/quote/quote.json', `${JSON.stringify(makeQuoteGroup(), null, 1)}\n`);
  writeFileSync('test-vectors/schemas/quote.schema.json', quoteSchema());
}
