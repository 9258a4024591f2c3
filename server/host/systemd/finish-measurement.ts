import { toHex } from '../../../verifier/bytes/hex.ts';
import { maximumLogBytes } from '../../../verifier/evidence/evidence.ts';
import { type LogRecord, parseSystemdLog } from '../../../verifier/measurement/systemd-log.ts';
import { extendPcr, type PcrValues } from '../../../verifier/tpm/pcr.ts';
import type { LockedFile } from '../../os/locked-file.ts';
import type { TpmDevice } from '../../tpm-device/device.ts';
import { dropPending, type PendingMeasurement, readPending, readRegisters } from './pending-measurement.ts';

/**
 * Ends a measurement of ours that was killed on its way, or failed: the TPM says how many of its lines were extended, the
 * log gets the records of those that it lacks, and it says no more that it may be incomplete. The other lines were not
 * measured; who still wants them measured does it anew.
 *
 * That is done only if nothing else can have happened since: the log is as it was but for our own records, in every bank
 * the PCR has what our lines lead to, and no other PCR has changed. Else the mark stays, and what is known of it is
 * dropped. NvPCRs are not looked at: another writer of the log that was killed at one, after us, is not noticed.
 *
 * @param log systemd's log, locked exclusively.
 * @returns whether the log is complete again by it.
 * @throws CouldNotDecide if the TPM cannot be read or the log not written.
 */
export async function finishMeasurement(device: TpmDevice, root: string, log: LockedFile): Promise<boolean> {
  const pending = await readPending(root);
  if (pending === null) return false;
  const rest = (await log.isMarked()) ? await findRest(device, log, pending) : null;
  if (rest !== null) {
    if (rest.length > 0) await log.append(rest);
    await log.setMarked(false);
  }
  await dropPending(root);
  return rest !== null;
}

/** What is still to be appended; null if that cannot be told. */
async function findRest(
  device: TpmDevice,
  log: LockedFile,
  { pcr, start, records, before }: PendingMeasurement,
): Promise<Uint8Array | null> {
  const bytes = await log.read(maximumLogBytes);
  const count = countExtended(
    pcr,
    parseSystemdLog(Buffer.concat(records), { maximumBytes: maximumLogBytes }),
    before,
    await readRegisters(device, pcr),
  );
  if (count === null || bytes.length < start) return null;
  const expected = Buffer.concat(records.slice(0, count));
  const written = bytes.subarray(start);
  // Half a record is there if the kill was while it was written.
  const isOurs = Buffer.compare(written, expected.subarray(0, written.length)) === 0;
  return isOurs ? expected.subarray(written.length) : null;
}

/** How many records, from the first, lead from the old values to the new ones in every bank; null if no number does. */
function countExtended(
  pcr: number,
  records: readonly LogRecord[],
  before: PcrValues,
  after: PcrValues,
): number | null {
  let values = before;
  for (const [count, record] of [null, ...records].entries()) {
    if (record !== null) values = extended(pcr, record, values);
    if (isSame(values, after)) return count;
  }
  return null;
}

/** @throws Malformed if the record has not a digest for every bank. */
function extended(pcr: number, { digests }: LogRecord, values: PcrValues): PcrValues {
  return new Map(
    [...values].map(([bank, pcrs]) => {
      const value = extendPcr(
        bank,
        pcrs.get(pcr) ?? new Uint8Array(0),
        digests.get(bank) ?? new Uint8Array(0),
      );
      return [bank, new Map([...pcrs, [pcr, value]])];
    }),
  );
}

function isSame(one: PcrValues, other: PcrValues): boolean {
  const textOf = (values: PcrValues): string =>
    JSON.stringify([...values].map(([bank, pcrs]) => [bank, [...pcrs].map(([, value]) => toHex(value))]));
  return textOf(one) === textOf(other);
}
