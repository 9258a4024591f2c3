import type { DigestName } from '../../../verifier/bytes/digest.ts';
import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import type { LogRecord } from '../../../verifier/measurement/systemd-log.ts';
import { extendPcr } from '../../../verifier/tpm/pcr.ts';
import type { TpmDevice } from '../../tpm-device/device.ts';
import { parseMeasuredLog } from '../measured-events.ts';
import type { MeasuredLine } from './append-log.ts';
import { withSharedLog } from './read-log.ts';

/** A PCR of a host, and the banks in which it is looked at: all active ones. */
export interface ObservedRegister {
  readonly device: TpmDevice;
  readonly root: string;
  readonly pcr: number;
  readonly banks: readonly DigestName[];
}

/** The log and a PCR at one moment. */
export interface Observation {
  readonly log: Uint8Array;
  readonly incomplete: boolean;
  readonly values: ReadonlyMap<DigestName, Uint8Array>;
}

/** @throws CouldNotDecide if either cannot be read. */
export function observe({ device, root, pcr, banks }: ObservedRegister): Promise<Observation> {
  return withSharedLog(root, async ({ bytes: log, incomplete }) => {
    const values = new Map<DigestName, Uint8Array>();
    for (const bank of banks) {
      const value = (await device.readPcrs(bank, [pcr])).get(pcr);
      if (value === undefined) throw new CouldNotDecide(`the TPM has no PCR ${pcr} in its bank ${bank}`);
      values.set(bank, value);
    }
    return { log, incomplete, values };
  });
}

/**
 * How many of `lines`, from the first, were measured between two observations: their records are in the log, in order, and
 * in every bank all that the log gained leads from the old value of the PCR to the new one. Whether the log explained the
 * old value is not asked. Records of others may stand before, between and after them.
 *
 * @throws CouldNotDecide if the log and the PCR did not change alike; if lines were measured otherwise than in order and
 *   from the first, in some banks only, or with another text in the log.
 */
export function recordedSince(
  before: Observation,
  after: Observation,
  { pcr }: Pick<ObservedRegister, 'pcr'>,
  lines: readonly MeasuredLine[],
): number {
  const gained = gainedRecords(before, after, pcr);
  for (const [bank, old] of before.values) checkBank(bank, old, after, gained, pcr);
  const ours = gained.filter((record) => lines.some((line) => isOf(record, line)));
  let count = 0;
  for (const record of ours) {
    const next = lines[count];
    if (next !== undefined && isExactly(record, next)) count++;
  }
  // Another writer may measure the very same line, so more than ours is no fault while all of ours are there.
  if (count < lines.length && ours.length > count)
    throw new CouldNotDecide(`systemd measured lines into PCR ${pcr} otherwise than it was asked to`);
  return count;
}

function gainedRecords(before: Observation, after: Observation, pcr: number): LogRecord[] {
  if (Buffer.compare(after.log.subarray(0, before.log.length), before.log) !== 0) throw disagree(pcr);
  const bytes = after.log.subarray(before.log.length);
  return parseMeasuredLog({ bytes, incomplete: after.incomplete }).filter(
    ({ register }) => register.kind === 'pcr' && register.index === pcr,
  );
}

function checkBank(
  bank: DigestName,
  old: Uint8Array,
  after: Observation,
  gained: readonly LogRecord[],
  pcr: number,
): void {
  let value = old;
  for (const { digests } of gained) {
    const measured = digests.get(bank);
    if (measured !== undefined) value = extendPcr(bank, value, measured);
  }
  if (Buffer.compare(value, after.values.get(bank) ?? new Uint8Array(0)) !== 0) throw disagree(pcr);
}

function disagree(pcr: number): CouldNotDecide {
  return new CouldNotDecide(
    `the measurement log and PCR ${pcr} do not agree: something was measured that is not in the log, or the log was changed. Reboot the host`,
  );
}

// In any bank: what was measured in one bank must not be measured there again because another lacks it.
function isOf({ digests, text }: LogRecord, { line, digests: expected }: MeasuredLine): boolean {
  return text === line || [...expected].some(([bank, value]) => isEqual(digests.get(bank), value));
}

function isExactly({ digests, text }: LogRecord, { line, digests: expected }: MeasuredLine): boolean {
  return text === line && [...expected].every(([bank, value]) => isEqual(digests.get(bank), value));
}

function isEqual(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}
