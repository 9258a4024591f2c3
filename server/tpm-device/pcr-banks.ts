import { type DigestName, isDigestName } from '../../verifier/bytes/digest.ts';
import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { ToolDriver } from './tool-driver.ts';

/**
 * Parses what `tpm2_getcap pcrs` prints (TPM2_GetCapability of TPM_CAP_PCRS):
 *
 *     selected-pcrs:
 *       - sha1: [ ]
 *       - sha256: [ 0, 1, 2, 3 ]
 *
 * @returns the banks with at least one PCR, in the TPM's order.
 * @throws CouldNotDecide for any other form, and for a bank in use whose algorithm is not known here: it could not be
 *   extended, so a later boot stage could extend it with a history that never was.
 */
export function parseActiveBanks(text: string): readonly DigestName[] {
  const [head, ...lines] = text.trimEnd().split('\n');
  const banks = lines.flatMap((line) => parseBank(line));
  if (head !== 'selected-pcrs:' || new Set(banks).size !== banks.length || banks.length === 0)
    throw unreadable();
  return banks;
}

function parseBank(line: string): DigestName[] {
  const match = /^ {2}- ([a-z0-9_]{1,32}): \[ *((?:\d{1,2}, )*\d{1,2})? *\]$/.exec(line);
  const name = match?.[1];
  if (name === undefined) throw unreadable();
  if (match?.[2] === undefined) return [];
  if (!isDigestName(name))
    throw new CouldNotDecide(`the TPM has a PCR bank that cannot be extended here: ${name}`);
  return [name];
}

function unreadable(): CouldNotDecide {
  return new CouldNotDecide('tpm2_getcap did not print the PCR banks in the form known here');
}

/**
 * Asks the TPM for its active banks, once: the allocation changes with a reset of the TPM only (TCG "TPM 2.0 Library
 * Part 3", section 22.5 "TPM2_PCR_Allocate"), and a reset of the TPM alone shows in its quotes.
 */
export function createBankReader(driver: ToolDriver): () => Promise<readonly DigestName[]> {
  let known: readonly DigestName[] | null = null;
  return async () => {
    known ??= parseActiveBanks(await driver.run('tpm2_getcap', ['pcrs']));
    return known;
  };
}
