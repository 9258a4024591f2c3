import { CouldNotDecide, Malformed } from '../../verifier/bytes/failures.ts';
import { maximumLogBytes } from '../../verifier/evidence/evidence.ts';
import { isExtensionEvent } from '../../verifier/measurement/extension-event.ts';
import { replayPrefixLength } from '../../verifier/measurement/replay.ts';
import { type LogRecord, parseSystemdLog } from '../../verifier/measurement/systemd-log.ts';
import type { TpmDevice } from '../tpm-device/device.ts';
import { readBootLog, valueAfterBoot } from './boot-log.ts';
import { type MeasuredLog, withSharedLog } from './systemd/read-log.ts';

/** The records of this host's own log. @throws CouldNotDecide if it is not a log any more. */
export function parseMeasuredLog({ bytes }: MeasuredLog): LogRecord[] {
  try {
    return parseSystemdLog(bytes, { maximumBytes: maximumLogBytes });
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new CouldNotDecide(
      `the measurement log is damaged: ${error.message}. Reboot the host to start a new one`,
    );
  }
}

/** The PCR that the last event of ours was measured into, as a log has it; null if there is none. */
export function lastMeasuredPcr(records: readonly LogRecord[]): number | null {
  const last = records.findLast(
    ({ register, text }) => register.kind === 'pcr' && isExtensionEvent(text ?? ''),
  );
  return last?.register.kind === 'pcr' ? last.register.index : null;
}

/** The texts that a log says were measured into a PCR, oldest first. */
export function eventTexts(records: readonly LogRecord[], pcr: number): string[] {
  return ownRecords(records, pcr).flatMap(({ text }) => text ?? []);
}

/**
 * What user space measured into a PCR of this host since boot, or null where the log does not explain the PCR's value. The firmware's
 * log is asked only where the PCR does not begin at zeros, so a gate does not depend on it otherwise.
 *
 * @throws CouldNotDecide
 */
export function readMeasuredEvents(
  root: string,
  device: TpmDevice,
  pcr: number,
): Promise<readonly string[] | null> {
  return withSharedLog(root, async (log) => {
    const records = parseMeasuredLog(log);
    const value = (await device.readPcrs('sha256', [pcr])).get(pcr);
    const last = records.findLastIndex((record) => isOf(record, pcr)) + 1;
    const leads = (start?: Uint8Array): boolean =>
      value !== undefined && replayPrefixLength(records, pcr, 'sha256', value, start) === last;
    const agree = leads() || leads(valueAfterBoot(await readBootLog(root), pcr, 'sha256'));
    return agree && !log.incomplete ? eventTexts(records, pcr) : null;
  });
}

function ownRecords(records: readonly LogRecord[], pcr: number): LogRecord[] {
  return records.filter((record) => isOf(record, pcr));
}

function isOf({ register }: LogRecord, pcr: number): boolean {
  return register.kind === 'pcr' && register.index === pcr;
}
