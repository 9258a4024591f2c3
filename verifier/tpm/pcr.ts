import { digest, type DigestName, digestSizes } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';

/** PCR values by bank and index. */
export type PcrValues = ReadonlyMap<DigestName, ReadonlyMap<number, Uint8Array>>;

/** One bank's part of a TPML_PCR_SELECTION; indices rise. */
export interface PcrSelection {
  readonly algorithm: DigestName;
  readonly pcrs: readonly number[];
}

/**
 * What a PCR holds after a reset of the host: zeros. That is true of PCRs 0 to 16 and 23, save for PCR 0 where the
 * firmware started at another locality (TCG "PC Client Platform TPM Profile", PCR attributes).
 */
export function initialPcr(algorithm: DigestName): Uint8Array {
  return new Uint8Array(digestSizes[algorithm]);
}

/**
 * TPM2_PCR_Extend: the bank's hash of the old value followed by the digest (TCG "TPM 2.0 Library Part 1", section 17.2).
 *
 * @throws Malformed if either is not of the bank's size.
 */
export function extendPcr(algorithm: DigestName, value: Uint8Array, measured: Uint8Array): Uint8Array {
  checkSize(algorithm, value, 'PCR value');
  // Without this check the border between value and digest could be moved and the hash would not tell.
  checkSize(algorithm, measured, 'measured digest');
  return digest(algorithm, value, measured);
}

/**
 * The pcrDigest of a quote: hash of the selected values, banks in the order of the selections and indices rising within
 * each (Part 2, section 10.12, TPMS_QUOTE_INFO).
 *
 * @param hash that of the signing scheme, which need not be a bank's (Part 3, section 18.4 "TPM2_Quote").
 * @throws Malformed if a selected value is missing or not of its bank's size.
 */
export function pcrComposite(
  hash: DigestName,
  selections: readonly PcrSelection[],
  values: PcrValues,
): Uint8Array {
  const selected: Uint8Array[] = [];
  for (const { algorithm, pcrs } of selections) {
    const bank = values.get(algorithm);
    for (const index of pcrs) selected.push(selectedValue(algorithm, index, bank?.get(index)));
  }
  return digest(hash, ...selected);
}

function selectedValue(algorithm: DigestName, index: number, value: Uint8Array | undefined): Uint8Array {
  if (value?.length === digestSizes[algorithm]) return value;
  const field = `PCR ${index} of ${algorithm}`;
  if (value === undefined) throw new Malformed(field, 'has no value');
  checkSize(algorithm, value, field);
  return value;
}

function checkSize(algorithm: DigestName, value: Uint8Array, field: string): void {
  const size = digestSizes[algorithm];
  if (value.length !== size)
    throw new Malformed(field, `has ${value.length} bytes where ${size} are required`);
}
