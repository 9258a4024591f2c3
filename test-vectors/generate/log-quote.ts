import { type DigestName } from '../../verifier/bytes/digest.ts';
import { hashIdentifier } from '../../verifier/tpm/algorithms.ts';
import { pcrComposite } from '../../verifier/tpm/pcr.ts';
import { parseTpm2bPublic } from '../../verifier/tpm/public-area.ts';
import { type QuotedPcrs, verifyQuote } from '../../verifier/tpm/quote.ts';
import { pcrSelection, PretendedTpmKey, tpm2b, writeAttested } from './tpm-writer.ts';

const key = new PretendedTpmKey();

/** A quote of PCR values, as if a TPM held them. */
export function quoteOf(bank: DigestName, values: ReadonlyMap<number, Uint8Array>): QuotedPcrs {
  const pcrs = [...values.keys()].sort((a, b) => a - b);
  const bitmap = [0, 1, 2].map((octet) =>
    pcrs.filter((pcr) => pcr >> 3 === octet).reduce((bits, pcr) => bits | (1 << (pcr & 7)), 0),
  );
  const byBank = new Map([[bank, values]]);
  const attested = writeAttested({
    selections: [pcrSelection(hashIdentifier(bank), bitmap)],
    pcrDigest: pcrComposite('sha256', [{ algorithm: bank, pcrs }], byBank),
  });
  const verdict = verifyQuote({
    ...{ attested, signature: key.sign(attested), qualifyingData: new Uint8Array(), pcrs: byBank, bank },
    attestationKey: parseTpm2bPublic(tpm2b(key.public())),
    requiredPcrs: [],
  });
  if (!verdict.verified) throw new TypeError(verdict.reasons[0]?.message);
  return verdict.quote;
}
