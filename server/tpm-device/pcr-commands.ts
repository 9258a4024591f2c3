import { faultPoint } from '#fault-point';

import { type DigestName, digestSizes } from '../../verifier/bytes/digest.ts';
import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import { handleText, runForFile, type ToolDriver } from './tool-driver.ts';
import type { QuoteBytes, QuoteRequest } from './device.ts';
import { readBounded } from '../os/durable-file.ts';
import { withPrivateDirectory } from '../os/private-directory.ts';

/** Extends in one command line; 64 with four banks are 25 kB of arguments. */
const extendsPerCommand = 64;

/** What fits the qualifying data of every TPM: a SHA-256 digest. */
const maximumQualifyingBytes = 32;

/** TPMS_ATTEST and TPMT_SIGNATURE are a few hundred bytes. */
const maximumStructureBytes = 8192;

/** Reads PCRs of one bank by `tpm2_pcrread -o`: their values one after the other, indices rising. */
export async function readPcrs(
  driver: ToolDriver,
  bank: DigestName,
  pcrs: readonly number[],
): Promise<ReadonlyMap<number, Uint8Array>> {
  const selection = checkSelection(pcrs);
  const bytes = await runForFile(driver, 'tpm2_pcrread', (path) => [
    '-o',
    path,
    selectionText(bank, selection),
  ]);
  const size = digestSizes[bank];
  // A PCR that the bank does not have is left out by the tool, and every value after it would be taken for another's.
  if (bytes.length !== size * selection.length)
    throw new CouldNotDecide(`the TPM has no such PCRs in its bank ${bank}`);
  return new Map(selection.map((pcr, index) => [pcr, bytes.slice(index * size, (index + 1) * size)]));
}

/**
 * Extends by `tpm2_pcrextend`, which carries out its arguments from left to right.
 *
 * @param banks the active ones; every element must have a digest for each of them.
 */
export async function extendPcr(
  driver: ToolDriver,
  pcr: number,
  digestsInOrder: readonly ReadonlyMap<DigestName, Uint8Array>[],
  banks: readonly DigestName[],
): Promise<void> {
  checkSelection([pcr]);
  const specifications = digestsInOrder.map((digests) => `${pcr}:${digestsText(digests, banks)}`);
  for (let start = 0; start < specifications.length; start += extendsPerCommand) {
    faultPoint('extend');
    await driver.run('tpm2_pcrextend', specifications.slice(start, start + extendsPerCommand));
  }
}

function digestsText(digests: ReadonlyMap<DigestName, Uint8Array>, banks: readonly DigestName[]): string {
  if (digests.size !== banks.length)
    throw new CouldNotDecide('a PCR is extended in all active banks or in none');
  return banks
    .map((bank) => {
      const value = digests.get(bank);
      if (value?.length !== digestSizes[bank])
        throw new CouldNotDecide(`there is no ${bank} digest to extend a PCR by`);
      return `${bank}=${toHex(value)}`;
    })
    .join(',');
}

/** Quotes by `tpm2_quote`; the key's own scheme decides how it signs. */
export async function quote(driver: ToolDriver, handle: number, request: QuoteRequest): Promise<QuoteBytes> {
  const { bank, pcrs, qualifyingData } = request;
  const selection = selectionText(bank, checkSelection(pcrs));
  if (qualifyingData.length < 1 || qualifyingData.length > maximumQualifyingBytes) {
    throw new CouldNotDecide(`a quote takes 1 to ${maximumQualifyingBytes} bytes of qualifying data`);
  }
  return withPrivateDirectory(async (directory) => {
    const message = `${directory}/message`;
    const signature = `${directory}/signature`;
    const key = ['-c', handleText(handle), '-l', selection, '-q', toHex(qualifyingData)];
    await driver.run('tpm2_quote', [...key, '-m', message, '-s', signature, '-f', 'tss']);
    return {
      attested: await readBounded(message, maximumStructureBytes, { noFollow: true }),
      signature: await readBounded(signature, maximumStructureBytes, { noFollow: true }),
    };
  });
}

function selectionText(bank: DigestName, pcrs: readonly number[]): string {
  return `${bank}:${pcrs.join(',')}`;
}

function checkSelection(pcrs: readonly number[]): readonly number[] {
  const known = pcrs.every((pcr) => Number.isInteger(pcr) && pcr >= 0 && pcr <= 23);
  if (!known || pcrs.length === 0 || new Set(pcrs).size !== pcrs.length) {
    throw new CouldNotDecide(`"${pcrs.join(',')}" is not a list of different PCRs from 0 to 23`);
  }
  return [...pcrs].sort((a, b) => a - b);
}
