import { basename, dirname, join } from 'node:path';

import { type DigestName } from '../../../verifier/bytes/digest.ts';
import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { maximumLogBytes } from '../../../verifier/evidence/evidence.ts';
import { encodeLogRecord } from '../../../verifier/measurement/systemd-log.ts';
import { bootId, bootTimeMicroseconds } from '../../os/clock.ts';
import { makeDirectory } from '../../os/durable-file.ts';
import { measureLogPath } from '../../os/host-paths.ts';
import { type LockedFile, withExclusiveFile } from '../../os/locked-file.ts';
import type { TpmDevice } from '../../tpm-device/device.ts';
import { finishMeasurement } from './finish-measurement.ts';
import { dropPending, keepPending, readPending, readRegisters } from './pending-measurement.ts';

/** A line and its digest in every active bank, in the order of the TPM's banks. */
export interface MeasuredLine {
  readonly line: string;
  readonly digests: ReadonlyMap<DigestName, Uint8Array>;
}

/** Where records were appended to the log after the PCR was extended by them. */
export interface Appended {
  /** Where the new records begin and end in the log, in bytes. */
  readonly start: number;
  readonly end: number;
  /** The log said of itself that an event may be missing, before these. It will until the next boot. */
  readonly incomplete: boolean;
}

/**
 * Extends a PCR by lines, in their order, and appends a record of each to systemd's log, by systemd's own protocol
 * (tpm2_userspace_log_open() and tpm2_userspace_log() in systemd's src/shared/tpm2-util.c), so that its writers and ours
 * keep out of each other's way:
 *
 *     mkdir -p /run/log/systemd
 *     open(tpm2-measure.log, O_CREAT|O_NOFOLLOW, 0600)
 *     flock(LOCK_EX)                                       killed here: nothing happened
 *     write what is to come to a file of ours              the same
 *     chmod 01600                                          killed here: the log says that it is incomplete, wrongly
 *     TPM2_PCR_Extend of every active bank, a line each    killed here: rightly
 *     write the records, fsync                             killed here: wrongly, or rightly with half a record at its end
 *     chmod 0600                                           killed here: nothing is missing
 *     remove that file
 *     close, which unlocks
 *
 * The sticky bit is how the log says it. Whoever finds it set leaves it set, so it stays until the next boot; unless it is
 * ours, and what was left undone can be done (`finishMeasurement`).
 *
 * @throws CouldNotDecide if any step fails. The PCR may have been extended by then, and the log says so, until it is finished.
 */
export async function extendAndAppend(
  device: TpmDevice,
  root: string,
  pcr: number,
  lines: readonly MeasuredLine[],
): Promise<Appended> {
  return withLog(root, async (log) => {
    await finishMeasurement(device, root, log);
    const [incomplete, start] = [await log.isMarked(), await log.size()];
    const records = lines.map((line) => encodeRecord(pcr, line));
    const bytes = Buffer.concat(records);
    checkRoom(start + bytes.length);
    // Where others left it undone, nobody can tell what is missing.
    if (!incomplete)
      await keepPending(root, { pcr, start, records, before: await readRegisters(device, pcr) });
    await log.setMarked(true);
    await device.extendPcr(
      pcr,
      lines.map(({ digests }) => digests),
    );
    await log.append(bytes);
    if (!incomplete) {
      await log.setMarked(false);
      await dropPending(root);
    }
    return { start, end: start + bytes.length, incomplete };
  });
}

/**
 * Ends a measurement that was killed on its way, if there is one and it can be ended; see `finishMeasurement`.
 *
 * @returns whether the log is complete again by it.
 * @throws CouldNotDecide
 */
export async function finishInterrupted(device: TpmDevice, root: string): Promise<boolean> {
  // Nothing is created for it: that there is a log tells systemd's tools that something was measured.
  return (await readPending(root)) !== null && withLog(root, (log) => finishMeasurement(device, root, log));
}

async function withLog<T>(root: string, use: (log: LockedFile) => Promise<T>): Promise<T> {
  const directory = await makeDirectory(root, dirname(measureLogPath));
  return withExclusiveFile(join(directory, basename(measureLogPath)), use);
}

/** @throws CouldNotDecide if a log of this size could not be read any more. */
export function checkRoom(bytes: number): void {
  if (bytes > maximumLogBytes) throw new CouldNotDecide(`${measureLogPath} is full; reboot the host`);
}

// Third parties cannot add to systemd's list of event types; "phase" is what systemd-pcrextend itself gives a word of
// theirs. A record without a type is read too, but systemd-pcrlock then takes it for nobody's and leaves the text out of
// what it exports (EVENT_LOG_RECORD_IS_USERSPACE in src/pcrlock/pcrlock.c).
export const eventType = 'phase';

/** A record as it would be appended at this moment. */
export function encodeRecord(pcr: number, { line, digests }: MeasuredLine): Uint8Array {
  const register = { kind: 'pcr', index: pcr } as const;
  return encodeLogRecord({
    register,
    digests,
    text: line,
    bootId: bootId(),
    timestamp: bootTimeMicroseconds(),
    eventType,
  });
}
